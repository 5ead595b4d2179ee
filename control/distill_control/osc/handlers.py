"""The queries that OSC itself answers: subscriptions, ping, status. And what subscribers hear without asking."""

import time
from collections.abc import Callable, Sequence

from distill_control.commands import Value
from distill_control.osc.clients import Clients, Send, subscription
from distill_control.osc.packet import encode
from distill_control.session import Session
from distill_engine.errors import ControlError

SendTo = Callable[[str, int], Send]
LEVEL_INTERVAL_SECONDS = 0.1
_STATUS_LIMIT = 64


class Feedback:
    """Answers subscriptions, and forgets UDP subscribers that have not been heard of for `timeout_seconds`."""

    def __init__(
        self, session: Session, clients: Clients, timeout_seconds: float, notify: Callable[[str, str], None]
    ) -> None:
        self.send_to: SendTo | None = None
        self.timed_out = 0
        self._session = session
        self._clients = clients
        self._timeout = timeout_seconds
        self._notify = notify
        self._subscribers: dict[str, tuple[Send, frozenset[str]]] = {}
        self._level_at = 0.0
        self._level: tuple[float, float] | None = None
        session.register("/distill/subscribe", self.subscribe)
        session.register("/distill/unsubscribe", self.unsubscribe)
        session.register("/distill/ping", lambda arguments, origin: arguments)
        session.register("/distill/status", self.status)

    def subscribe(self, arguments: tuple[Value, ...], origin: str) -> None:
        """`/distill/subscribe [port]`: at this port of the sender's host, or the way the message came."""
        key, send, origins = self._target(arguments, origin)
        self._session.subscribe(subscription(key, send, origins))
        self._subscribers[key] = (send, origins)
        self._clients.kept |= origins

    def unsubscribe(self, arguments: tuple[Value, ...], origin: str) -> None:
        """`/distill/unsubscribe [port]`."""
        key, _, _ = self._target(arguments, origin)
        if not self._remove(key):
            raise ControlError("there is no subscription to end")

    def status(self, arguments: tuple[Value, ...], origin: str) -> Sequence[Value]:
        """`/distill/status`: names and values by turns."""
        pairs = list(self._session.status().items())[:_STATUS_LIMIT]
        return [item for pair in pairs for item in pair]

    def closed(self, origin: str) -> None:
        """A connection has ended: so has its subscription."""
        self._remove(origin)

    def tick(self) -> None:
        """Called with the session's ticks: corrections, levels, time-outs."""
        self._clients.flush()
        now = time.monotonic()
        if now - self._level_at >= LEVEL_INTERVAL_SECONDS:
            self._level_at = now
            self._send_level()
            self._expire()

    def _target(self, arguments: tuple[Value, ...], origin: str) -> tuple[str, Send, frozenset[str]]:
        client = self._clients.find(origin)
        if client is None:
            raise ControlError("only OSC clients can subscribe")
        if not arguments or self.send_to is None:
            return origin, client.send, frozenset((origin,))
        key = f"udp:{client.host}:{int(arguments[0])}"
        return key, self.send_to(client.host, int(arguments[0])), frozenset((origin, key))

    def _remove(self, key: str) -> bool:
        self._subscribers.pop(key, None)
        self._clients.kept = {name for _, origins in self._subscribers.values() for name in origins}
        return self._session.unsubscribe(key)

    def _send_level(self) -> None:
        status = self._session.link.status()
        if not self._subscribers or "peak_db" not in status:
            return
        level = (round(float(status["peak_db"]), 1), round(float(status.get("rms_db", -120.0)), 1))
        if level != self._level:
            self._level = level
            packet = encode("/distill/level", *level)
            for send, _ in self._subscribers.values():
                send(packet)

    def _expire(self) -> None:
        for key, (_, origins) in list(self._subscribers.items()):
            if key.startswith("udp:") and self._clients.silent_for(origins) > self._timeout:
                self._remove(key)
                self.timed_out += 1
                text = f"{key.removeprefix('udp:')} has not been heard for {self._timeout:g} s: it gets no more changes"
                self._notify("info", text)
