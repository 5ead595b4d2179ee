"""`distill export`: a model's networks as files for other programs."""

from distill_control.cli.export.command import register

__all__ = ["register"]
