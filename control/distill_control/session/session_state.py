"""The state that all means of control share, behind one lock."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence

from distill_control.arguments import Checked, Value
from distill_control.session.engine_protocol import EngineProtocol, ModelInfo
from distill_control.session.requests import Answer, Requests
from distill_control.session.subscriptions import Changes, Subscription, Subscriptions
from distill_control.session.types import Reply
from distill_control.session.values import AddressSpace, Values
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row

FLOAT32_ROUNDING = 2.0**-24
"""Relative error of a number that has gone through OSC's 32 bits, at most; no unit."""


class SessionState:
    """Current values, the loaded model, subscribers and pending requests.

    Thread-safe: each public method takes the lock itself. The lock is re-entrant, because `reply`
    and `Answer` functions that are called inside it may call back; they must return at once.
    Private methods are called with the lock held.
    """

    def __init__(self, engine: EngineProtocol, *, subscriber_limit: int, clock: Callable[[], float]) -> None:
        self._lock = threading.RLock()
        self._engine = engine
        self._clock = clock
        self._values = Values()
        self._space = AddressSpace(ModelInfo())
        self._subscriptions = Subscriptions(subscriber_limit, clock)
        self._requests = Requests(engine, clock)

    @property
    def space(self) -> AddressSpace:
        """The addresses of the loaded model. Immutable, so it needs no lock."""
        return self._space

    # ---- reading

    def get(self, row: Row, parameter_index: int | None) -> Value:
        """Return the value of a parameter, setting or reading.

        Raises ControlError for other rows.
        """
        with self._lock:
            return self._values.get(row, parameter_index)

    def requested_value(self, address: str) -> Value:
        """Return the value that a pending request asks for a setting, else its current value.

        Raises:
            ControlError: if the address does not exist or has no value.
        """
        with self._lock:
            requested = self._requests.requested(address)
            return requested[0] if requested else self._read(address)

    def parameters(self) -> list[float]:
        """Return the value of every parameter, in the vocabulary's order."""
        with self._lock:
            return list(self._values.parameters)

    def settings(self) -> dict[str, Value]:
        """Return the value of every setting by its address."""
        with self._lock:
            return dict(self._values.settings)

    def snapshot(self) -> dict[str, Value]:
        """Return the values of all addresses that presets store."""
        with self._lock:
            return {
                address: self._read(address)
                for address in self._space.addresses()
                if not vocabulary.row(address).excluded_from_presets
            }

    # ---- parameters

    def restore_parameters(self, values: Sequence[float]) -> None:
        """Set every parameter's value without writing to the engine, which has them already."""
        with self._lock:
            self._values.parameters = list(values)

    def write_parameter(self, parameter_index: int, address: str, checked: Checked, origin: str, reply: Reply) -> Value:
        """Set a parameter from checked arguments (value, optional glide); return its value."""
        value = float(checked.values[0])
        glide_seconds = float(checked.values[1]) if len(checked.values) > 1 else 0.0
        with self._lock:
            self._set(parameter_index, address, value, glide_seconds, origin)
            if checked.clipped:
                self._correct(parameter_index, address, value, origin, reply)
        return value

    def write_group(self, row: Row, checked: Checked, origin: str, reply: Reply) -> None:
        """Set the first parameters of a group, one for each value.

        Raises ControlError if one is missing.
        """
        numbers = [float(value) for value in checked.values]
        glide_seconds = 0.0
        if not row.arguments[-1].repeated and len(numbers) > len(row.targets):
            glide_seconds = numbers.pop()
        with self._lock:
            for target, value in zip(row.targets, numbers, strict=False):
                _, parameter_index = self._space.resolve(target)
                if parameter_index is not None:
                    self._set(parameter_index, target, value, glide_seconds, origin)
                    if checked.clipped:
                        self._correct(parameter_index, target, value, origin, reply)
            if row.wakes is not None:
                self._wake(row.wakes)

    # ---- requests to the engine

    def request_setting(self, address: str, values: tuple[Value, ...], origin: str, answer: Answer) -> None:
        """Ask the engine for a setting; store its first value once the engine has confirmed it.

        `answer` is called after that. Raises ControlError if the engine accepts no request.
        """

        def store(reason: str | None) -> None:
            if reason is None:
                with self._lock:
                    self._store_setting(address, values[0], origin)
            answer(reason)

        with self._lock:
            self._requests.setting(address, values, store)

    def request_command(self, address: str, values: tuple[Value, ...], answer: Answer) -> None:
        """Send a command to the engine. Raises ControlError if the engine accepts no request."""
        with self._lock:
            self._requests.command(address, values, answer)

    def answered(self, identifier: object) -> Answer | None:
        """Return the function to call with a request's outcome; None for an unknown request."""
        with self._lock:
            return self._requests.answered(identifier)

    # ---- changes made by the engine

    def setting_changed(self, address: str, value: object) -> None:
        """Store a setting or reading that the engine has changed; ignore any other address."""
        with self._lock:
            for held in (self._values.settings, self._values.readings):
                if address in held and isinstance(value, str | int | float) and held[address] != value:
                    held[address] = value
                    self._subscriptions.mark(address, "")

    def model_changed(self, now: ModelInfo) -> ModelInfo:
        """Take another model; return the one before.

        Control values move to the controls of the same names. The first model changes no values:
        they are in shared memory already. Subscribers get every value of the new model.
        """
        with self._lock:
            before = self._space.model
            self._space = AddressSpace(now)
            if before.name:
                self._values.carry_over_controls(before.controls, now.controls, self._engine)
            self._values.settings["/distill/model"] = now.name
            if now != before:
                for address in self._space.addresses():
                    self._subscriptions.mark(address, "")
            return before

    # ---- subscribers

    def subscribe(self, subscription: Subscription, addresses: Sequence[str] | None) -> None:
        """Add or renew a subscriber, which first gets the values of `addresses` (None: of all).

        Raises:
            ControlError: if there are too many.
        """
        with self._lock:
            self._subscriptions.add(subscription, self._space.addresses() if addresses is None else addresses)

    def is_subscribed(self, origin: str) -> bool:
        """Return whether a sender is subscribed."""
        with self._lock:
            return self._subscriptions.has_origin(origin)

    def unsubscribe(self, key: str) -> bool:
        """Remove a subscriber; return False if there is none with this key."""
        with self._lock:
            return self._subscriptions.remove(key)

    def subscriber_count(self) -> int:
        """Return the number of subscribers."""
        with self._lock:
            return len(self._subscriptions)

    def collect(
        self, figures: Mapping[str, Value]
    ) -> tuple[list[tuple[Subscription, Changes]], list[Callable[[], None]]]:
        """Return the changes to deliver, and the calls that report requests which have timed out.

        `figures` is the engine's status, from which the readings are taken.
        """
        with self._lock:
            for address in self._values.update_readings({**figures, **self._texts()}, self._clock()):
                self._subscriptions.mark(address, "")
            return self._subscriptions.collect(self._read), self._requests.expire()

    # ---- private: called with the lock held

    def _read(self, address: str) -> Value:
        return self._values.get(*self._space.resolve(address))

    def _texts(self) -> dict[str, Value]:
        """Return the readings that are texts and known here, by their figures' names."""
        model = self._space.model
        loading = self._requests.requested("/distill/model") or self._requests.requested("/distill/vocoder")
        return {
            "loading": loading[0] if loading else "",
            "vocoder_playing": str(model.details.get("vocoder", "")),
            "vocoder_reason": str(model.details.get("vocoder_reason", "")),
            "blend_model_0": model.name,
        }

    def _store_setting(self, address: str, value: Value, origin: str) -> None:
        if self._values.settings[address] != value:
            self._values.settings[address] = value
            self._subscriptions.mark(address, origin)

    def _set(self, parameter_index: int, address: str, value: float, glide_seconds: float, origin: str) -> None:
        """Set a parameter. An equal value is told to nobody: peers may send back what they hear."""
        before = self._values.parameters[parameter_index]
        if math.isclose(value, before, rel_tol=FLOAT32_ROUNDING):
            self._engine.set(parameter_index, before, glide_seconds)  # a glide may still be under way
            return
        self._values.parameters[parameter_index] = value
        self._engine.set(parameter_index, value, glide_seconds)
        self._subscriptions.mark(self._subscribed_address(parameter_index, address), origin)
        wakes = vocabulary.PARAMETERS[parameter_index].row.wakes
        if wakes is not None:
            self._wake(wakes)

    def _wake(self, address: str) -> None:
        """Set a parameter that is 0 to its maximum, because one that needs it has changed."""
        parameter_index = vocabulary.index_of(address)
        if self._values.parameters[parameter_index] == 0.0:
            self._set(parameter_index, address, vocabulary.PARAMETERS[parameter_index].maximum, 0.0, "")

    def _subscribed_address(self, parameter_index: int, address: str) -> str:
        """Return the address of a change as subscribers get it: controls by name."""
        named = vocabulary.PARAMETERS[parameter_index].row.family == "name"
        return (self._space.public_address(parameter_index) if named else None) or address

    def _correct(self, parameter_index: int, address: str, value: Value, origin: str, reply: Reply) -> None:
        """Send a clipped value back to its sender, also where that sender is subscribed."""
        if not self._subscriptions.remind(self._subscribed_address(parameter_index, address), origin):
            reply(address, value)
