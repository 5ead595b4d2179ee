"""A blend slot: the voice that plays in it, and the voices that are fading out of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.synthesis.blending import VoiceHop
from distill_engine.synthesis.control_names import Names, remap_controls
from distill_engine.synthesis.ramp import Ramp
from distill_engine.synthesis.steering import HopValues
from distill_engine.synthesis.voices.crossfade import Fade, FadeState
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.synthesis.voices.voice_state import VoiceState

FULL = math.pi / 2  # angle of a fade at full level, radians
BRIEF = 4  # hops in which a third voice fades out


@dataclass(frozen=True)
class BlendSlotState:
    """The state of a blend slot.

    `weight` is the last value of the weight ramp (0 to 1), None before the first hop. `voices` and
    `fades` correspond one to one, newest first.
    """

    weight: float | None
    voices: tuple[VoiceState, ...]
    fades: tuple[FadeState, ...]


class BlendSlot:
    """Voices with their fades, newest last, and the slot's weight in the mix.

    The weight changes as a straight line from one hop to the next.
    """

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self.voices: list[Voice] = []
        self._fades: list[Fade] = []
        self._weight = Ramp(hop)

    @property
    def voice(self) -> Voice:
        """The voice that plays or is fading in. The slot must not be empty."""
        return self.voices[-1]

    @property
    def fading(self) -> bool:
        """Whether any voice of the slot is fading in or out."""
        return any(fade.moving for fade in self._fades)

    @property
    def stays(self) -> bool:
        """Whether the newest voice is playing or fading in, not fading out."""
        return bool(self._fades) and self._fades[-1].target > 0.0

    @property
    def level(self) -> float:
        """How far the slot has faded in: 0 (empty) to 1."""
        return min(1.0, math.sqrt(sum(fade.gain**2 for fade in self._fades)))

    @property
    def weight(self) -> float | None:
        """The last value of the weight ramp, None before the first hop."""
        return self._weight.state()

    def mixes(self, *, exact: bool) -> bool:
        """Whether the slot has a guest. `exact`: until its fade is over, not that whole block."""
        return any(v.guest and not (exact and f.over) for v, f in zip(self.voices, self._fades, strict=True))

    def start(self, voice: Voice) -> None:
        """Play the first voice, at full level at once."""
        self.voices, self._fades = [voice], [Fade(self._hop)]

    def swap(self, voice: Voice, hops: int) -> None:
        """Fade `voice` in and the loudest present voice out, both over `hops` hops.

        Other voices, which were fading already, fade out within BRIEF hops. However fast swaps
        follow each other, no more than two voices are therefore computed for long.
        """
        loudest = max(self._fades, key=lambda fade: fade.gain, default=None)
        for fade in self._fades:
            fade.turn(0.0, hops if fade is loudest else min(hops, BRIEF))
        fade = Fade(self._hop, angle=0.0)
        fade.turn(FULL, hops)
        self.voices.append(voice)
        self._fades.append(fade)

    def clear(self, hops: int) -> None:
        """Fade out all voices over `hops` hops."""
        for fade in self._fades:
            fade.turn(0.0, hops)

    def detach_guests(self, leaves: Callable[[Voice], bool], hops: int) -> None:
        """Detach the guests of this slot that leave the host.

        The guest that is playing fades in over `hops` hops on its own decoder and vocoder, one
        that was mixed in the mel within BRIEF hops. Those that are fading out are dropped.
        """
        kept = [not leaves(v) or f.target > 0.0 for v, f in zip(self.voices, self._fades, strict=True)]
        self.voices = [voice for voice, keep in zip(self.voices, kept, strict=True) if keep]
        self._fades = [fade for fade, keep in zip(self._fades, kept, strict=True) if keep]
        for index, voice in enumerate(self.voices):
            if leaves(voice):
                hops = min(hops, BRIEF) if voice.mel_guest else hops  # its host lets go of it at once
                voice.become_independent()
                self._fades[index] = Fade(self._hop, angle=0.0)
                self._fades[index].turn(FULL, hops)

    def move(self, values: HopValues, names: Names, samples: Float32Array | None, weight: float) -> list[VoiceHop]:
        """Advance each voice by one hop; return what each contributes to the mix.

        Args:
            values: parameter values of this hop; `controls` [n] is ordered by `names`.
            names: control names of the model in slot 0.
            samples: this hop of live input [hop], mono; None without one.
            weight: gain of the slot at the end of this hop, 0 to 1.

        A voice that is fading out keeps the last value of each control that `names` lacks.
        """
        ramp = self._weight.process(np.array([weight]))
        voice_hops = []
        for voice, fade in zip(self.voices, self._fades, strict=True):
            last = voice.last_controls if fade.target == 0.0 else voice.last_controls[:0]
            own = remap_controls(voice.instrument.control_names, names, values, last)
            voice.last_controls = own.controls[: len(voice.instrument.control_names)].copy()
            latent, curve = voice.latent(own, samples), fade.next()
            voice_hops.append(VoiceHop(voice, latent, ramp * curve, curve, voice.ratio(own)))
        return voice_hops

    def drop_finished(self) -> None:
        """Remove the voices that have faded out."""
        if any(fade.over for fade in self._fades):
            kept = [(voice, fade) for voice, fade in zip(self.voices, self._fades, strict=True) if not fade.over]
            self.voices, self._fades = [v for v, _ in kept], [f for _, f in kept]

    def settle(self) -> None:
        """Complete all fades at once."""
        for fade in self._fades:
            fade.finish()
        self.drop_finished()

    def state(self) -> BlendSlotState:
        """Return the states of the voices and fades, newest first, and of the weight ramp."""
        return BlendSlotState(
            weight=self._weight.state(),
            voices=tuple(voice.state() for voice in reversed(self.voices)),
            fades=tuple(fade.state() for fade in reversed(self._fades)),
        )

    def restore(self, state: BlendSlotState, seed: int, *, networks: bool) -> None:
        """Continue from a `state` that has at least as many voices as this slot.

        If it has more, the newest ones are used. `seed` seeds the sources. Without `networks` the
        voices' networks keep their present state.

        Raises IndexError if the state has fewer voices.
        """
        self._weight.restore(state.weight)
        for index, (voice, fade) in enumerate(zip(reversed(self.voices), reversed(self._fades), strict=True)):
            fade.restore(state.fades[index])
            voice.reseed(seed, voice.sources.selected, 1)
            voice.restore(state.voices[index], networks=networks)
