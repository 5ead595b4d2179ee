"""`distill render --count N` and `distill resynth MODEL FOLDER`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.batches.batch_options import progress_bar, workers_of
from distill_control.cli.keeping.record import keep_batch
from distill_control.cli.support.paths import output_folder

if TYPE_CHECKING:
    from distill_engine.rendering.render import RenderTarget
    from distill_engine.rendering.score import Score

GO_ON = "the same command with --skip-existing goes on"


@contextmanager
def counting_what_is_done(done: Callable[[], int], total: int) -> Iterator[None]:
    """Let an interruption or an error say how many files are done, and what goes on from there."""
    from distill_engine.errors import Cancelled, DistillError

    try:
        yield
    except KeyboardInterrupt:
        raise Cancelled(f"stopped: {done()} of {total} files are done; {GO_ON}") from None
    except DistillError as error:
        if done():
            error.args = (f"{error}; {done()} of {total} files are done; {GO_ON}",)
        raise


def render_many(args: argparse.Namespace, path: Path, score: Score, target: RenderTarget) -> int:
    """Render the batch that the options describe. Raises DistillError."""
    from distill_control.cli.support.output import emit
    from distill_engine.rendering.batches.manifest import NAME
    from distill_engine.rendering.batches.render_batch import BatchProgress, RenderBatch, render_batch
    from distill_engine.rendering.exporting.sampler import PRESET_SUFFIXES

    folder = output_folder(args.output)
    batch = RenderBatch(
        path, score, replace(target, path=folder), args.count, tuple(args.vary), args.grid, args.vocoder or "auto",
        args.torch_device,
    )  # fmt: skip
    state, workers = BatchProgress(args.count), workers_of(args, folder)
    with counting_what_is_done(lambda: state.done, state.total), progress_bar("rendering") as (bar, task):

        def show(now: BatchProgress) -> None:
            nonlocal state
            state = now
            bar.update(task, total=now.total, completed=now.done)

        state = render_batch(batch, workers=workers, skip_existing=args.skip_existing, progress=show)
    name = path.stem
    data = {"folder": str(folder), "files": state.done, "skipped": state.skipped, "manifest": str(folder / NAME)}
    data |= {"presets": [str(folder / f"{name}{suffix}") for suffix in PRESET_SUFFIXES], "notes": state.notes}
    data |= {"anew": state.anew, "changed": list(state.changed)}
    facts, said = keep_batch(args, folder, batch.recipe(), dict(data), batch.files())
    data |= facts
    skipped = f", {state.skipped} of them were there" if state.skipped else ""
    anew = f", {state.anew} made anew (another {', '.join(state.changed)})" if state.anew else ""
    notes = "".join(f"note: {note}\n" for note in state.notes)
    summary = (
        f"{notes}{folder}: {state.done} files{skipped}{anew}; {NAME} says how each was made, "
        + " and ".join(f"{name}{suffix}" for suffix in PRESET_SUFFIXES)
        + f" open them in samplers{said}"
    )
    emit(args, data, lambda c: c.print(summary, markup=False, soft_wrap=True))
    return 0


def resynth_folder(args: argparse.Namespace, path: Path, target: RenderTarget) -> int:
    """Resynthesise every sound of a folder; what cannot be read is named. Raises DistillError."""
    from distill_control.cli.support.output import console_err, emit
    from distill_engine.errors import AudioFileError
    from distill_engine.rendering.batches.resynth_batch import ResynthBatch, resynth_batch

    folder = output_folder(args.output)
    target = replace(target, path=folder)
    batch = ResynthBatch(path, args.input, target, args.vocoder or "auto", args.torch_device, args.mel_only)
    total, outcomes, workers = len(batch.recordings()), dict[str, str](), workers_of(args, folder)
    with counting_what_is_done(lambda: len(outcomes), total), progress_bar("resynthesising") as (bar, task):
        for name, reason in resynth_batch(batch, workers=workers, skip_existing=args.skip_existing):
            outcomes[name] = reason
            bar.update(task, total=total, completed=len(outcomes))
    unread = {name: reason for name, reason in outcomes.items() if reason}
    left_out = batch.passed_over() | unread
    for reason in left_out.values():
        console_err().print(f"left out: {reason}", markup=False, soft_wrap=True)
    if unread and len(unread) == total:
        raise AudioFileError(f"{args.input}: none of {total} files could be read")
    written = len(outcomes) - len(unread)
    data = {"folder": str(folder), "files": written, "skipped": total - len(outcomes), "left_out": left_out}
    there = [folder / name for _, name in batch.recordings() if not outcomes.get(name)]
    facts, said = keep_batch(args, folder, batch.recipe(), dict(data), there)
    data |= facts
    emit(args, data, lambda c: c.print(f"{folder}: {written} files written{said}", markup=False, soft_wrap=True))
    return 0
