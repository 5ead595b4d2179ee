"""From packets to the session: patterns, and bundles whose time is still to come."""

import heapq
import itertools
import time
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from functools import lru_cache

from distill_control.osc.clients import Client
from distill_control.osc.packet import Message, PacketError, decode
from distill_control.osc.pattern import is_pattern, match
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.vocabulary.table import row

STEP_SECONDS = 0.001
"""The wall clock has been set, or has drifted, once it is this far from where it was against the loop's clock."""


class Receiver:
    """Takes packets from every transport. Never raises: what is wrong is counted and answered.

    Time tags are told in the wall clock's time (`wall`) and kept in the loop's, which nobody can set.
    """

    def __init__(
        self,
        session: Session,
        settings: ControlSettings,
        loop: AbstractEventLoop,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._settings = settings
        self._loop = loop
        self._wall = wall
        self._ahead = 0.0
        self._order = itertools.count()
        self._scheduled: list[tuple[float, int, Message, Client]] = []
        self._timer: TimerHandle | None = None
        self._match = lru_cache(maxsize=128)(match)
        self.packets = 0
        self.malformed = 0

    @property
    def waiting(self) -> int:
        """Messages scheduled for later."""
        return len(self._scheduled)

    def receive(self, packet: bytes, client: Client) -> None:
        """Does what a packet says, now or when its time has come."""
        self.packets += 1
        try:
            messages = decode(packet)
        except PacketError as error:
            self.malformed += 1
            client.reply("/distill/error", "/", str(error))
            return
        for message in messages:
            due = None if message.when is None else self._due(message.when)
            if due is None or due <= self._loop.time():
                self._dispatch(message, client)
            else:
                self._schedule(message, due, client)

    def stop(self) -> None:
        """Forgets what is scheduled."""
        self._scheduled.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _dispatch(self, message: Message, client: Client) -> None:
        if not is_pattern(message.address):
            self._session.handle(message.address, message.arguments, client.origin, client.reply)
            return
        try:
            addresses = self._matching(message.address)
        except ControlError as error:
            client.reply("/distill/error", message.address[:120], str(error))
            return
        for address in addresses:
            self._session.handle(address, message.arguments, client.origin, client.reply)

    def _matching(self, pattern: str) -> list[str]:
        """Parameters that a pattern means; settings and commands are never reached by one."""
        parameters = tuple(address for address in self._session.addresses() if row(address).kind == "parameter")
        addresses = self._match(pattern, parameters)
        if not addresses:
            raise ControlError(f"no parameter matches {pattern[:80]}")
        return addresses

    def _due(self, when: float) -> float:
        """A time tag in the loop's time. The same tag stays the same instant, so that order is kept, unless the clock is set."""
        ahead = self._wall() - self._loop.time()
        if abs(ahead - self._ahead) > STEP_SECONDS:
            self._ahead = ahead
        return when - self._ahead

    def _schedule(self, message: Message, due: float, client: Client) -> None:
        ahead = due - self._loop.time()
        if ahead > self._settings.bundle_horizon_seconds:
            reason = f"a bundle is dated {ahead:.0f} s ahead; at most {self._settings.bundle_horizon_seconds:.0f} s are"
            client.reply("/distill/error", message.address[:120], f"{reason} taken (are the clocks set?)")
            return
        if len(self._scheduled) >= self._settings.bundle_limit:
            reason = f"{self._settings.bundle_limit} messages of bundles wait for their time already"
            client.reply("/distill/error", message.address[:120], reason)
            return
        heapq.heappush(self._scheduled, (due, next(self._order), message, client))
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._scheduled:
            self._timer = self._loop.call_at(self._scheduled[0][0], self._run_due)

    def _run_due(self) -> None:
        self._timer = None
        while self._scheduled and self._scheduled[0][0] <= self._loop.time():
            _, _, message, client = heapq.heappop(self._scheduled)
            self._dispatch(message, client)
        self._set_timer()
