"""A means of control that runs in the control process: OSC, MIDI, OSCQuery, presets.

Services are named in `SERVICES` and not imported here, so that the session knows nothing of them, and so that one which
cannot start (no MIDI system, a port in use) is reported while the others run. Each module offers
`async start(session, settings, notify) -> Service`.
"""

from collections.abc import Callable
from typing import Protocol

SERVICES: tuple[str, ...] = (
    "distill_control.session.preset_service",
    "distill_control.session.vocoder_service",
    "distill_control.osc.osc_service",
    "distill_control.midi.midi_service",
)

Notify = Callable[[str, str], None]
"""`notify(level, text)`: one line for the user; level is info, warning or error."""


class Service(Protocol):
    """A running service."""

    async def stop(self) -> None:
        """Ends it; closes what it opened."""

    def status(self) -> dict[str, float | int | str]:
        """Figures for the status view and `/distill/status`."""
