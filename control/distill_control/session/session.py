"""The session: routes messages between the means of control and the engine.

OSC, OSCQuery, MIDI and presets use one `Session`, so each of them sees the changes of the others.
Thread-safe: the shared state is in `SessionState`, which has the lock.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from distill_control.arguments import Checked, Value, check
from distill_control.session.engine_protocol import EngineProtocol, ModelInfo
from distill_control.session.message_counter import MessageCounter
from distill_control.session.requests import Answer
from distill_control.session.session_state import SessionState
from distill_control.session.subscriptions import Subscription
from distill_control.session.types import Handler, ModelListener, PageAnswerer, Reply, no_reply
from distill_engine.errors import ControlError
from distill_engine.library.reports import line_on
from distill_engine.system.names import printable
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row

PRESET_ORIGIN = "preset"  # of what a recalled preset sets
__all__ = ["Handler", "ModelListener", "Reply", "Session", "no_reply"]

_MAP_INDICES = tuple(vocabulary.index_of(f"/distill/map/{name}") for name in ("x", "y", "amount"))
_AMOUNTS = ("/distill/map/amount", "/distill/marks/amount")
_REPLIES = {"/distill/ping": "/distill/pong"}


class Session:
    """Check messages, carry them out or pass them to the engine, deliver changes to subscribers.

    An `origin` identifies a sender (`udp:127.0.0.1:50123`, `midi:nanoKONTROL2`, `preset`), which
    gets no echo of its own changes. Methods raise ControlError for wrong addresses and arguments;
    `handle` answers with `/distill/error` instead.
    """

    def __init__(
        self, engine: EngineProtocol, *, subscriber_limit: int = 64, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.engine = engine
        self.state = SessionState(engine, subscriber_limit=subscriber_limit, clock=clock)
        self.messages = MessageCounter()
        self.device = ""  # what the sound goes to, with its sample rate
        self.marks: tuple[tuple[Value, ...], ...] = ()  # those that play: name, x, y, kind
        self._handlers: dict[str, Handler] = {}
        self._model_listeners: list[ModelListener] = []
        self._tick_listeners: list[Callable[[], None]] = []
        self._status_sources: list[Callable[[], Mapping[str, Value]]] = []
        self._broadcasters: list[Reply] = []
        self.pages: dict[str, PageAnswerer] = {}  # what answers web requests, by the beginning of their paths

    # ---- addresses

    @property
    def model(self) -> ModelInfo:
        """The loaded model."""
        return self.state.space.model

    def addresses(self) -> list[str]:
        """Return every address that has a value, with the controls of the loaded model by name."""
        return self.state.space.addresses()

    def resolve(self, address: str) -> tuple[Row, int | None]:
        """Return the row of an address and its parameter index (None if it is not a parameter).

        Raises:
            ControlError: if the address, control or latent dimension does not exist; names those
                that do.
        """
        return self.state.space.resolve(address)

    def public_address(self, parameter_index: int) -> str | None:
        """Return a parameter's address (controls by name); None if the model does not have it."""
        return self.state.space.public_address(parameter_index)

    def numbered(self, address: str) -> str:
        """Return a control's address with its number for its name; any other address unchanged."""
        return self.state.space.numbered(address)

    # ---- reading and writing

    def get(self, address: str) -> Value:
        """Return the value of a parameter (the target of its glide), setting or reading.

        Raises:
            ControlError: if the address does not exist or has no value.
        """
        return self.state.get(*self.resolve(address))

    def set(self, address: str, values: Sequence[object], origin: str = "", reply: Reply = no_reply) -> Value | None:
        """Set a parameter (`values`: value, optional glide_seconds) or group, or request a setting.

        Returns the value, clipped to its range (None for groups).

        Raises:
            ControlError: if the address or a value is wrong.
        """
        row, parameter_index = self.resolve(address)
        if row.kind not in ("parameter", "group", "setting"):
            raise ControlError(f"{address} is a {row.kind}: it cannot be set")
        return self._write(row, parameter_index, address, check(row, address, values), origin, reply)

    def command(
        self, address: str, arguments: Sequence[object] = (), origin: str = "", reply: Reply = no_reply
    ) -> None:
        """Carry out a command or query, or pass it to the engine. The outcome goes to `reply`.

        Raises:
            ControlError: if the address or an argument is wrong.
        """
        row, _ = self.resolve(address)
        if row.kind not in ("command", "query"):
            raise ControlError(f"{address} is a {row.kind}, not a command")
        self._carry_out(address, check(row, address, arguments), origin, reply)

    def handle(self, address: str, arguments: Sequence[object], origin: str, reply: Reply) -> bool:
        """Carry out a message; answer a wrong one with `/distill/error` and return False.

        Every message is answered: an unexpected error with the name of its report file.

        A parameter, setting or reading without arguments is a question; it is answered with its
        value.
        """
        self.messages.count()
        try:
            return self._handle(address, arguments, origin, reply)
        except Exception as error:
            self.messages.count_error()
            reply("/distill/error", address[:120], line_on(error, printable(address)))
            return False

    def _handle(self, address: str, arguments: Sequence[object], origin: str, reply: Reply) -> bool:
        row, parameter_index = self.resolve(address)
        if not arguments and row.kind in ("parameter", "setting", "reading"):
            reply(address, self.state.get(row, parameter_index))
            return True
        if parameter_index in _MAP_INDICES or row.address == "/distill/map":
            self.model.check_map()
        if row.kind == "reading":
            if self.state.is_subscribed(origin):
                return True  # a peer that sends back what it hears
            raise ControlError(f"{address} is a reading: it cannot be set")
        checked = check(row, address, arguments)
        if row.kind in ("command", "query"):
            self._carry_out(address, checked, origin, reply)
        else:
            self._write(row, parameter_index, address, checked, origin, reply)
        self.messages.remember(address, checked.values)
        return True

    def register(self, address: str, handler: Handler) -> None:
        """Let `handler` carry out a command or query instead of the engine."""
        vocabulary.row(address)
        self._handlers[address] = handler

    def answers(self, address: str) -> bool:
        """Return whether a handler, and not the engine, carries out messages to this address."""
        return address in self._handlers

    def snapshot(self) -> dict[str, Value]:
        """Return the values of all addresses that presets store."""
        return self.state.snapshot()

    # ---- subscribers and listeners

    def subscribe(self, subscription: Subscription, addresses: Sequence[str] | None = None) -> None:
        """Add or renew a subscriber, which first gets the values of `addresses` (None: of all).

        Raises:
            ControlError: if there are too many.
        """
        self.state.subscribe(subscription, addresses)

    def unsubscribe(self, key: str) -> bool:
        """Remove a subscriber; return False if there is none with this key."""
        return self.state.unsubscribe(key)

    def tick(self) -> None:
        """Deliver the changes since the last tick; called up to 30 times a second.

        Raises the first of the listeners' errors, after all have been called.
        """
        deliveries, expired = self.state.collect(self.engine.status())
        calls: list[Callable[[], object]] = [
            partial(subscription.deliver, changes) for subscription, changes in deliveries
        ]
        calls += [*expired, *self._tick_listeners]
        failures: list[Exception] = []
        for call in calls:
            try:
                call()
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def on_tick(self, listener: Callable[[], None]) -> None:
        """Call `listener` at every tick, after the changes have been delivered."""
        self._tick_listeners.append(listener)

    def on_broadcast(self, send: Reply) -> None:
        """Call `send(address, *arguments)`, from any thread, for each message to all clients."""
        self._broadcasters.append(send)

    def broadcast(self, address: str, *arguments: Value) -> None:
        """Send a message that is no value to all clients that listen."""
        for send in self._broadcasters:
            send(address, *arguments)

    def on_model(self, listener: ModelListener) -> None:
        """Call `listener(before, now)` whenever another model has been loaded."""
        self._model_listeners.append(listener)

    # ---- messages from the engine, status

    def on_message(self, message: Mapping[str, object]) -> None:
        """Handle an answer or an event from the engine."""
        if "id" in message:
            answer = self.state.answered(message["id"])
            if answer is not None:
                failed = message.get("status") != "done"
                answer(str(message.get("reason") or "the engine gave no reason") if failed else None)
        elif message.get("event") == "model":
            now = ModelInfo.from_event(message)
            before = self.state.model_changed(now)
            for listener in self._model_listeners:
                listener(before, now)
        elif message.get("event") == "setting":
            self.state.setting_changed(str(message.get("address", "")), message.get("value", ""))
        elif message.get("event") == "marks" and isinstance(marks := message.get("marks"), list):
            self.marks = tuple(map(tuple, marks))
            self.broadcast("/distill/marks/changed")
        elif message.get("event") == "device":
            self.device = f"{message.get('name', '')}, {message.get('rate_hz', 0)} Hz"

    def status(self) -> dict[str, Value]:
        """Return the figures of the engine, the session and its services, by name."""
        status: dict[str, Value] = {"model": self.model.name, "device": self.device, **self.engine.status()}
        for address, value in self.state.settings().items():
            status[address.removeprefix("/distill/")] = value
        status["recording_file"] = self.state.requested_value("/distill/recording/file")
        status["vocoder_playing"] = str(self.model.details.get("vocoder", ""))
        status |= {
            "messages": self.messages.handled,
            "errors": self.messages.errors,
            "subscribers": self.state.subscriber_count(),
        }
        for source in self._status_sources:
            status.update(source())
        return status

    def add_status(self, source: Callable[[], Mapping[str, Value]]) -> None:
        """Add a service's figures to the status."""
        self._status_sources.append(source)

    # ---- private

    def _write(
        self, row: Row, parameter_index: int | None, address: str, checked: Checked, origin: str, reply: Reply
    ) -> Value | None:
        if row.kind == "parameter" and parameter_index is not None:
            return self.state.write_parameter(parameter_index, address, checked, origin, reply)
        if row.kind == "group":
            self.state.write_group(row, checked, origin, reply)
            return None
        self.state.request_setting(address, checked.values, origin, self._report_to(address, reply))
        for amount in _AMOUNTS if address == "/distill/source" and origin != PRESET_ORIGIN else ():
            if self.get(amount) != 0.0:
                self.set(amount, [0.0])  # a source chosen by hand plays, no point of the map or among marks
        return checked.values[0]

    def _carry_out(self, address: str, checked: Checked, origin: str, reply: Reply) -> None:
        if checked.released:
            return
        if checked.clipped:
            reply(address, *checked.values)
        handler = self._handlers.get(address)
        if handler is None:
            self.state.request_command(address, checked.values, self._report_to(address, reply))
            return
        answer = handler(checked.values, origin)
        if answer is None:
            reply("/distill/done", address)
        else:
            reply(_REPLIES.get(address, f"{address}.reply"), *answer)

    def _report_to(self, address: str, reply: Reply) -> Answer:
        """Return a function that reports a request's outcome: done, or the reason of a failure."""

        def report(reason: str | None) -> None:
            if reason is None:
                reply("/distill/done", address)
            else:
                self.messages.count_error()
                reply("/distill/error", address, reason)

        return report
