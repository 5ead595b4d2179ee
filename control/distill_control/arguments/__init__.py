"""Checks of incoming arguments against the vocabulary."""

from distill_control.arguments.checking import Checked, Value, check, known_choices

__all__ = ["Checked", "Value", "check", "known_choices"]
