"""Checking what comes from outside against the vocabulary."""

from distill_control.commands.arguments import Checked, Value, check, known_choices

__all__ = ["Checked", "Value", "check", "known_choices"]
