"""`distill ui`: the workshop, where corpora become instruments."""

from distill_control.cli.ui.command import register

__all__ = ["register"]
