"""Services of the control process: OSC with OSCQuery, the page, MIDI, Link, presets, lists.

`SERVICES` names the modules and does not import them. So the session does not depend on its
services, and a service that cannot start (no MIDI system, a port in use) is reported while the
others run. Each module has `async start(session, settings, notify) -> Service`.
"""

from collections.abc import Callable
from typing import Protocol

SERVICES: tuple[str, ...] = (
    "distill_control.session.presets.service",
    "distill_control.session.library_service",
    "distill_control.session.marks.service",
    "distill_control.web.service",
    "distill_control.osc.osc_service",
    "distill_control.midi.midi_service",
    "distill_control.sync.link_service",
)

Notify = Callable[[str, str], None]
"""`notify(level, text)`: shows one line to the user; level is info, warning or error."""


class Service(Protocol):
    """A running service."""

    async def stop(self) -> None:
        """Stop the service and close everything that it has opened."""

    def status(self) -> dict[str, float | int | str]:
        """Return the service's figures by name, for the live view and `/distill/status`."""
