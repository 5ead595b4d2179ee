"""Ableton Link: tempo and beats of the other programs move the sources, start and stop the sound.

Distill follows and never leads: alone it changes nothing, and it joins with the tempo that is
there.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Any

from distill_control.session.service import Notify
from distill_engine.errors import DistillError
from distill_engine.system.extras import need_link

if TYPE_CHECKING:
    from distill_control.session import Session
    from distill_control.settings.control import ControlSettings

POLL_SECONDS = 0.02  # between two looks at tempo and transport
BAR_BEATS = 4  # at which a start begins
LEAST_CHANGE_BPM = 0.01  # Link's own tempo is not exact to more
ORIGIN = "link"


class LinkService:
    """Follow a Link session from the event loop; nothing happens unless it is started."""

    def __init__(self, session: Session, notify: Notify) -> None:
        self._session, self._notify = session, notify
        self._link: Any = None
        self._task: asyncio.Task[None] | None = None
        self._tempo, self._beat, self._playing = 0.0, -1, False

    def start(self) -> None:
        """Join the session of this network. Raises MissingPartError."""
        need_link("--link")
        from aalink import Link

        self._link = Link(120.0)
        self._link.quantum = float(BAR_BEATS)
        self._link.start_stop_sync_enabled = True
        self._link.enabled = True
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Leave the session."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._link.enabled = False

    def status(self) -> dict[str, float | int | str]:
        """Return how many other programs are in the session; nothing without Link."""
        return {} if self._link is None else {"link_peers": int(self._link.num_peers)}

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self._link.num_peers:
                continue
            tempo = float(self._link.tempo)
            if abs(tempo - self._tempo) >= LEAST_CHANGE_BPM:
                self._tempo = tempo
                self._session.set("/distill/source/tempo", [round(tempo, 2)], ORIGIN)
            self._keep_step(tempo)
            if bool(self._link.playing) != self._playing:
                await self._transport()

    def _keep_step(self, tempo: float) -> None:
        """Once a beat, set the place in the bar that the next hop will have when it is heard."""
        phase = float(self._link.phase)
        if math.floor(phase) == self._beat:
            return
        self._beat = math.floor(phase)
        status = self._session.engine.status()
        later = 1e-3 * (status.get("latency_ms", 0.0) - 0.5 * status.get("latency_jitter_ms", 0.0))
        self._session.set("/distill/source/phase", [round((phase + later * tempo / 60.0) % BAR_BEATS, 4)], ORIGIN)

    async def _transport(self) -> None:
        """Stop at once; start with the source at its position, at the beginning of the next bar."""
        self._playing = bool(self._link.playing)
        if self._playing:
            await self._link.sync(BAR_BEATS)
        for address in ("/distill/source/trigger", "/distill/play") if self._playing else ("/distill/stop",):
            try:
                self._session.command(address, (), ORIGIN)
            except DistillError as error:
                self._notify("warning", f"Link: {error}")


async def start(session: Session, settings: ControlSettings, notify: Notify) -> LinkService:
    """Start following if the settings ask for it. Raises MissingPartError."""
    service = LinkService(session, notify)
    if settings.link:
        service.start()
    return service
