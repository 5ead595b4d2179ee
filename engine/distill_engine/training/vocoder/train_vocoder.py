"""`distill train-vocoder`: a model's own vocoder, from the base vocoder or from random weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.dataset.scan import SILENT_DB
from distill_engine.errors import VocoderError
from distill_engine.modelfile import Manifest, ModelFile
from distill_engine.modelfile.configs import vocoder_config
from distill_engine.system.listeners import ignore
from distill_engine.training.device import training_device
from distill_engine.training.distributed import Ranks, start_ranks, stop_ranks
from distill_engine.training.events import Finished, Listener
from distill_engine.training.loop import CHECKPOINT_SECONDS, Budget, budget_for_resume, left_until
from distill_engine.training.reconstruction import load_latent_model
from distill_engine.training.setup import Setup, training_batches
from distill_engine.training.storage import RELISTED, StoredTraining, checkpoint_to_resume
from distill_engine.training.vocoder.base import base_network
from distill_engine.training.vocoder.file_entry import VocoderEntry, checkpoint_part
from distill_engine.training.vocoder.previews import Previews
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.task import VocoderTask, copy_synthesis
from distill_engine.vocoders.registry import build_vocoder, vocoder_kind

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

VALIDATION_SECONDS = 20.0
DEFAULT_SECONDS = 20 * 60.0
EXPORT_SECONDS = 10.0  # kept before a deadline for the export of the graph, on two CPU cores


@dataclass(frozen=True)
class VocoderOptions:
    """What to train and for how long.

    Attributes:
        settings: of a new training; a resumed one keeps its own.
        config: shape of the vocoder; None is the kind's default. A resumed one keeps its own.
        epochs: length.
        deadline: instant of `time.monotonic` by which the vocoder is to be in the file, instead of
            `epochs`. Without either a new training takes DEFAULT_SECONDS, and a resumed one what
            remains of its length.
        device: "auto", "cpu", "cuda" or "mps".
        resume: continue the checkpoint in the file.
        warm_start: start from the shipped base vocoder, if there is one of this shape.
        checkpoint_seconds: least time between two checkpoints.
        preview_epochs: least number of epochs between two audio previews, which are written into a
            folder beside the model; 0 writes none.
    """

    settings: VocoderSettings = field(default_factory=VocoderSettings)
    config: dict[str, Any] | None = None
    epochs: int | None = None
    deadline: float | None = None
    device: str = "auto"
    resume: bool = False
    warm_start: bool = True
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    preview_epochs: int = 0


@dataclass(frozen=True)
class _Start:
    """The network that a training starts with, before the checkpoint of a resumed one is loaded.

    Attributes:
        generator: the network.
        settings: of the training.
        config: shape of the network.
        base: the base vocoder of this shape, None if there is none.
        warm: whether the training starts, or once started, from the base vocoder.
        notes: sentences for the user about these choices.
    """

    generator: nn.Module
    settings: VocoderSettings
    config: dict[str, Any]
    base: nn.Module | None
    warm: bool
    notes: tuple[str, ...]


def train_vocoder(
    corpus: Corpus,
    output: Path,
    options: VocoderOptions,
    *,
    listen: Listener,
    stopped: Callable[[], bool] = lambda: False,
) -> Finished:
    """Train a vocoder into the model file `output`.

    The file may hold a latent model, whose reconstructions are then part of the training. Raises
    VocoderError for a kind that cannot be trained, TrainingError for a corpus without sounds or a
    checkpoint that does not fit.
    """
    kind = options.settings.kind
    if not vocoder_kind(kind).trainable:
        raise VocoderError(f"{kind} is a universal vocoder and is not trained here; choose hifigan or vocos")
    what = f"vocoder ({kind})"
    begun = checkpoint_to_resume(output, checkpoint_part(kind), what, corpus) if options.resume else None
    start = _start(output, options, begun, corpus)
    ranks = start_ranks()
    ranks.check_same(_in_common(start, corpus, output, options, begun))
    task = _task(start, corpus, output, options.device, ranks)
    figures, reserve = _measure_base(start.base, task)
    budget = budget_for_resume(
        begun, options.epochs, left_until(options.deadline, reserve), Budget(seconds=DEFAULT_SECONDS)
    )
    done = Setup(
        what=what,
        corpus=corpus,
        output=output,
        task=task,
        entry=VocoderEntry(start.config, task, figures, warm_start=start.warm),
        budget=budget,
        about=_about(start, corpus, budget),
        listen=_listener(listen, output, task, options.preview_epochs, ranks),
        stopped=stopped,
        begun=begun,
        checkpoint_seconds=options.checkpoint_seconds,
        saves=ranks.first,
        best=_score_to_beat(start, task, figures),
        notes=start.notes + ((f"{ranks.world} processes",) if ranks.world > 1 else ()),
    ).run()
    stop_ranks()
    return done


def _start(output: Path, options: VocoderOptions, begun: StoredTraining | None, corpus: Corpus) -> _Start:
    """Build the network: from the base vocoder, or from random weights decided by the seed."""
    settings, kind = options.settings, options.settings.kind
    config = options.config or vocoder_kind(kind).config().to_dict()
    if begun is not None:
        settings = VocoderSettings(**begun.about["settings"])
        stored = Manifest(vocoders={kind: {"config": begun.about["config"]}})
        config = vocoder_config(stored, kind, f"{output}: {checkpoint_part(kind)}").to_dict()
    torch.manual_seed(settings.seed)
    generator = build_vocoder(kind, config)
    base = base_network(kind, config)
    warm = begun is None and options.warm_start and base is not None
    if warm and base is not None:
        generator.load_state_dict(base.state_dict())
        settings = settings.from_base()
    notes: tuple[str, ...] = (_origin(kind, options, warm=warm, resumed=begun is not None),)
    if begun is not None and begun.about["corpus"] != corpus.digest:
        notes += (RELISTED,)
    if begun is not None:
        warm = bool(begun.about.get("warm_start"))
    return _Start(generator, settings, config, base, warm, notes)


def _origin(kind: str, options: VocoderOptions, *, warm: bool, resumed: bool) -> str:
    """Return what the training starts from, as a note for the user."""
    if resumed:
        return "resumed"
    if warm:
        return f"starts from the shipped base {kind}"
    if options.warm_start:
        return "no base vocoder of this shape is shipped: from scratch"
    return "from scratch, as asked"


def _in_common(
    start: _Start, corpus: Corpus, output: Path, options: VocoderOptions, begun: StoredTraining | None
) -> dict[str, str]:
    """Return, by what it is, all that the processes of a group must have in common."""
    length = options.epochs, options.deadline is None, options.resume, options.warm_start
    position = begun.checkpoint.metadata["position"] if begun is not None else None
    with ModelFile.open(output) if output.exists() else nullcontext() as file:
        digest = file.digest if file is not None else ""
    return {
        "the version of Distill": version("distill-audio"),
        "options": repr((start.settings, start.config, length)),
        "the sounds": corpus.digest,
        "the model file": repr((digest, position)),
    }


def _task(start: _Start, corpus: Corpus, output: Path, device: str, ranks: Ranks) -> VocoderTask:
    """Return the task; the latent model of the file, if it has one, decodes part of the clips."""
    settings = start.settings
    batches = training_batches(
        corpus, settings.batch_size, settings.segment_frames, settings.seed, augment=settings.augment
    )
    task = VocoderTask(start.generator, settings, batches, _held_out(corpus), training_device(device), ranks)
    latent_model = load_latent_model(output) if output.exists() else None
    if latent_model is not None:
        task.use_latent_model(latent_model)
    return task


def _held_out(corpus: Corpus) -> list[np.ndarray]:
    """Return the corpus's validation clips [T], VALIDATION_SECONDS of them at most."""
    held_out: list[np.ndarray] = []
    left = int(VALIDATION_SECONDS * DEFAULT_MEL.sample_rate)
    for index in corpus.validation:
        held_out.append(_first_audible(corpus.clips[index].samples, left))
        left -= len(held_out[-1])
        if left <= 0:
            break
    return held_out


