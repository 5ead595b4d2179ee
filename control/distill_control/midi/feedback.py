"""Feedback to controllers: motor faders, LED rings, lit buttons.

The latest value of each control is sent, at most 30 times a second.
"""

from typing import Any

import mido

from distill_control.midi.controls import ANY_CHANNEL, ANY_NOTE, Control, to_raw
from distill_control.midi.decoder import COARSE, FINE

INTERVAL_SECONDS = 1.0 / 30.0


def feedback_messages(control: Control, position: float, *, fine: bool = False) -> list[Any]:
    """Return the mido messages that show `position` 0..1 on a control.

    With `fine`, a CC below 32 is sent as a 14-bit pair. A note is lit from 0.5 on. Any channel
    becomes channel 1. `note *` and channel pressure have no feedback.
    """
    channel = 0 if control.channel == ANY_CHANNEL else control.channel - 1
    if control.kind == "note":
        if control.number == ANY_NOTE:
            return []
        lit = 127 if position >= 0.5 else 0
        return [mido.Message("note_on", channel=channel, note=control.number, velocity=lit)]
    if control.kind == "bend":
        return [mido.Message("pitchwheel", channel=channel, pitch=to_raw(position, FINE) - 8192)]
    if control.kind == "cc14" or (control.kind == "cc" and fine and control.number < 32):
        coarse, low = divmod(to_raw(position, FINE), 128)
        return [_cc(channel, control.number, coarse), _cc(channel, control.number + 32, low)]
    if control.kind == "cc":
        return [_cc(channel, control.number, to_raw(position, COARSE))]
    if control.kind == "nrpn":
        coarse, low = divmod(to_raw(position, FINE), 128)
        number_high, number_low = divmod(control.number, 128)
        parts = ((99, number_high), (98, number_low), (6, coarse), (38, low))
        return [_cc(channel, number, value) for number, value in parts]
    return []


def _cc(channel: int, number: int, value: int) -> Any:
    return mido.Message("control_change", channel=channel, control=number, value=value)


class ControllerFeedback:
    """Pending feedback of one controller: positions by binding, and those that it shows."""

    def __init__(self) -> None:
        self._due: dict[int, tuple[Control, float, bool]] = {}
        self._shown: dict[int, int] = {}
        self._last = float("-inf")

    def forget(self) -> None:
        """Forget what the controller shows, because its map has changed."""
        self._due.clear()
        self._shown.clear()

    def moved(self, index: int, position: float) -> None:
        """Record that the user moved the control of binding `index`; it needs no feedback then."""
        self._shown[index] = to_raw(position, FINE)
        self._due.pop(index, None)

    def show(self, index: int, control: Control, position: float, *, fine: bool = False) -> None:
        """Queue a position for the control of binding `index`."""
        self._due[index] = (control, position, fine)

    def collect(self, now: float) -> list[Any]:
        """Return the messages to send at `now` seconds; none within 1/30 s of the last ones."""
        if not self._due or now - self._last < INTERVAL_SECONDS:
            return []
        messages = []
        for index, (control, position, fine) in self._due.items():
            raw = to_raw(position, FINE)
            if self._shown.get(index) != raw:
                self._shown[index] = raw
                messages += feedback_messages(control, position, fine=fine)
        self._due.clear()
        if messages:
            self._last = now
        return messages
