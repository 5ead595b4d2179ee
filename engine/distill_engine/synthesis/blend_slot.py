"""One slot in the mix: the voice that plays there and those that are fading out of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from distill_engine.audio.arrays import Float32Array
from distill_engine.synthesis.blending import VoiceHop
from distill_engine.synthesis.control_names import Names, heard_by
from distill_engine.synthesis.crossfade import Fade, FadeState
from distill_engine.synthesis.output_stage import Ramp
from distill_engine.synthesis.steering import HopValues
from distill_engine.synthesis.voice import Voice, VoiceState

FULL = math.pi / 2
BRIEF = 4  # hops in which a voice goes that would be a third one


@dataclass(frozen=True)
class BlendSlotState:
    """The weight that the ramp stands at (None before the first hop), and the voices, newest first, with their fades."""

    weight: float | None
    voices: tuple[VoiceState, ...]
    fades: tuple[FadeState, ...]


class BlendSlot:
    """Voices, newest last, each with its fade; and the slot's weight in the mix, a ramp from hop to hop."""

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self.voices: list[Voice] = []
        self._fades: list[Fade] = []
        self._weight = Ramp(hop)

    @property
    def voice(self) -> Voice:
        """The voice that plays, or is fading in. The lane must not be empty."""
        return self.voices[-1]

    @property
    def fading(self) -> bool:
        return any(fade.moving for fade in self._fades)

    @property
    def stays(self) -> bool:
        """Whether the newest voice is there to stay (not fading out)."""
        return bool(self._fades) and self._fades[-1].target > 0.0

    @property
    def level(self) -> float:
        """How far the slot has faded in: 0 (empty) to 1."""
        return min(1.0, math.sqrt(sum(fade.gain**2 for fade in self._fades)))

    def start(self, voice: Voice) -> None:
        """The first voice, at full level at once."""
        self.voices, self._fades = [voice], [Fade(self._hop)]

    def swap(self, voice: Voice, hops: int) -> None:
        """The new voice fades in, the loudest fades out from where it is; others, which were fading already, are gone soon: however
        fast swaps follow each other, no more than two voices are computed for long."""
        loudest = max(self._fades, key=lambda fade: fade.gain, default=None)
        for fade in self._fades:
            fade.turn(0.0, hops if fade is loudest else min(hops, BRIEF))
        fade = Fade(self._hop, angle=0.0)
        fade.turn(FULL, hops)
        self.voices.append(voice)
        self._fades.append(fade)

    def clear(self, hops: int) -> None:
        """All voices fade out."""
        for fade in self._fades:
            fade.turn(0.0, hops)

    def dismiss(self, hops: int) -> None:
        """Guests become voices of their own: the one that plays fades in with its own networks, those that were leaving are gone."""
        stays = [not v.latent_guest or f.target > 0.0 for v, f in zip(self.voices, self._fades, strict=True)]
        self.voices = [voice for voice, kept in zip(self.voices, stays, strict=True) if kept]
        self._fades = [fade for fade, kept in zip(self._fades, stays, strict=True) if kept]
        for index, voice in enumerate(self.voices):
            if voice.latent_guest:
                voice.become_independent()
                self._fades[index] = Fade(self._hop, angle=0.0)
                self._fades[index].turn(FULL, hops)

    def replace_voices(self, voices: list[Voice]) -> None:
        """Play these voices instead of the present ones; `restore` then sets their fades."""
        self.voices, self._fades = voices, [Fade(self._hop) for _ in voices]

    def move(self, values: HopValues, names: Names, samples: Float32Array | None, weight: float) -> list[VoiceHop]:
        """One hop of each voice. Control slots bear `names`; a voice that leaves keeps what it was last told of controls without a slot."""
        ramp = self._weight.process(weight)
        moved = []
        for voice, fade in zip(self.voices, self._fades, strict=True):
            last = voice.last_controls if fade.target == 0.0 else voice.last_controls[:0]
            own = heard_by(voice.instrument.control_names, names, values, last)
            voice.last_controls = own.controls[: len(voice.instrument.control_names)].copy()
            latent, curve = voice.latent(own, samples), fade.next()
            moved.append(VoiceHop(voice, latent, ramp * curve, curve))
        return moved

    def drop_finished(self) -> None:
        """Lets go of the voices that have faded out."""
        kept = [(voice, fade) for voice, fade in zip(self.voices, self._fades, strict=True) if not fade.over]
        if len(kept) != len(self.voices):
            self.voices, self._fades = [v for v, _ in kept], [f for _, f in kept]

    def settle(self) -> None:
        """Ends the fades at once."""
        for fade in self._fades:
            fade.finish()
        self.drop_finished()

    def state(self) -> BlendSlotState:
        """Return the states of the voices, newest first, with their fades; and the ramp's."""
        return BlendSlotState(
            weight=self._weight.state(),
            voices=tuple(voice.state() for voice in reversed(self.voices)),
            fades=tuple(fade.state() for fade in reversed(self._fades)),
        )

    def restore(self, state: BlendSlotState, seed: int, *, networks: bool) -> None:
        """Go on from a `state` with as many voices as are here (the newest ones, if it has more).

        Raises IndexError if it has fewer.
        """
        self._weight.restore(state.weight)
        for index, (voice, fade) in enumerate(zip(reversed(self.voices), reversed(self._fades), strict=True)):
            fade.restore(state.fades[index])
            voice.reseed(seed, voice.sources.selected, 1)
            voice.restore(state.voices[index], networks=networks)
