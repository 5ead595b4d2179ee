"""What the control process can be told at its start."""

from distill_control.settings.control import ControlSettings

__all__ = ["ControlSettings"]
