"""Load a model file for playing: its networks, corpus, controls and map. Voices play it.

`prepare_instrument` does all slow work (reading, loading, choosing the vocoder) and can run in the
background. After it and `VoicePool.prepare`, `Synth.swap` takes microseconds. Without a
`torch_device` the networks run in ONNX Runtime and torch is never imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from distill_engine.analysis.controls import Controls
from distill_engine.analysis.level import LevelSurface
from distill_engine.analysis.map import LatentMap
from distill_engine.analysis.stretches.path import KEY_LATENTS
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.analysis.stretches.without_path import HeldLevel
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import StreamingMel
from distill_engine.audio.mel_config import MelConfig
from distill_engine.codes.prior_corpus import PriorCorpus
from distill_engine.errors import ModelFileError
from distill_engine.inference.network_loader import NetworkLoader
from distill_engine.inference.onnx_session import SessionSettings
from distill_engine.inference.step_backend import StepBackend
from distill_engine.inference.stored_model import check_fit, stored_analysis, trim_of, withheld_of
from distill_engine.inference.vocoder_candidates import VocoderChoice, bigvgan_serves
from distill_engine.inference.vocoder_choice import choose_vocoder
from distill_engine.modelfile import Manifest, ModelFile
from distill_engine.modelfile.configs import mel_config, model_config
from distill_engine.synthesis.code_sequences.instrument_codes import InstrumentCodes, instrument_codes, prior_corpus
from distill_engine.synthesis.sources.codes_source import CodesSource
from distill_engine.synthesis.sources.corpus_source import CorpusSource
from distill_engine.synthesis.sources.drift_source import DriftSource, corpus_correlations
from distill_engine.synthesis.sources.input_player import InputPlayer, InputStretches, input_stretches
from distill_engine.synthesis.sources.latent_sources import HoldSource, LatentSource
from distill_engine.synthesis.sources.leap_search import LeapSearch
from distill_engine.synthesis.sources.live_input import InputSource, network_delay_hops
from distill_engine.synthesis.sources.prior_source import PriorSource
from distill_engine.synthesis.sources.skeleton_input import SkeletonInput
from distill_engine.synthesis.sources.source_bank import SourceBank
from distill_engine.synthesis.sources.stretch_sources import Places, stretch_sources
from distill_engine.synthesis.steering import Steering

__all__ = ["Instrument", "choose_vocoder", "prepare_instrument"]

_ABSENT = {
    "corpus": "the model has no encoded corpus; `distill analyse MODEL CORPUS` makes one",
    "input": "the model has no encoder to play with; train it again",
    "codes": "the model has no codes; `distill codes fit MODEL CORPUS` makes them",
    "prior": "the model has no codes of its corpus; `distill analyse MODEL CORPUS` makes them",
}


@dataclass(frozen=True)
class Instrument:
    """A loaded model with its vocoder: the networks and data that its voices share.

    `hop` samples per step at `sample_rate`. `digest` identifies the file's sound, `model_digest`
    and `vocoder_digest` its two parts. `latent_dim` is D; `reduction` is mel frames per latent.
    `delay_samples` is the vocoder's delay. `corpus` [D, L] are the latents of the corpus of a model
    of version 1. `trim` is a linear gain. A model of version 2 has a `skeleton`, and a `search`
    over its corpus's path and `input_stretches` unless that was left out, and `codes` if the file
    has them. `withheld` are the reasons of controls that the analysis does not offer, by name. The
    networks append messages to `notes` while they play; voices remove and report them.
    """

    name: str
    digest: str
    model_digest: str
    vocoder_digest: str
    vocoder: VocoderChoice
    latent_dim: int
    reduction: int
    mel: MelConfig
    delay_samples: int
    decoder: Callable[[], StepBackend]
    vocoder_stream: Callable[[], StepBackend]
    encoder: Callable[[], StepBackend] | None = None
    corpus: Float32Array | None = None
    controls: Controls | None = None
    latent_map: LatentMap | None = None
    level: LevelSurface | None = None
    held_level: HeldLevel | None = None
    trim: float = 1.0
    path: Path | None = None
    decoder_digest: str = ""
    analysis_digest: str = ""
    codes_digest: str = ""
    settings_digest: str = ""
    withheld: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list, compare=False)
    skeleton: Skeleton | None = None
    search: LeapSearch | None = None
    input_stretches: InputStretches | None = None
    codes: InstrumentCodes | None = None

    @cached_property
    def prior(self) -> PriorCorpus | None:
        """What plays by itself; None unless the file holds codes and path of its corpus."""
        return prior_corpus(self.codes)

    @property
    def hop(self) -> int:
        """Samples per hop."""
        return self.mel.hop

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.mel.sample_rate

    @property
    def frame_rate(self) -> float:
        """Hops per second."""
        return self.mel.frame_rate

    @property
    def control_names(self) -> tuple[str, ...]:
        """The names of the model's controls, in its own order; empty if it was not analysed."""
        return tuple(self.controls.names) if self.controls is not None else ()

    @property
    def source_names(self) -> tuple[str, ...]:
        """The sources that this model can play."""
        available = {
            "hold": True,
            "drift": True,
            "corpus": self.corpus is not None or self.search is not None,
            "input": self.encoder is not None or self.skeleton is not None,
            "walk": self.search is not None,
            "codes": self.codes is not None,
            "prior": self.prior is not None,
        }
        return tuple(name for name, present in available.items() if present)

    @property
    def input_delay_samples(self) -> int:
        """Samples from a sound of the live input to the latent that plays it."""
        if self.skeleton is not None:
            return StreamingMel(self.mel).delay
        return network_delay_hops(self.reduction) * self.hop

    @property
    def default_source(self) -> str:
        """The source that plays where none is chosen: the corpus's own stretches, or a drift."""
        return "walk" if self.search is not None else "drift"

    def blended_in(self, host: Instrument) -> str:
        """Return where it is blended with the instrument in slot 0: "mel", "latents" or "sound".

        Of models with a skeleton never in latents: the mean of two stretches is no sound of either.
        """
        if not self.vocoder_digest or self.vocoder_digest != host.vocoder_digest:
            return "sound"
        if self.skeleton is not None and host.skeleton is not None:
            return "mel" if self.mel == host.mel else "sound"
        return "latents" if self.decoder_digest and self.decoder_digest == host.decoder_digest else "sound"

    @property
    def latent_space(self) -> str:
        """Digest of what latents mean: that of the skeleton, or of a model without one."""
        return self.model_digest if self.skeleton is None else self.skeleton.digest

    def continues(self, other: Instrument) -> bool:
        """Return whether latents mean the same in both: of one model, or versions of a skeleton."""
        return self.latent_space == other.latent_space

    def sources(self, seed: int, selected: str = "drift") -> SourceBank:
        """Return new sources. Raises ControlError if `selected` is not among `source_names`."""
        if self.search is not None and self.skeleton is not None:
            root = self._place_root(min(KEY_LATENTS, self.latent_dim))
            places = Places(self.centre, root, self.skeleton, self.search.usual_levels)
            sources = stretch_sources(self.search, places, seed, self.frame_rate)
        else:
            sources = self._point_sources(seed)
        if self.skeleton is not None:
            sources["input"] = self._skeleton_input(self.skeleton, seed)
        elif self.encoder is not None:
            sources["input"] = InputSource(self.encoder(), self.reduction, self.rest, self.mel)
        if self.codes is not None:
            sources["codes"] = CodesSource(self.codes.books, self.codes.first, self.codes.rest)
        if self.prior is not None:
            sources["prior"] = PriorSource(self.prior, seed, self.frame_rate)
        return SourceBank(sources, selected=selected, why=lambda name: _ABSENT.get(name, "unknown"))

    def _skeleton_input(self, skeleton: Skeleton, seed: int) -> SkeletonInput:
        """Return a new source of live input that needs no encoder network."""
        shared = self.input_stretches
        player = InputPlayer(skeleton, shared, seed, self.frame_rate) if shared is not None else None
        return SkeletonInput(skeleton, self.rest, player, self.mel, self.trim)

    def _point_sources(self, seed: int) -> dict[str, LatentSource]:
        """Return new sources that play points of latent space, and the corpus if it is stored."""
        onto = self.level.onto if self.level is not None else None
        held = self.held_level.onto if self.held_level is not None else None
        sources: dict[str, LatentSource] = {
            "hold": HoldSource(self.centre),
            "drift": DriftSource(self.centre, seed, self.frame_rate, self._spread(), onto, held),
        }
        if self.corpus is not None:
            sources["corpus"] = CorpusSource(self.corpus, seed, self.frame_rate, self.reduction)
        return sources

    def _place_root(self, count: int) -> Float64Array:
        """Return a root [count, count] of the covariance of the corpus's first latents."""
        if self.controls is None:
            return np.eye(count)
        colouring = self.controls.region.colouring
        return np.asarray(np.linalg.cholesky((colouring @ colouring.T)[:count, :count]))

    @property
    def rest(self) -> Float64Array:
        """The latent [D] before any sound: that of silence for a skeleton, else zeros."""
        if self.skeleton is None:
            return np.zeros(self.latent_dim)
        return self.skeleton.silence

    @property
    def centre(self) -> Float64Array:
        """The centre [D] of the corpus's audible sound (sigma); zeros without an analysis."""
        return self.controls.region.centre if self.controls is not None else np.zeros(self.latent_dim)

    def _spread(self) -> Float64Array | None:
        """Return a matrix root [D, D] of the covariance that a drift has: the corpus's own."""
        if self.controls is not None:
            colouring = self.controls.region.colouring
            return colouring if self.skeleton is None else colouring[:, :KEY_LATENTS]
        return corpus_correlations(self.corpus) if self.corpus is not None else None

    def steering(self, seed: int) -> Steering:
        """Return the steering for a new voice."""
        return Steering(self.controls, self.latent_map, seed, skeleton=self.skeleton, space=self.latent_space)