def _first_audible(samples: np.ndarray, most: int) -> np.ndarray:
    """Return the first `most` of samples [T].

    If those are silent, return as many from the first sample that is not.
    """
    audible = np.flatnonzero(np.abs(samples) >= db_to_gain(SILENT_DB))
    begin = int(audible[0]) if len(audible) and audible[0] >= most else 0
    return samples[begin : begin + most]


def _measure_base(base: nn.Module | None, task: VocoderTask) -> tuple[dict[str, float] | None, float]:
    """Return the base vocoder's held-out figures, and the seconds to keep for the end.

    At the end there are a last validation, a measurement of the best state, and the export.
    """
    began = time.monotonic()
    figures = copy_synthesis(base.to(task.core.device), task.core, task.held_out) if base is not None else None
    return figures, 2 * (time.monotonic() - began) + EXPORT_SECONDS


def _score_to_beat(start: _Start, task: VocoderTask, figures: dict[str, float] | None) -> float:
    """Return the score of the base vocoder that the training starts from; infinity without one."""
    if not start.warm or start.base is None or figures is None:
        return math.inf
    return task.begin_with(start.base, figures)


def _about(start: _Start, corpus: Corpus, budget: Budget) -> dict[str, Any]:
    """Return what is stored beside the checkpoint, for a resume."""
    return {
        "settings": start.settings.to_dict(),
        "corpus": corpus.digest,
        "config": start.config,
        "warm_start": start.warm,
        **budget.to_dict(),
    }


def _listener(listen: Listener, output: Path, task: VocoderTask, preview_epochs: int, ranks: Ranks) -> Listener:
    """Return the listener of this process: only the first reports, with previews if asked for."""
    if not ranks.first:
        return ignore
    return Previews(output, task, preview_epochs, listen) if preview_epochs else listen
