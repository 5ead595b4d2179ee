"""Render the hops of several voices: those of one vocoder that are due together in one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import VocoderError
from distill_engine.inference.kernels.vocos_kernel import KernelBackend
from distill_engine.inference.together import batched_graph, step_together
from distill_engine.synthesis.blending import MelGuest, mix_mels
from distill_engine.synthesis.voices.reports import Report
from distill_engine.synthesis.voices.voice import Voice

_FAILED = (VocoderError, RuntimeError)


@dataclass(frozen=True)
class VoiceHops:
    """The hops of one voice: latents [D, n], `ratios` [n], the first hop's number, and guests."""

    voice: Voice
    latents: Float32Array
    ratios: Sequence[float]
    hop: int
    guests: Sequence[MelGuest] = ()

    def mix(self, mel: Float32Array) -> Float32Array:
        """Return the voice's log-mels [bands, n] with those of its guests."""
        return mix_mels(mel, self.guests)


def groups_of(voices: Sequence[Voice], workers: int) -> list[list[int]]:
    """Return which voices to render together, by index, so that `workers` have about as much to do.

    Voices of one batched graph form groups. Those of the native kernel form one: it is done before
    threads have taken turns. Any other voice is alone.
    """
    alike: dict[object, list[int]] = defaultdict(list)
    native: list[int] = []
    for index, voice in enumerate(voices):
        if isinstance(voice.vocoder, KernelBackend):
            native.append(index)
        else:
            alike[batched_graph(voice.vocoder) or index].append(index)
    parts = [same[first::workers] for same in alike.values() for first in range(min(workers, len(same)))]
    return [part for part in (native, *parts) if part]


def render_together(hops: Sequence[VoiceHops], report: Callable[[Report], None]) -> list[Float32Array]:
    """Return the samples [n * hop length] of each voice's hops, as `Voice.render` does."""
    if len(hops) == 1 or batched_graph(hops[0].voice.vocoder) is None:
        return [one.voice.render(one.latents, one.ratios, one.hop, report, one.mix) for one in hops]
    made: list[Float32Array | Exception] = []
    due: dict[int, list[int]] = defaultdict(list)
    asked: dict[int, Float32Array] = {}
    for index, one in enumerate(hops):
        made.append(np.zeros(0, np.float32))
        try:
            asked[index] = one.voice.begin(one.latents, one.ratios, one.mix)
            if one.voice.retelling.waits:
                made[index] = one.voice.retelling.vocode(one.voice.vocoder, asked[index]).copy()
            elif asked[index].shape[1]:
                due[asked[index].shape[1]].append(index)
        except _FAILED as error:
            made[index] = error
    for same in due.values():
        try:
            sounds = step_together([hops[index].voice.vocoder for index in same], [asked[index] for index in same])
            for index, sound in zip(same, sounds, strict=True):
                made[index] = sound[0].copy()
        except _FAILED as error:
            for index in same:
                made[index] = error
    return [one.voice.finish(made[index], one.latents.shape[1], one.hop, report) for index, one in enumerate(hops)]
