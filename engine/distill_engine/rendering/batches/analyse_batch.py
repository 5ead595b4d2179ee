"""Analyse many models on the same folder of sounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill_engine.errors import DistillError
from distill_engine.rendering.analysing import AnalysisOptions, analyse_model_file
from distill_engine.rendering.model_corpus import corpus_of_model


@dataclass(frozen=True)
class AnalyseBatch:
    """An analysis of models on the folder `corpus`. A task is the path of a model."""

    corpus: Path
    seed: int = 0
    vocoder: str = "auto"

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> AnalyseBatch:
        """Return the batch that `plain` described."""
        return cls(**{**values, "corpus": Path(values["corpus"])})

    def task_from_plain(self, values: str) -> Path:
        """Return the model that `plain` described."""
        return Path(values)

    def model_of(self, path: Path) -> Path:
        """Return the model of a task."""
        return path

    def prepare(self) -> Callable[[Path], Mapping[str, Any]]:
        """Return the function that analyses a model and writes the result into its file.

        It returns the table that the manifest stores under "table", or why not under "reason".
        """

        def do(path: Path) -> Mapping[str, Any]:
            try:
                corpus = corpus_of_model(self.corpus, 0, path)
                return {"table": analyse_model_file(path, corpus, AnalysisOptions(self.seed, self.vocoder))}
            except DistillError as error:
                return {"reason": str(error)}

        return do
