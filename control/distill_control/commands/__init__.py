"""Checking what comes from outside against the vocabulary."""

from distill_control.commands.arguments import Checked, Value, check

__all__ = ["Checked", "Value", "check"]
