"""`distill marks`: marks that were placed by hand and saved."""

from distill_control.cli.marks.command import register

__all__ = ["register"]
