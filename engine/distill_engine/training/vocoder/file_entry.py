"""A vocoder's place in a model file: weights, runtime graph, and its row in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill_engine.modelfile import Manifest, Part
from distill_engine.training.graphs.export import export_runtime
from distill_engine.training.keeper import Result
from distill_engine.training.loop import Position
from distill_engine.training.storage import weights
from distill_engine.training.vocoder.task import VocoderTask, copy_synthesis

USABLE_LOG_MEL = 0.8  # nats: greatest held-out error of a usable vocoder where there is no base
TOLERATED_ERROR = 1.02  # ratio to the base vocoder's held-out error, at most, of a usable vocoder


def checkpoint_part(kind: str) -> str:
    """Return the name of the part that holds the checkpoint of this kind of vocoder."""
    return f"training/vocoder/{kind}"


def judge_usable(figures: dict[str, float], base: dict[str, float] | None) -> tuple[bool, str]:
    """Return whether `--vocoder auto` may choose a trained vocoder, and why.

    It may if the held-out log-mel error, `figures["mel"]` in nats, is at most 2 % above that of the
    base vocoder, or at most USABLE_LOG_MEL if there is no base.
    """
    mel = figures.get("mel", float("inf"))
    if base is None:
        good = mel <= USABLE_LOG_MEL
        return good, f"held-out log-mel error {mel:.2f} nat, {'within' if good else 'above'} {USABLE_LOG_MEL}"
    if figures == base:
        return True, f"held-out log-mel error {mel:.3f} nat: training has not improved on the shipped vocoder yet"
    good = mel <= base["mel"] * TOLERATED_ERROR
    word = "better than" if mel < base["mel"] else "as good as" if good else "worse than"
    return good, f"held-out log-mel error {mel:.3f} nat, {word} the base vocoder's {base['mel']:.3f}"


class VocoderEntry:
    """What the training of a vocoder writes beside its checkpoint.

    A vocoder that the file already has, and its row, stay until the new one is finished.

    Args:
        config: of the generator.
        task: the vocoder in training.
        base: held-out figures of the base vocoder, None if there is none of this configuration.
        warm_start: whether the training started from it.
    """

    def __init__(
        self, config: dict[str, Any], task: VocoderTask, base: dict[str, float] | None, *, warm_start: bool
    ) -> None:
        self._kind = task.settings.kind
        self._config, self._task, self._base, self._warm_start = config, task, base, warm_start
        self.checkpoint_part = checkpoint_part(self._kind)

    def interim_manifest(self, old: Manifest, position: Position) -> Manifest:
        """Return the manifest as it is."""
        return old

    def interim_parts(self, existing: Path | None) -> Mapping[str, Part]:
        """Return nothing."""
        return {}

    def result(self, output: Path, position: Position) -> Result:
        """Measure the best state on the held-out clips and export its graph."""
        generator = self._task.result()
        figures = copy_synthesis(generator, self._task.core, self._task.held_out)
        generator = generator.cpu().eval()
        row = self._row(position, figures)
        return Result(
            manifest=lambda old: replace(old, vocoders={**old.vocoders, self._kind: row}),
            parts={f"vocoder/{self._kind}": Part(weights(generator))},
            graphs=export_runtime(None, {self._kind: generator}),
        )

    def _row(self, position: Position, figures: dict[str, float]) -> dict[str, Any]:
        """Return the vocoder's row in the manifest, with its held-out figures."""
        usable, reason = judge_usable(figures, self._base)
        validation: dict[str, Any] = {"log_mel": figures["mel"], "mr_stft": figures["stft"]}
        if self._base is not None:
            validation |= {"base_log_mel": self._base["mel"], "base_mr_stft": self._base["stft"]}
        return {
            "config": self._config,
            "epochs": position.epoch(self._task),
            "steps": position.step,
            "seconds": position.seconds,
            "completed": True,
            "warm_start": self._warm_start,
            "validation": validation,
            "usable": usable,
            "reason": reason,
            "verdict": self._task.verdict(position.history).value if position.history else "",
            "settings": self._task.settings.to_dict(),
        }
