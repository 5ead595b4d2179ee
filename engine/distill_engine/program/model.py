"""A model as an object of a Python program: what it holds, its networks, and its performances.

    from distill_engine import load_model
    model = load_model("starter")
    sound = model.render(10.0, seed=3, controls={"brightness": 0.5})  # [2, T] at 44.1 kHz

torch is only used if a device is given.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.controls import ControlInfo
from distill_engine.analysis.map import LatentMap
from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import AnalysisError, ArgumentError
from distill_engine.library.lookup import find_model
from distill_engine.library.presetformat import Preset
from distill_engine.library.presets import PresetStore
from distill_engine.modelfile import ModelFile
from distill_engine.program.checked_input import checked_sound
from distill_engine.program.own_source import LatentOf, with_own_source
from distill_engine.rendering.coding.coder import Coder, coder_of
from distill_engine.rendering.loaded_model import LoadedModel
from distill_engine.rendering.performance import play_score
from distill_engine.rendering.score import Score
from distill_engine.rendering.shared_networks import offline_settings
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.system.checked_values import (
    checked_array,
    checked_number,
    checked_text,
    checked_values,
    checked_whole,
)
from distill_engine.vocabulary.ranges import THREADS_LIMIT
from distill_engine.vocabulary.table import SEED_LIMIT, full_address

Source = str | Float32Array | LatentOf
"""Of a performance: a name, a recording [T] that `input` hears, or a function hop -> latent [D]."""


class Model(LoadedModel):
    """A model file: its controls, map and presets, its networks, and what it plays.

    Mel is [bands, F], latents [D, L] in sigma, mono samples [T], performances [2, T]; all float32.
    Networks are loaded on first use and kept. An object must not be used by several threads at
    once: give each its own with `another`. Arguments of a wrong shape, type or rate raise
    ArgumentError.
    """

    def __init__(self, path: Path, vocoder: str, torch_device: str | None, threads: int | None) -> None:
        super().__init__(path, vocoder, torch_device, threads)
        self._torch_device, self._threads = torch_device, threads

    @property
    def controls(self) -> tuple[ControlInfo, ...]:
        """The controls, each with its unit, range and figures; none if it was not analysed."""
        return tuple(map(ControlInfo.from_dict, self.manifest.analysis.get("controls", ())))

    @property
    def map(self) -> LatentMap:
        """The map of the corpus: `latent_at(x, y)`, `place_of(latent)`, and its points.

        Raises AnalysisError if the file has none.
        """
        if "analysis" not in self.parts:
            raise AnalysisError(f"{self.path} has no map: `distill analyse MODEL CORPUS` makes one")
        with ModelFile.open(self.path) as file:
            return LatentMap.from_part(file.read_part("analysis"))

    @property
    def presets(self) -> tuple[Preset, ...]:
        """The presets of this model in the library, by number."""
        return tuple(PresetStore().of_model(self.manifest.name or self.path.stem, self.manifest.digest))

    @cached_property
    def codes(self) -> Coder:
        """Sounds to codes and back. Raises CodesError if the model has none."""
        return coder_of(self)

    def encode(self, samples: npt.ArrayLike, rate: float | None = None) -> Float32Array:
        """Return the latents [D, L] of mono samples [T]; `rate` in Hz, if not the model's."""
        return super().encode(checked_sound(samples, rate, self.sample_rate, self.mel.hop))

    def decode(self, latents: npt.ArrayLike) -> Float32Array:
        """Return the mel [bands, F] of latents [D, L]."""
        return super().decode(checked_array(latents, "latents", (self.latent_dim, "L")))

    def vocode(self, mel: npt.ArrayLike, vocoder: str | None = None) -> Float32Array:
        """Return the samples [F * hop] of mel [bands, F], or through another `vocoder`."""
        if vocoder is not None:
            checked_text(vocoder, "vocoder")
        return super().vocode(checked_array(mel, "mel", (self.mel.bands, "F")), vocoder)

    def render(
        self,
        seconds: float = 10.0,
        *,
        seed: int = 0,
        source: Source = "auto",
        controls: Mapping[str, float] | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> Float32Array:
        """Return a performance [2, T], the samples that `distill render` writes.

        Arguments and errors are those of `stream`.
        """
        blocks = self.stream(seconds, seed=seed, source=source, controls=controls, parameters=parameters)
        return np.concatenate(list(blocks), axis=1)

    def stream(
        self,
        seconds: float = 10.0,
        *,
        seed: int = 0,
        source: Source = "auto",
        controls: Mapping[str, float] | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> Iterator[Float32Array]:
        """Yield a performance in blocks [2, n] at `sample_rate`, each when it is asked for.

        Args:
            seconds: length, up to a day.
            seed: of all random choices.
            source: the name of a source; a recording [T], mono at `sample_rate`, that the source
                `input` hears; or a function that returns the latent [D] of hop 0, 1, 2 ...
            controls: values by name, -1 to 1.
            parameters: values by address, such as {"source/speed": 0.5, "gain": -6.0}.

        Raises:
            ConfigError, ControlError: for values out of range and unknown names.
            ArgumentError: for a recording or latent of another shape or type.
        """
        instrument, name, heard = self._played(source)
        score = Score(
            checked_number(seconds, "seconds"),
            checked_whole(seed, "seed", 0, SEED_LIMIT),
            name,
            controls=checked_values(controls, "controls"),
            parameters={full_address(text): one for text, one in checked_values(parameters, "parameters").items()},
            heard=heard,
        )
        return play_score(instrument, score)

    def _played(self, source: Source) -> tuple[Instrument, str, Float32Array | None]:
        """Return the instrument that plays a source, the source's name, and what it hears [T]."""
        if isinstance(source, str):
            if source == "input":
                raise ArgumentError("source 'input' hears a recording: give the samples [T] themselves as source")
            return self._instrument, source, None
        if callable(source):
            return with_own_source(self._instrument, source), "hold", None
        if source is None or np.ndim(source) == 0:
            raise ArgumentError(f"source: {source!r}: expected a name, a recording [T], or a function of the hop")
        return self._instrument, "input", checked_sound(source, None, self.sample_rate)

    @cached_property
    def _instrument(self) -> Instrument:
        settings = offline_settings(self._threads)
        return prepare_instrument(self.path, self._requested, settings=settings, torch_device=self._torch_device)


def load_model(
    name_or_path: str | os.PathLike[str],
    *,
    vocoder: str = "auto",
    torch_device: str | None = None,
    threads: int | None = None,
) -> Model:
    """Open a model for offline use: a name in the library, "starter", or a `.distillgan` file.

    Args:
        vocoder: for sound: `auto|hifigan|vocos|bigvgan|base` or an added name.
        torch_device: `auto|cpu|cuda|mps` computes in torch; None uses ONNX Runtime on the CPU.
        threads: threads of ONNX Runtime; up to four by default.

    Raises:
        LibraryError: if there is no such model.
        ModelFileError: if the file is damaged, hostile, too old or too new.
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise ArgumentError(f"name_or_path: {name_or_path!r}: expected the name of a model, or a path")
    checked_text(vocoder, "vocoder")
    if torch_device is not None:
        checked_text(torch_device, "torch_device")
    if threads is not None:
        checked_whole(threads, "threads", 1, THREADS_LIMIT)
    return Model(find_model(name_or_path, allow_paths=True), vocoder, torch_device, threads)
