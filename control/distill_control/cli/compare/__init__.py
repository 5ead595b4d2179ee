"""`distill compare`: sounds beside each other, equally loud, to hear and to measure."""

from distill_control.cli.compare.command import register

__all__ = ["register"]
