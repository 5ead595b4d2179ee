"""One note of several: a voice with a key, a level, and the note's own expression."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.errors import ControlError
from distill_engine.state import altered
from distill_engine.synthesis.blending import VoiceHop
from distill_engine.synthesis.pitch.notes import HIGHEST, RECORDED_KEY, RELEASED, SILENT
from distill_engine.synthesis.ramp import Ramp
from distill_engine.synthesis.steering import HopValues
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.synthesis.voices.voice_state import VoiceState
from distill_engine.vocabulary.table import CONTROL_COUNT, row

Samples = Float64Array

_EXPRESSIONS = {name: row(f"/distill/note/{name}").arguments[-1] for name in ("detune", "pressure", "control")}
_ENDS = {name: (value.minimum or 0.0, value.maximum or 0.0) for name, value in _EXPRESSIONS.items()}


@dataclass(frozen=True)
class NoteVoiceState:
    """The state of a `NoteVoice`.

    `waiting` [0 or 2] are key and velocity of the note that begins after the present one has faded;
    `controls` [32] are offsets of the named controls. `ramp` is the level at the last hop, None
    before the first.
    """

    voice: VoiceState
    key: float
    velocity: float
    held: bool
    level: float
    order: int
    detune: float
    pressure: float
    controls: Samples
    waiting: Samples
    ratio: float
    ramp: float | None
    begun: bool


class NoteVoice:
    """A voice that plays one note at a time.

    `level` is linear, at the end of the hop. `order` counts the notes of all voices: the lowest is
    the oldest. `ratio` is the last hop's frequency ratio.
    """

    def __init__(self, hop: int, voice: Voice) -> None:
        self.voice = voice
        self.key, self.velocity, self.order = RECORDED_KEY, 0.0, 0
        self.held, self.level, self.ratio = False, 0.0, 1.0
        self.waiting: tuple[float, float] | None = None
        self._begun = False  # at the next hop, however short the key is held
        self._next_voice: Voice | None = None
        self._ramp = Ramp(hop)
        self._ramp.restore(0.0)
        self._forget_expression()

    def _forget_expression(self) -> None:
        self._detune, self._pressure, self._controls = 0.0, 0.0, np.zeros(CONTROL_COUNT)

    @property
    def sounding(self) -> bool:
        """Whether the voice has to be computed at this hop."""
        return self.level > 0.0 or self._begun or bool(self._ramp.state())

    @property
    def pressed_key(self) -> float:
        """The key that the voice plays or is about to play: a MIDI note number."""
        return self.key if self.waiting is None else self.waiting[0]

    @property
    def exchanging(self) -> bool:
        """Whether another voice waits until the present one has faded."""
        return self._next_voice is not None

    @property
    def busy(self) -> bool:
        """Whether the voice sounds or is about to."""
        return self.sounding or self.waiting is not None

    def press(self, key: float, velocity: float, order: int) -> None:
        """Play a note from the next hop on: at once, or after what sounds has faded for a hop."""
        self.order, self.held = order, True
        if self._ramp.state() and key != self.key:
            self.waiting = (key, velocity)
        else:
            self._begin(key, velocity)

    def _begin(self, key: float, velocity: float) -> None:
        if not self.sounding:
            self.voice.begin_again()
        if key != self.key or not self.sounding:
            self._forget_expression()
        self.key, self.velocity, self.waiting, self._begun = key, velocity, None, True
        self.voice.sources.strike()

    def release(self) -> None:
        """Let the key go. A note that has not begun is played shortly all the same."""
        self.held = False

    def drop(self) -> None:
        """Let the key go, whatever holds it."""
        self.held, self.waiting, self.velocity = False, None, 0.0

    def end(self) -> None:
        """Fade in a hop, as a note whose voice another one takes."""
        self.drop()
        self.level, self._begun = 0.0, False

    def exchange(self, voice: Voice) -> None:
        """Go on with another voice, after a hop in which the present one fades."""
        self._next_voice = voice

    def express(self, name: str, value: float, control: int | None) -> None:
        """Set the note's own detune (semitones), pressure (0 to 1) or control (-1 to 1).

        A value beyond the ends that the vocabulary has is set to them. Raises ControlError for NaN
        or infinity.
        """
        if not math.isfinite(value):
            raise ControlError(f"{name} of a note: {value} is no number that it could have")
        lowest, highest = _ENDS.get(name, _ENDS["control"])
        value = min(max(value, lowest), highest)
        if name == "detune":
            self._detune = value
        elif name == "pressure":
            self._pressure = value
        elif control is not None:
            self._controls[control] = value

    def advance(self, release_seconds: float, frame_rate: float, *, hold: bool) -> None:
        """Move the level by one hop. With `hold` a note sounds on after its key was let go."""
        if self._next_voice is not None and not self._ramp.state():
            self._change_voice(self._next_voice)
        if self.waiting is not None and not self._ramp.state():
            self._begin(*self.waiting)
        if self.waiting is not None or self._next_voice is not None:
            self.level = 0.0
        elif self.held or self._begun or (hold and self.velocity > 0):
            self._begun = False
            self.level = (self.velocity / HIGHEST) ** 2 * (1.0 + self._pressure)  # DLS level 2, +6 dB by pressure
        else:
            self.level *= RELEASED ** (1.0 / max(1.0, release_seconds * frame_rate))
            self.level = 0.0 if self.level < SILENT else self.level

    def _change_voice(self, voice: Voice) -> None:
        same = voice.instrument.continues(self.voice.instrument)
        voice.continue_from(self.voice)
        if self.held and not same:
            voice.sources.strike()
        self.voice, self._next_voice = voice, None

    def settle(self) -> None:
        """Complete what fades at once. For use while the output is silent."""
        if not self.held:
            self.level = 0.0
        self._ramp.restore(self.level if self.waiting is None and self._next_voice is None else 0.0)

    def move(self, values: HopValues, samples: Float32Array | None) -> VoiceHop:
        """Advance the voice by one hop; return what it contributes to the mix.

        `samples` [hop] is this hop of live input, mono; None without one.
        """
        own = altered(
            values,
            settings=altered(values.settings, key=self.key),
            controls=np.clip(values.controls + self._controls, -1.0, 1.0),
            semitones=values.semitones + self._detune,
            key=self.key,
        )
        latent = self.voice.latent(own, samples)
        self.ratio = self.voice.ratio(own)
        return VoiceHop(self.voice, latent, self._ramp.process(np.array([self.level])), ratio=self.ratio)

    def state(self) -> NoteVoiceState:
        """Return the state."""
        waiting = np.array(self.waiting or ())
        return NoteVoiceState(
            self.voice.state(),
            *(self.key, self.velocity, self.held, self.level, self.order, self._detune, self._pressure),
            self._controls.copy(),
            waiting,
            self.ratio,
            self._ramp.state(),
            self._begun,
        )

    def restore(self, state: NoteVoiceState, *, networks: bool) -> None:
        """Continue from a `state`. Raises ControlError for values that no note has."""
        numbers: Sequence[float] = (state.key, state.velocity, *state.waiting.tolist())
        if not all(0 <= number <= HIGHEST for number in numbers) or len(state.waiting) not in (0, 2):
            raise ControlError("a note has keys and velocities that no keyboard has")
        if state.controls.shape != (CONTROL_COUNT,) or not np.isfinite(state.controls).all():
            raise ControlError("a note's controls are damaged")
        if not np.isfinite([state.level, state.detune, state.pressure, state.ratio, state.ramp or 0.0]).all():
            raise ControlError("a note's level or expression is damaged")
        self.voice.restore(state.voice, networks=networks)
        self.key, self.velocity, self.held, self.order = state.key, state.velocity, state.held, state.order
        self.level, self.ratio = min(max(state.level, 0.0), 2.0), state.ratio
        self._detune, self._pressure, self._controls = state.detune, state.pressure, state.controls.copy()
        self.waiting = (numbers[2], numbers[3]) if len(state.waiting) else None
        self._begun = state.begun
        self._ramp.restore(state.ramp)
