"""`distill train`: from a corpus to a latent model in a `.distillgan` file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distill_engine.errors import TrainingError
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.events import Finished, Listener
from distill_engine.training.latent.closed_form import write_closed_form
from distill_engine.training.latent.model_options import CHECKPOINT_PART, ModelOptions
from distill_engine.training.storage import StoredTraining, checkpoint_to_resume

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus


def train_model(
    corpus: Corpus,
    output: Path,
    options: ModelOptions,
    *,
    listen: Listener,
    stopped: Callable[[], bool] = lambda: False,
) -> Finished:
    """Train a latent model into the file `output`.

    A new model of version 2 is written at once, as a skeleton that plays; one in closed form is
    completed then. The file gets the part "model", the checkpoint and, once completed, the runtime
    graphs. Raises TrainingError for a corpus without sounds or a checkpoint that does not fit.
    """
    stored = _begun(corpus, output, options) if options.resume else None
    if options.config.closed_form:
        return write_closed_form(corpus, output, options, stored, listen=listen, stopped=stopped)
    from distill_engine.training.latent.train_networks import train_networks

    return train_networks(corpus, output, options, stored, listen=listen, stopped=stopped)


def _begun(corpus: Corpus, output: Path, options: ModelOptions) -> StoredTraining:
    """Read the checkpoint to resume. Raises TrainingError if there is none that fits."""
    found = checkpoint_to_resume(output, CHECKPOINT_PART, "model", corpus)
    if ModelConfig.from_dict(found.about["config"]) != options.config:
        raise TrainingError(f"{output}: its checkpoint has another model configuration: start again with --fresh")
    return found
