"""The instrument as every means of control sees it: values, commands, and who is told about changes.

OSC, MIDI, OSCQuery and presets all go through one `Session`, so that each sees what the others did. It may be used
from several threads.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from distill_control.arguments import Checked, Value, check
from distill_control.session.engine_protocol import Link, ModelInfo
from distill_control.session.message_counter import Traffic
from distill_control.session.requests import Requests
from distill_control.session.subscriptions import Subscription, Subscriptions
from distill_control.session.types import Handler, ModelListener, Reply, no_reply
from distill_control.session.values import Values
from distill_control.session.writer import Writer
from distill_engine.errors import ControlError, DistillError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row

__all__ = ["Handler", "ModelListener", "Reply", "Session", "no_reply"]

_MAP_PARAMETERS = tuple(vocabulary.index_of(f"/distill/map/{name}") for name in ("x", "y", "amount"))
_REPLIES = {"/distill/ping": "/distill/pong"}


class Session:
    """Values of all parameters and settings, commands in flight, and subscriptions.

    An `origin` names who does something (`udp:127.0.0.1:50123`, `midi:nanoKONTROL2`, `preset`): it gets no echo of what
    it sent. Methods raise ControlError for wrong addresses and arguments; `handle` answers with `/distill/error`.
    """

    def __init__(self, link: Link, *, subscriber_limit: int = 64, clock: Callable[[], float] = time.monotonic) -> None:
        self.link = link
        self.clock = clock
        self.lock = threading.RLock()
        self.values = Values()
        self.model = ModelInfo()
        self.subscriptions = Subscriptions(subscriber_limit, clock)
        self.requests = Requests(link, clock)
        self._writer = Writer(self.values, link, self.subscriptions, self.public_address)
        self.traffic = Traffic()
        self._handlers: dict[str, Handler] = {}
        self._model_listeners: list[ModelListener] = []
        self._tick_listeners: list[Callable[[], None]] = []
        self._status_sources: list[Callable[[], Mapping[str, Value]]] = []

    # ---- what can be addressed

    def addresses(self) -> list[str]:
        """Every address with a value, as the loaded model has them (controls by their names)."""
        return self.values.addresses(self.model)

    def resolve(self, address: str) -> tuple[Row, int | None]:
        """Row and parameter index (None where there is none) of an address; control names as the loaded model has them.

        Raises:
            ControlError: if there is no such address, control or latent dimension.
        """
        return self.values.resolve(address, self.model)

    def public_address(self, parameter_index: int) -> str | None:
        """Address of a parameter as the loaded model names it; None for one that it does not use."""
        return self.values.public_address(parameter_index, self.model)

    def numbered(self, address: str) -> str:
        """A control's address by its number (`/distill/control/0` for the model's first); others as they are."""
        return self.values.numbered(address, self.model)

    # ---- reading and writing

    def get(self, address: str) -> Value:
        """Present value of a parameter (where it is, or glides to) or setting.

        Raises:
            ControlError: if the address is unknown or has no value.
        """
        row, parameter_index = self.resolve(address)
        with self.lock:
            return self.values.get(row, parameter_index)

    def set(self, address: str, values: Sequence[object], origin: str = "", reply: Reply = no_reply) -> Value | None:
        """Moves a parameter (`values`: value and perhaps glide_seconds), a group, or asks the engine for a setting.

        Returns the value as it was taken, clipped to its range (None for groups).

        Raises:
            ControlError: if the address or a value is wrong.
        """
        row, parameter_index = self.resolve(address)
        if row.kind not in ("parameter", "group", "setting"):
            raise ControlError(f"{address} is a {row.kind}: it cannot be set")
        checked = check(row, address, values)
        with self.lock:
            return self._write(row, parameter_index, address, checked, origin, reply)

    def command(
        self, address: str, arguments: Sequence[object] = (), origin: str = "", reply: Reply = no_reply
    ) -> None:
        """Carries out a command or query, or hands it to the engine. The outcome goes to `reply`.

        Raises:
            ControlError: if the address or an argument is wrong.
        """
        row, _ = self.resolve(address)
        if row.kind not in ("command", "query"):
            raise ControlError(f"{address} is a {row.kind}, not a command")
        checked = check(row, address, arguments)
        if not checked.released:
            self._carry_out(address, checked.values, origin, reply)

    def handle(self, address: str, arguments: Sequence[object], origin: str, reply: Reply) -> bool:
        """Does whatever a message asks for; wrong ones are answered with `/distill/error`. True if it was right.

        A parameter or setting without arguments is a question: its value is the answer.
        """
        self.traffic.count()
        try:
            row, parameter_index = self.values.resolve(address, self.model)
            if not arguments and row.kind in ("parameter", "setting", "reading"):
                reply(address, self.values.get(row, parameter_index))
                return True
            if parameter_index in _MAP_PARAMETERS or row.address == "/distill/map":
                self.model.check_map()
            if row.kind == "reading":
                raise ControlError(f"{address} is a reading: it cannot be set")
            checked = check(row, address, arguments)
            if row.kind in ("command", "query"):
                if not checked.released:
                    self._carry_out(address, checked.values, origin, reply)
            else:
                with self.lock:
                    self._write(row, parameter_index, address, checked, origin, reply)
            self.traffic.remember(address, checked.values)
            return True
        except DistillError as error:
            self.traffic.count_error()
            reply("/distill/error", address[:120], str(error))
            return False

    def register(self, address: str, handler: Handler) -> None:
        """Lets `handler` carry out a command or query instead of the engine."""
        vocabulary.row(address)
        self._handlers[address] = handler

    def snapshot(self) -> dict[str, Value]:
        """Values of all addresses that presets store."""
        with self.lock:
            return {
                address: self.get(address)
                for address in self.addresses()
                if not vocabulary.row(address).excluded_from_presets
            }

    # ---- telling others

    def subscribe(self, subscription: Subscription, addresses: Sequence[str] | None = None) -> None:
        """Adds (or renews) a subscription and queues present values for it: all, or those of `addresses`.

        Raises:
            ControlError: if there are too many.
        """
        with self.lock:
            self.subscriptions.add(subscription, self.addresses() if addresses is None else addresses)

    def unsubscribe(self, key: str) -> bool:
        """Ends a subscription; False if there was none."""
        with self.lock:
            return self.subscriptions.remove(key)

    def tick(self) -> None:
        """Sends what has changed since the last tick; called up to 30 times a second."""
        with self.lock:
            for address in self.values.read(self.link.status()):
                self.subscriptions.mark(address, "")
            deliveries = self.subscriptions.collect(self.get)
            expired = self.requests.expire()
        for subscription, changes in deliveries:
            subscription.deliver(changes)
        for answer in expired:
            answer()
        for listener in self._tick_listeners:
            listener()

    def on_tick(self, listener: Callable[[], None]) -> None:
        """Calls `listener` at every tick, after the changes have gone out."""
        self._tick_listeners.append(listener)

    def on_model(self, listener: ModelListener) -> None:
        """Calls `listener(before, now)` whenever another model plays."""
        self._model_listeners.append(listener)

    # ---- the engine's side

    def on_message(self, message: Mapping[str, object]) -> None:
        """Takes an answer or an event from the engine."""
        if "id" in message:
            self._on_answer(message)
        elif message.get("event") == "model":
            self._on_model(message)
        elif message.get("event") == "setting":
            self._on_setting(str(message.get("address", "")), message.get("value", ""))

    def status(self) -> dict[str, Value]:
        """The engine's figures and the session's own, by name."""
        status: dict[str, Value] = {"model": self.model.name, **self.link.status()}
        for address, value in self.values.settings.items():
            status[address.removeprefix("/distill/")] = value
        status["vocoder_playing"] = str(self.model.details.get("vocoder", ""))
        status |= {
            "messages": self.traffic.handled,
            "errors": self.traffic.errors,
            "subscribers": len(self.subscriptions),
        }
        for source in self._status_sources:
            status.update(source())
        return status

    def add_status(self, source: Callable[[], Mapping[str, Value]]) -> None:
        """Adds a service's figures to the status."""
        self._status_sources.append(source)

    # ---- inside

    def _write(
        self, row: Row, parameter_index: int | None, address: str, checked: Checked, origin: str, reply: Reply
    ) -> Value | None:
        if row.kind == "parameter" and parameter_index is not None:
            return self._writer.parameter(parameter_index, address, checked, origin, reply)
        if row.kind == "group":
            self._writer.group(row, checked, origin, reply, self.resolve)
            return None
        self.requests.setting(address, checked.values, self._setting_answer(address, checked.values[0], origin, reply))
        return checked.values[0]

    def _carry_out(self, address: str, values: tuple[Value, ...], origin: str, reply: Reply) -> None:
        handler = self._handlers.get(address)
        if handler is None:
            with self.lock:
                self.requests.command(address, values, self._command_answer(address, reply))
            return
        answer = handler(values, origin)
        if answer is None:
            reply("/distill/done", address)
        else:
            reply(_REPLIES.get(address, f"{address}.reply"), *answer)

    def _command_answer(self, address: str, reply: Reply) -> Callable[[str | None], None]:
        def answer(reason: str | None) -> None:
            if reason is None:
                reply("/distill/done", address)
            else:
                self.traffic.count_error()
                reply("/distill/error", address, reason)

        return answer

    def _setting_answer(self, address: str, value: Value, origin: str, reply: Reply) -> Callable[[str | None], None]:
        report = self._command_answer(address, reply)

        def answer(reason: str | None) -> None:
            if reason is None:
                with self.lock:
                    self.values.settings[address] = value
                    self.subscriptions.mark(address, origin)
            report(reason)

        return answer

    def _on_answer(self, message: Mapping[str, object]) -> None:
        with self.lock:
            answer = self.requests.answered(message["id"])
        if answer is not None:
            failed = message.get("status") != "done"
            answer(str(message.get("reason") or "the engine gave no reason") if failed else None)

    def _on_setting(self, address: str, value: object) -> None:
        if address in self.values.settings and isinstance(value, str | int | float):
            with self.lock:
                self.values.settings[address] = value
                self.subscriptions.mark(address, "")

    def _on_model(self, message: Mapping[str, object]) -> None:
        now = ModelInfo.from_event(message)
        with self.lock:
            before, self.model = self.model, now
            self.values.rename_controls(before, now, self.link)
            self.values.settings["/distill/model"] = now.name
            for address in self.addresses():
                self.subscriptions.mark(address, "")
        for listener in self._model_listeners:
            listener(before, now)
