"""`distill trash`: what was deleted or overwritten, and how to have it back."""

from distill_control.cli.trash.command import register

__all__ = ["register"]