def prepare_instrument(
    path: Path,
    vocoder: str = "auto",
    *,
    settings: SessionSettings | None = None,
    torch_device: str | None = None,
    keeps_up: Callable[[VocoderChoice], bool] | None = None,
    choose: Callable[[Manifest, str], VocoderChoice] | None = None,
) -> Instrument:
    """Load a model with the requested vocoder (see `choose_vocoder`).

    Args:
        settings: threads of ONNX Runtime.
        torch_device: `auto|cpu|cuda|mps` computes in torch instead; None uses ONNX Runtime.
        keeps_up: tells whether a vocoder plays in real time on this machine; None accepts any.
        choose: a policy to use instead of `choose_vocoder`.

    Raises:
        ModelFileError, VocoderError: if the file cannot be played, or not with this vocoder.
    """

    universal = partial(bigvgan_serves, torch_device)
    with ModelFile.open(path) as file:
        manifest = file.manifest
        if "model" not in file.parts:
            raise ModelFileError(f"{path} holds vocoders but no latent model; give a trained model")
        pick = choose or (lambda m, requested: choose_vocoder(m, requested, keeps_up=keeps_up, universal=universal))
        choice = pick(manifest, vocoder)
        loader = NetworkLoader(settings or SessionSettings(), torch_device)
        config, mel = model_config(manifest, str(path)), mel_config(manifest, str(path))
        check_fit(choice, mel)
        model, streams = loader.model(file, config), loader.vocoder(file, choice, mel)
        extras = stored_analysis(file, manifest, config, model.skeleton, loader.notes.append)
        extras["codes"] = instrument_codes(file, route := extras.pop("route", None), loader.notes.append)
    return Instrument(
        name=manifest.name or path.stem,
        digest=manifest.digest,
        model_digest=manifest.parts["model"].sha256,
        vocoder_digest=streams.digest,
        vocoder=choice,
        latent_dim=config.latent_dim,
        reduction=config.reduction,
        mel=mel,
        delay_samples=streams.delay,
        decoder=model.decoder,
        vocoder_stream=streams.make,
        encoder=model.encoder,
        path=path,
        decoder_digest=model.decoder_digest,
        skeleton=model.skeleton,
        search=LeapSearch(route) if route is not None else None,
        input_stretches=input_stretches(model.skeleton, route) if model.skeleton and route else None,
        analysis_digest=manifest.part_digest("analysis"),
        trim=trim_of(manifest),
        withheld=withheld_of(manifest),
        notes=loader.notes,
        codes_digest=manifest.part_digest("codes"),
        settings_digest=manifest.settings_digest,
        **extras,
    )
