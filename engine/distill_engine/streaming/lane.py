"""One place in the mix: the voice that plays there and those that are fading out of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from distill_engine.streaming.parameters import StateDict, part_of
from distill_engine.streaming.post import Ramp
from distill_engine.streaming.steering import HopValues
from distill_engine.streaming.swap import Fade
from distill_engine.streaming.voice import FloatArray, Report, Voice

FULL = math.pi / 2
Samples = npt.NDArray[np.float64]


class Lane:
    """Voices, newest last, each with its fade; and the place's weight in the mix, a ramp from hop to hop.

    `move` is called for each hop of a block, then `jobs` once to compute the block's sound.
    """

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self.voices: list[Voice] = []
        self._fades: list[Fade] = []
        self._weight = Ramp(hop)
        self._latents: list[list[npt.NDArray[np.float64]]] = []
        self._gains: list[list[Samples]] = []

    @property
    def voice(self) -> Voice:
        """The voice that plays, or is fading in. The lane must not be empty."""
        return self.voices[-1]

    @property
    def fading(self) -> bool:
        return any(fade.moving for fade in self._fades)

    @property
    def level(self) -> float:
        """How far the place has faded in: 0 (empty) to 1."""
        return min(1.0, math.sqrt(sum(fade.gain**2 for fade in self._fades)))

    def start(self, voice: Voice) -> None:
        """The first voice, at full level at once."""
        self.voices, self._fades = [voice], [Fade(self._hop)]

    def swap(self, voice: Voice, hops: int) -> None:
        """The new voice fades in, all others fade out from where they are."""
        self.clear(hops)
        fade = Fade(self._hop, angle=0.0)
        fade.turn(FULL, hops)
        self.voices.append(voice)
        self._fades.append(fade)

    def clear(self, hops: int) -> None:
        """All voices fade out."""
        for fade in self._fades:
            fade.turn(0.0, hops)

    def adopt(self, voices: list[Voice]) -> None:
        """These voices instead of the present ones; `restore` then sets their fades."""
        self.voices, self._fades = voices, [Fade(self._hop) for _ in voices]

    def move(self, values: HopValues, samples: FloatArray | None, weight: float) -> None:
        """One hop: each voice's latent and gain are set down for `jobs`."""
        if len(self._latents) != len(self.voices):
            self._latents, self._gains = [[] for _ in self.voices], [[] for _ in self.voices]
        ramp = self._weight.process(weight)
        for index, (voice, fade) in enumerate(zip(self.voices, self._fades, strict=True)):
            self._latents[index].append(voice.latent(values, samples))
            self._gains[index].append(ramp * fade.next())

    def jobs(self, hop: int, report: Callable[[Report], None]) -> list[Callable[[], Samples]]:
        """One job per voice: its weighted samples [n * hop] of the hops that were moved. Jobs may run side by side."""

        def job(voice: Voice, latents: list[npt.NDArray[np.float64]], gains: list[Samples]) -> Callable[[], Samples]:
            block = np.stack(latents, axis=1).astype(np.float32)

            def work() -> Samples:
                weighted: Samples = np.concatenate(gains) * voice.render(block, hop, report).astype(np.float64)
                return weighted

            return work

        made = [job(*row) for row in zip(self.voices, self._latents, self._gains, strict=True)]
        self._latents, self._gains = [], []
        return made

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

    def state(self) -> StateDict:
        """The voices' states, newest first (`0`), with their fades; and the ramp."""
        arrays: StateDict = {"weight": self._weight.state()} if self.voices else {}
        for index, (voice, fade) in enumerate(zip(reversed(self.voices), reversed(self._fades), strict=True)):
            arrays[f"{index}.fade"] = fade.state()
            arrays |= {f"{index}.voice.{name}": value for name, value in voice.state().items()}
        return arrays

    def restore(self, state: StateDict, seed: int, *, networks: bool) -> None:
        """Goes on from a `state` with as many voices as are here (the newest ones, if it has more)."""
        self._weight.restore(state["weight"])
        for index, (voice, fade) in enumerate(zip(reversed(self.voices), reversed(self._fades), strict=True)):
            fade.restore(state[f"{index}.fade"])
            voice.reseed(seed, voice.sources.selected, 1)
            voice.restore(part_of(state, f"{index}.voice."), networks=networks)
