"""The model files that play, held open so that a take can keep the version it was played with."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from pathlib import Path

from distill_engine.errors import LibraryError, ModelFileError
from distill_engine.library.assets import assets_dir
from distill_engine.library.versions import keep_version
from distill_engine.live.capacity.realtime_check import Fit, FitRequest, fit_instrument
from distill_engine.modelfile import ModelFile
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.take_header import played_model
from distill_engine.synthesis.voices.voice_pool import VoicePool

Version = tuple[str, ...]
"""Digests of latent model, analysis, codes, and of controls and level; "" of what a file lacks."""


class PlayedVersions:
    """Holds the files of instruments. Training may replace their names meanwhile."""

    def __init__(self) -> None:
        self._files: dict[Version, ModelFile] = {}
        self._closed = False
        self._lock = threading.Lock()  # models load and takes begin on threads of their own

    def load(self, path: Path, request: FitRequest) -> tuple[VoicePool, Fit]:
        """Load a model as `fit_instrument` does, and hold its file. Raises as it does."""
        file = _opened(path)
        try:
            pool, fit = fit_instrument(path, request)
            if file is not None and version_of(file) != played_version(pool.instrument):  # replaced meanwhile
                file.close()
                file = _opened(path)
            if file is not None and version_of(file) == played_version(pool.instrument):
                self._hold(file, pool.instrument)
                file = None
            return pool, fit
        finally:
            if file is not None:
                file.close()

    def _hold(self, file: ModelFile, instrument: Instrument) -> None:
        with self._lock:
            if self._closed:  # a thread was still loading
                file.close()
                return
            old = self._files.get(played_version(instrument))
            if old is not None:
                old.close()
            self._files[played_version(instrument)] = file

    def release(self, playing: Iterable[Instrument]) -> None:
        """Let go of all files but those of these instruments."""
        kept = {played_version(instrument) for instrument in playing}
        with self._lock:
            for key in [key for key in self._files if key not in kept]:
                self._files.pop(key).close()

    def close(self) -> None:
        """Let go of all files, those that are still being loaded too."""
        with self._lock:
            self._closed = True
        self.release(())

    def keep(self, take: Path, playing: Iterable[Instrument]) -> None:
        """Keep the files of these instruments until the take is deleted. Raises LibraryError.

        Shipped models are never trained, so they are not kept.
        """
        with self._lock:
            missed = [instrument.path for instrument in playing if not self._kept(take, instrument)]
        if missed:
            raise LibraryError(f"{missed[0]} was replaced while it was loaded")

    def _kept(self, take: Path, instrument: Instrument) -> bool:
        path, file = instrument.path, self._files.get(played_version(instrument))
        if path is None or path.is_relative_to(assets_dir()):
            return True
        if file is not None:
            keep_version(played_model(0, instrument).digests, path, file.descriptor, take)
        return file is not None


def _opened(path: Path) -> ModelFile | None:
    """Open a file that is about to be loaded; None where loading will say why not."""
    with contextlib.suppress(ModelFileError):
        return ModelFile.open(path)
    return None


def version_of(file: ModelFile) -> Version:
    """Return the version of an open file."""
    parts = (file.manifest.part_digest(part) for part in ("model", "analysis", "codes"))
    return *parts, file.manifest.settings_digest


def played_version(instrument: Instrument) -> Version:
    """Return the version of the file that an instrument was loaded from."""
    return instrument.model_digest, instrument.analysis_digest, instrument.codes_digest, instrument.settings_digest
