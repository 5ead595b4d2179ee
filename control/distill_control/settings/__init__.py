"""Settings of the control process, fixed at its start."""

from distill_control.settings.control import ControlSettings

__all__ = ["ControlSettings"]
