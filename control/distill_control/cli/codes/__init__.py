"""`distill codes`: sound as codes, to be looked at, edited, mixed and made sound again."""

from distill_control.cli.codes.command import register

__all__ = ["register"]
