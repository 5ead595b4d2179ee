"""Pass OSC packets to the session: expand patterns, wait for the time tags of bundles."""

import heapq
import itertools
import time
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from functools import lru_cache

from distill_control.osc.clients import Client
from distill_control.osc.packet import Message, decode
from distill_control.osc.packet_arguments import PacketError
from distill_control.osc.pattern import is_pattern, match
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.library.reports import line_on
from distill_engine.system.names import normalised, printable
from distill_engine.vocabulary.table import REPLIES, row

SURCHARGES_SECONDS = {"/distill/subscribe": 0.004} | {
    f"/distill/preset/{name}": 0.02 for name in ("save", "delete", "rename", "move", "exclude")
}
"""What messages take beside the processor: all values at the next tick, a file flushed to the disk."""
WRONG_EPOCH_SECONDS = 10 * 365 * 86400.0
"""A time tag further ahead counts years from another epoch (1970 or 2001, not 1900)."""
MALFORMED_IN_A_ROW = 256
"""Malformed packets after which a connection is closed: its sender speaks no OSC."""
_ANSWERS = frozenset(address for address, _ in REPLIES)
STEP_SECONDS = 0.001
"""A larger change of the offset between wall clock and loop clock means that a clock was set or drifts."""


class Receiver:
    """Receive packets from every transport. Never raises: a wrong packet is counted and answered.

    Time tags are in wall-clock time (`wall`, seconds since 1970). They are converted to the event
    loop's time, which is monotonic. `stopwatch` gives the processor's seconds of this thread.
    """

    def __init__(
        self,
        session: Session,
        settings: ControlSettings,
        loop: AbstractEventLoop,
        wall: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.thread_time,
    ) -> None:
        self._session = session
        self._settings = settings
        self._loop = loop
        self._wall = wall
        self._stopwatch = stopwatch
        self._clock_offset = 0.0
        self._order = itertools.count()
        self._scheduled: list[tuple[float, int, Message, Client]] = []
        self._timer: TimerHandle | None = None
        self._match = lru_cache(maxsize=128)(match)
        self.packets = 0
        self.malformed = 0
        self.echoed = 0

    @property
    def waiting(self) -> int:
        """The number of messages that wait for their time tag."""
        return len(self._scheduled)

    def receive(self, packet: bytes, client: Client) -> bool:
        """Handle the messages of a packet, now or at its tag's time; return whether it was OSC."""
        self.packets += 1
        began = self._stopwatch()
        try:
            messages = decode(packet)
        except Exception as error:
            self._answer_malformed(error, client, began)
            return False
        for message in messages:
            due = None if message.when is None else self._due(message.when)
            if due is None or due <= self._loop.time():
                self._dispatch(message, client)
            else:
                self._schedule(message, due, client)
        return True

    def _answer_malformed(self, error: Exception, client: Client, began: float) -> None:
        """Answer a packet that could not be decoded; its sender's time pays for it."""
        self.malformed += 1
        address = error.address if isinstance(error, PacketError) else "/"
        client.reply("/distill/error", address[:120], line_on(error, "an OSC packet"))
        seconds = self._stopwatch() - began
        if all(limit.open() for limit in client.work):
            for limit in client.work:
                limit.charge(seconds)

    def stop(self) -> None:
        """Drop all scheduled messages."""
        self._scheduled.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _dispatch(self, message: Message, client: Client) -> None:
        address = message.address
        if address in _ANSWERS:
            self.echoed += 1  # an answer that a peer sends back: to answer it would go on for ever
        elif is_pattern(address) or self._session.answers(address):
            self._dispatch_costly(message, client)
        else:
            self._session.handle(address, message.arguments, client.origin, client.reply)

    def _dispatch_costly(self, message: Message, client: Client) -> None:
        """Carry out a message that computes or reads files here, if its sender has time left."""
        limits = client.pings if message.address == "/distill/ping" else client.work
        if not all(limit.open() for limit in limits):
            reason = "too much at once: the messages before it took the time that a client has; send fewer a second"
            client.reply("/distill/error", message.address[:120], reason)
            return
        began = self._stopwatch()
        if is_pattern(message.address):
            self._dispatch_pattern(message, client)
        else:
            self._session.handle(message.address, message.arguments, client.origin, client.reply)
        seconds = self._stopwatch() - began + SURCHARGES_SECONDS.get(message.address, 0.0)
        for limit in limits:
            limit.charge(seconds)

    def _dispatch_pattern(self, message: Message, client: Client) -> None:
        try:
            addresses = self._matching(message.address)
        except Exception as error:
            client.reply("/distill/error", message.address[:120], line_on(error, "an OSC pattern"))
            return
        for address in addresses:
            self._session.handle(address, message.arguments, client.origin, client.reply)

    def _matching(self, pattern: str) -> list[str]:
        """Return the parameters that a pattern matches; it never matches settings or commands.

        Raises ControlError.
        """
        parameters = tuple(address for address in self._session.addresses() if row(address).kind == "parameter")
        addresses = self._match(normalised(pattern), parameters)
        if not addresses:
            raise ControlError(f"no parameter matches {printable(pattern, 80)}")
        return addresses

    def _due(self, when: float) -> float:
        """Return a time tag in the loop's time.

        The offset between the clocks is kept unless it changes by more than STEP_SECONDS. So equal
        tags give equal times, and their messages keep their order.
        """
        offset = self._wall() - self._loop.time()
        if abs(offset - self._clock_offset) > STEP_SECONDS:
            self._clock_offset = offset
        return when - self._clock_offset

    def _schedule(self, message: Message, due: float, client: Client) -> None:
        ahead = due - self._loop.time()
        if ahead > WRONG_EPOCH_SECONDS:
            self._dispatch(message, client)
            return
        if ahead > self._settings.bundle_horizon_seconds:
            horizon = self._settings.bundle_horizon_seconds
            reason = f"a bundle's time tag is {ahead:.0f} s ahead, more than {horizon:.0f} s; are both clocks right?"
            client.reply("/distill/error", message.address[:120], reason)
            return
        if len(self._scheduled) >= self._settings.bundle_limit:
            reason = f"{self._settings.bundle_limit} messages already wait for their time tags"
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
