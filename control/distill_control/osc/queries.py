"""The queries subscribe, unsubscribe, ping and status; the level for subscribers."""

import time
from collections.abc import Callable, Sequence

from distill_control.arguments import Value
from distill_control.osc.clients import Clients, Send, Subscriber, subscription
from distill_control.osc.packet import encode
from distill_control.session import ModelInfo, Session
from distill_engine.errors import ControlError

SendTo = Callable[[str, int], Send]
LEVEL_INTERVAL_SECONDS = 0.1


class SubscriptionQueries:
    """Handle the subscription queries; send subscribers the level and the names of the controls.

    A UDP subscriber that has sent nothing for `timeout_seconds` is unsubscribed.
    """

    def __init__(
        self, session: Session, clients: Clients, timeout_seconds: float, notify: Callable[[str, str], None]
    ) -> None:
        self.send_to: SendTo | None = None
        self.timed_out = 0
        self._session = session
        self._clients = clients
        self._timeout = timeout_seconds
        self._notify = notify
        self._level_at = 0.0
        self._level: tuple[float, float] | None = None
        session.register("/distill/subscribe", self.subscribe)
        session.register("/distill/unsubscribe", self.unsubscribe)
        session.register("/distill/ping", lambda arguments, origin: arguments)
        session.register("/distill/status", self.status)
        session.on_model(self._model_changed)

    def subscribe(self, arguments: tuple[Value, ...], origin: str) -> None:
        """Subscribe a client: `/distill/subscribe [port] [names|numbers]`.

        Changes go to `port` of the sender's host; without a port, or with 0, to the port that the
        message came from. With `numbers`, controls have their numbers instead of their names.
        """
        subscriber = self._subscriber(arguments, origin)
        numbers = len(arguments) > 1 and arguments[1] == "numbers"
        self._session.subscribe(subscription(subscriber, self._session.numbered if numbers else str))
        self._clients.subscribers[subscriber.key] = subscriber
        subscriber.send(encode("/distill/controls", *self._session.model.controls))

    def unsubscribe(self, arguments: tuple[Value, ...], origin: str) -> None:
        """End a subscription: `/distill/unsubscribe [port]`.

        Raises ControlError if there is none.
        """
        if not self._remove(self._subscriber(arguments, origin).key):
            raise ControlError("there is no subscription to end")

    def status(self, arguments: tuple[Value, ...], origin: str) -> Sequence[Value]:
        """Return the status as name, value, name, value ..."""
        return [item for pair in self._session.status().items() for item in pair]

    def closed(self, origin: str) -> None:
        """End the subscription of a connection that has closed."""
        self._remove(origin)

    def tick(self) -> None:
        """Send gathered values and the level; unsubscribe silent clients. Called at each tick."""
        self._clients.flush()
        now = time.monotonic()
        if now - self._level_at >= LEVEL_INTERVAL_SECONDS:
            self._level_at = now
            self._send_level()
            self._expire()

    def _subscriber(self, arguments: tuple[Value, ...], origin: str) -> Subscriber:
        client = self._clients.find(origin)
        if client is None:
            raise ControlError("only OSC clients can subscribe")
        port = int(arguments[0]) if arguments else 0
        if not port or self.send_to is None:
            return Subscriber(origin, client.host, client.send, frozenset((origin,)))
        key = f"udp:{client.host}:{port}"
        return Subscriber(key, client.host, self.send_to(client.host, port), frozenset((origin, key)))

    def _remove(self, key: str) -> bool:
        self._clients.subscribers.pop(key, None)
        return self._session.unsubscribe(key)

    def _model_changed(self, before: ModelInfo, now: ModelInfo) -> None:
        self.broadcast(encode("/distill/controls", *now.controls))

    def _send_level(self) -> None:
        status = self._session.engine.status()
        if not self._clients.subscribers or "peak_db" not in status:
            return
        level = (round(float(status["peak_db"]), 1), round(float(status.get("rms_db", -120.0)), 1))
        if level != self._level:
            self._level = level
            self.broadcast(encode("/distill/level", *level))

    def broadcast(self, packet: bytes) -> None:
        """Send a packet to every subscribed port."""
        for subscriber in self._clients.subscribers.values():
            subscriber.send(packet)

    def _expire(self) -> None:
        for key, subscriber in list(self._clients.subscribers.items()):
            if key.startswith("udp:") and self._clients.silent_for(subscriber.origins) > self._timeout:
                self._remove(key)
                self.timed_out += 1
                text = f"{key.removeprefix('udp:')} has sent nothing for {self._timeout:g} s and is unsubscribed"
                self._notify("info", text)
