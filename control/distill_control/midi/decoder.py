"""Decode the MIDI messages of one controller into movements of its controls.

14-bit CCs are detected, not configured: a CC below 32 whose partner (number + 32) follows within 3
ms, three times in a row, is a 14-bit pair from then on. It is not a pair if the partner is bound
itself, or has moved alone before the pair was detected. So a nanoKONTROL2 (faders 0..7, buttons
32..39) and a Launch Control XL (knobs 13..20 and 49..56) keep their separate controls.

Unknown messages are skipped and never raise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from distill_control.midi.controls import Control, to_position
from distill_control.midi.mpe import KeyPressure, PerNote, Registered

PAIR_SECONDS = 0.003
"""Longest time between the two halves of a pair that is not detected yet."""
WAIT_SECONDS = 0.005
"""How long the coarse half of a detected pair waits for the fine half before it is used alone."""
PAIR_COUNT = 3
"""Pairs in a row after which two CCs are taken as one 14-bit CC."""

COARSE, FINE = 127, 16383  # highest raw values of 7 and 14 bits


@dataclass(frozen=True)
class Movement:
    """A control has moved to `position` 0..1; a note's position is its velocity.

    `steps` is the resolution (127 or 16383).
    """

    control: Control
    position: float
    steps: int = COARSE
    pressed: bool | None = None
    """Whether a note is pressed; None for other controls."""


@dataclass(frozen=True)
class ProgramChange:
    """A program change: `number` is the selected bank times 128, plus the program 0..127."""

    number: int
    channel: int


@dataclass(frozen=True)
class Clock:
    """A system real-time message of a sequencer: clock tick, start, continue or stop."""

    action: Literal["tick", "start", "continue", "stop"]


@dataclass(frozen=True)
class ChannelMode:
    """A channel mode message: `sound_off` (CC 120), `reset` (CC 121) or `notes_off` (CC 123).

    A System Reset is `sound_off` on channel 0.
    """

    action: Literal["sound_off", "reset", "notes_off"]
    channel: int


Gesture = Movement | ProgramChange | Clock | ChannelMode | PerNote

_CLOCKS: dict[str, Clock] = {
    "clock": Clock("tick"),
    "start": Clock("start"),
    "continue": Clock("continue"),
    "stop": Clock("stop"),
}
_MODES: dict[int, Literal["sound_off", "reset", "notes_off"]] = {120: "sound_off", 121: "reset", 123: "notes_off"}


@dataclass
class _Pair:
    """The state of a coarse CC (or NRPN) and its fine half."""

    detected: bool = False
    count: int = 0
    """Pairs seen in a row before the detection."""
    alone: bool = False
    """Whether the fine half has moved alone, so that this is not a pair."""
    coarse: int = 0
    fine: int = 0
    since: float | None = None
    """When the coarse half arrived, while the fine half is missing; in seconds."""


@dataclass
class _Channel:
    """The state of one MIDI channel; dictionaries are by CC or NRPN number."""

    pairs: dict[int, _Pair] = field(default_factory=dict)
    bank: dict[int, int] = field(default_factory=dict)
    selection: dict[int, int] = field(default_factory=dict)
    nrpn: dict[int, _Pair] = field(default_factory=dict)
    last_cc: int = -1
    last_time: float = 0.0


class Decoder:
    """Decode messages; keep the state that spans messages: pairs, selected NRPNs, banks.

    `claimed(channel, number)` returns whether a CC is bound as a control of its own,
    `paired(channel, number)` whether a map declares it the coarse half of a 14-bit CC.
    """

    def __init__(
        self,
        claimed: Callable[[int, int], bool] = lambda channel, number: False,
        paired: Callable[[int, int], bool] = lambda channel, number: False,
    ) -> None:
        self._claimed = claimed
        self._paired = paired
        self._channels = {channel: _Channel() for channel in range(1, 17)}

    def reset(self) -> None:
        """Forget all state, after the controller was unplugged or its map has changed."""
        self._channels = {channel: _Channel() for channel in range(1, 17)}

    def feed(self, message: Any, now: float) -> list[Gesture]:
        """Return the gestures in a mido message that arrived at `now` seconds."""
        kind = message.type
        if kind == "control_change":
            return self._control_change(message.channel + 1, message.control, message.value, now)
        if kind in ("note_on", "note_off"):
            down = kind == "note_on" and message.velocity > 0
            control = Control("note", message.note, message.channel + 1)
            return [Movement(control, to_position(message.velocity if down else 0, COARSE), COARSE, down)]
        if kind == "pitchwheel":
            return [Movement(Control("bend", 0, message.channel + 1), to_position(message.pitch + 8192, FINE), FINE)]
        if kind == "aftertouch":
            return [Movement(Control("pressure", 0, message.channel + 1), to_position(message.value, COARSE))]
        if kind == "polytouch":
            return [KeyPressure(message.note, to_position(message.value, COARSE), message.channel + 1)]
        if kind == "program_change":
            return [ProgramChange(self._bank(message.channel + 1) * 128 + message.program, message.channel + 1)]
        if kind == "reset":
            return [ChannelMode("sound_off", 0)]
        return [_CLOCKS[kind]] if kind in _CLOCKS else []

    def flush(self, now: float) -> list[Gesture]:
        """Return the movements of coarse halves whose fine half has not arrived in time."""
        gestures: list[Gesture] = []
        for channel, state in self._channels.items():
            for number, pair in state.pairs.items():
                if pair.since is not None and now - pair.since >= WAIT_SECONDS:
                    gestures.append(_fine(Control("cc", number, channel), pair))
            for number, pair in state.nrpn.items():
                if pair.since is not None and now - pair.since >= WAIT_SECONDS:
                    gestures.append(_fine(Control("nrpn", number, channel), pair))
        return gestures

    def awaiting(self) -> bool:
        """Return whether a fine half is missing, so that `flush` may return something soon."""
        return any(
            pair.since is not None
            for state in self._channels.values()
            for pairs in (state.pairs, state.nrpn)
            for pair in pairs.values()
        )

    def _control_change(self, channel: int, number: int, value: int, now: float) -> list[Gesture]:
        state = self._channels[channel]
        follows = state.last_cc == number - 32 and now - state.last_time <= PAIR_SECONDS
        previous, state.last_cc, state.last_time = state.last_cc, number, now
        if number in _MODES:
            return [ChannelMode(_MODES[number], channel)]
        if number >= 120:
            return []
        if number in (98, 99, 100, 101):
            state.selection = {**_other_kind(state.selection, number), number: value}
            return []
        if number in (6, 38, 96, 97) and (state.selection or not self._claimed(channel, number)):
            return self._data_entry(state, channel, number, value, now)
        if number in (0, 32) and not self._claimed(channel, number):
            state.bank[number] = value
        if number < 32:
            return self._coarse(state, channel, number, value, now, previous)
        if number < 64:
            return self._partner(state, channel, number, value, follows)
        return [_coarse_movement(channel, number, value)]

    def _coarse(
        self, state: _Channel, channel: int, number: int, value: int, now: float, previous: int
    ) -> list[Gesture]:
        pair = state.pairs.setdefault(number, _Pair())
        if self._paired(channel, number):
            pair.detected = True
        elif self._claimed(channel, number + 32):
            pair.detected = False
        elif previous == number:
            pair.count = 0
        pair.coarse = value
        if not pair.detected:
            return [_coarse_movement(channel, number, value)]
        gestures: list[Gesture] = []
        if pair.since is not None:
            gestures.append(_fine(Control("cc", number, channel), pair))
        pair.fine, pair.since = 0, now
        return gestures

    def _partner(self, state: _Channel, channel: int, number: int, value: int, follows: bool) -> list[Gesture]:
        pair = state.pairs.setdefault(number - 32, _Pair())
        if self._claimed(channel, number):
            return [_coarse_movement(channel, number, value)]
        if pair.detected:
            pair.fine = value
            return [_fine(Control("cc", number - 32, channel), pair)]
        if not follows:
            pair.alone, pair.count = True, 0
            return [_coarse_movement(channel, number, value)]
        pair.count += 0 if pair.alone else 1
        if pair.count < PAIR_COUNT:
            return [_coarse_movement(channel, number, value)] if pair.alone else []
        pair.detected, pair.fine = True, value
        return [_fine(Control("cc", number - 32, channel), pair)]

    def _data_entry(self, state: _Channel, channel: int, number: int, value: int, now: float) -> list[Gesture]:
        """Decode CC 6, 38, 96 and 97, which change the NRPN that CC 99 and 98 have selected.

        Of an RPN (CC 101 and 100) it takes the coarse half.
        """
        if number == 6 and state.selection.get(101) == 0 and state.selection.get(100, 127) < 127:
            return [Registered(state.selection[100], value, channel)]
        coarse, fine = state.selection.get(99, 127), state.selection.get(98, 127)
        if coarse == 127 and fine == 127:
            return []
        selected = coarse * 128 + fine
        control = Control("nrpn", selected, channel)
        pair = state.nrpn.setdefault(selected, _Pair())
        if number == 6:
            pair.coarse, pair.fine = value, 0
            if pair.detected:
                pair.since = now
                return []
            return [Movement(control, to_position(value, COARSE), COARSE)]
        if number == 38:
            pair.detected, pair.fine = True, value
            return [_fine(control, pair)]
        raw = min(max(pair.coarse * 128 + pair.fine + (1 if number == 96 else -1), 0), FINE)
        pair.coarse, pair.fine = divmod(raw, 128)
        return [_fine(control, pair)]

    def _bank(self, channel: int) -> int:
        """Return the selected bank: coarse * 128 + fine, or the one half that was sent."""
        bank = self._channels[channel].bank
        if 32 in bank:
            return bank.get(0, 0) * 128 + bank[32]
        return bank.get(0, 0)


def _coarse_movement(channel: int, number: int, value: int) -> Movement:
    return Movement(Control("cc", number, channel), to_position(value, COARSE), COARSE)


def _fine(control: Control, pair: _Pair) -> Movement:
    pair.since = None
    return Movement(control, to_position(pair.coarse * 128 + pair.fine, FINE), FINE)


def _other_kind(selection: dict[int, int], number: int) -> dict[int, int]:
    """Return the part of a selection that stays: an RPN deselects the NRPN, and vice versa."""
    kept = (98, 99) if number in (98, 99) else (100, 101)
    return {chosen: value for chosen, value in selection.items() if chosen in kept}
