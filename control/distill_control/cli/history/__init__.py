"""`distill history`: what was rendered, found again, heard, and made anew."""

from distill_control.cli.history.command import register

__all__ = ["register"]
