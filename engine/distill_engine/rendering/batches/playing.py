"""What plays the files of a batch: model, analysis and vocoder, each by its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from distill_engine.errors import RenderingError
from distill_engine.inference.vocoder_candidates import VocoderChoice, bigvgan_serves
from distill_engine.inference.vocoder_choice import choose_vocoder
from distill_engine.library.vocoder_weights import find_weights
from distill_engine.modelfile import Manifest, ModelFile
from distill_engine.modelfile.manifest import is_vocoder


@dataclass(frozen=True)
class Playing:
    """A model file and the vocoder that it plays through.

    `model_digest` is that of its networks. `analysis_digest` is that of all else in the file that
    the sound follows from: directions and ranges of controls, map, level, path, codes, graphs.
    """

    model: str
    model_digest: str
    analysis_digest: str
    vocoder: str
    vocoder_digest: str

    def recipe(self) -> dict[str, dict[str, str]]:
        """Return model and vocoder as a recipe names them."""
        model = {"name": Path(self.model).stem, "digest": self.model_digest, "analysis": self.analysis_digest}
        return {"model": model, "vocoder": {"name": self.vocoder, "digest": self.vocoder_digest}}

    def check(self, now: Playing) -> None:
        """Raise RenderingError unless a process plays what the batch began with."""
        own = asdict(now)
        changed = [name.removesuffix("_digest") for name, value in asdict(self).items() if own[name] != value]
        if changed:
            raise RenderingError(
                f"{now.model}: another {' and '.join(dict.fromkeys(changed))} than when the batch began: begin it again"
            )


def playing(path: Path, vocoder: str, torch_device: str | None = None) -> Playing:
    """Return what plays a model file, and through which vocoder, without loading it.

    Raises ModelFileError, VocoderError or WeightsError.
    """
    with ModelFile.open(path) as file:
        manifest = file.manifest
    choice = choose_vocoder(manifest, vocoder, universal=lambda: bigvgan_serves(torch_device))
    return Playing(
        path.name, manifest.digest, _analysis_digest(manifest), choice.name, _vocoder_digest(manifest, choice)
    )


def _analysis_digest(manifest: Manifest) -> str:
    parts = {name: entry.sha256 for name, entry in manifest.parts.items() if name != "model" and not is_vocoder(name)}
    text = json.dumps([manifest.analysis, parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _vocoder_digest(manifest: Manifest, choice: VocoderChoice) -> str:
    """Return the SHA-256 (hex) of a vocoder's weights, wherever they are."""
    if choice.origin in ("universal", "published"):
        return find_weights(choice.name).converted_sha256
    if choice.path is not None:
        with ModelFile.open(choice.path) as file:
            manifest = file.manifest
    entry = manifest.parts.get(f"vocoder/{choice.kind}")
    return "" if entry is None else entry.sha256
