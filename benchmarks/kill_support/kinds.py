"""Whatever is written while the process may be killed: its writer, and the check of what is left.

A writer goes on until it is killed. It says by `done(number)` what it has finished; the check gets
the last number that was said.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill_engine.audio.files import read_audio, write_audio
from distill_engine.audio_io.recording import AudioWriter
from distill_engine.library.presets import PresetStore
from distill_engine.library.renders import RenderStore
from distill_engine.modelfile import Manifest, ModelFile, save_model, update_model
from distill_engine.modelfile.verify import verify_file
from distill_engine.takes.take import ParameterChange, PlayedModel, TakeHeader
from distill_engine.takes.take_file import read_take
from distill_engine.takes.take_recorder import TakeRecorder

RATE = 44100
BLOCK_SECONDS, CHANGES_PER_SECOND = 0.01, 100  # of what is played while a recording or a take is written
Done = Callable[[int], None]
Lost = float
"""Seconds of what was played that are not there."""


class Half(Exception):
    """Something is half, or lost that had been finished."""


@dataclass(frozen=True)
class Kind:
    """One kind; `begin` makes what is there before, a kill comes after `seconds` (least, most).

    `write(folder, number, done)` is the work of round `number`; `check(folder, number, last)`
    raises Half, or returns the seconds of what was played that are lost.
    """

    name: str
    write: Callable[[Path, int, Done], None]
    check: Callable[[Path, int, int], Lost]
    seconds: tuple[float, float] = (0.001, 0.08)
    begin: Callable[[Path], None] = lambda folder: None


def expect(true: bool, what: object) -> None:
    """Raise Half unless something is true."""
    if not true:
        raise Half(str(what))


def _parts(generation: int) -> dict[str, dict[str, np.ndarray]]:
    value = np.full(40_000, generation, np.float32)
    return {"model": {"w": value}, "training/model": {"m": value}}


def _begin_model(folder: Path) -> None:
    save_model(
        folder / "m.distillgan", Manifest("m", training={"generation": 0}), {**_parts(0), "vocoder/vocos": {"w": ONES}}
    )


ONES = np.ones(9, np.float32)
ROUND = 1000  # generations, presets or entries of one round at most


def write_model(folder: Path, number: int, done: Done, rounds: int = ROUND) -> None:
    """Save whole files and updates in turn; parts and manifest of one generation belong together."""
    path = folder / "m.distillgan"
    for generation in range(number * ROUND, number * ROUND + rounds):
        manifest = Manifest("m", "vae", training={"generation": generation})
        if generation % 2:
            save_model(path, manifest, {**_parts(generation), "vocoder/vocos": {"w": ONES}})
        else:
            update_model(path, manifest=manifest, parts=_parts(generation))
        done(generation)


def check_model(folder: Path, number: int, last: int) -> Lost:
    """Check that manifest and parts are of one generation, not older than the last that was said."""
    with ModelFile.open(folder / "m.distillgan") as file:
        faults = [finding for finding in verify_file(file) if finding.fault]
        expect(not faults, faults)
        generation = int(file.manifest.training["generation"])
        for name, key in (("model", "w"), ("training/model", "m")):
            expect(bool((file.read_part(name)[key] == generation).all()), name)
        expect("vocoder/vocos" in file.parts and generation >= last, (generation, last))
    return 0.0


def _write_presets(folder: Path, number: int, done: Done) -> None:
    store = PresetStore(folder)
    for place in itertools.cycle(range(8)):
        store.save(f"p {place}", "rain", "abc", {"/distill/gain": -float(number)})
        if place == 5:
            store.move("p 5", 0, "rain", "abc")
        if place == 7:
            store.rename("p 7", f"kept {number}", "rain", "abc")
            store.delete(f"kept {number}", "rain", "abc")
        done(place)


def _check_presets(folder: Path, number: int, last: int) -> Lost:
    store = PresetStore(folder)
    expect(not store.damaged(), store.damaged())
    presets = {preset.name: preset for preset in store.of_model("rain", "abc")}
    expect(last < 0 or last == 7 or f"p {last}" in presets, (last, sorted(presets)))
    expect(all(set(preset.values) == {"/distill/gain"} for preset in presets.values()), presets)
    return 0.0


def _write_history(folder: Path, number: int, done: Done) -> None:
    store, sound = RenderStore(folder), folder / "heard.wav"
    for count in itertools.count():
        entry = store.add(sound, f"{number} {count}", {"seed": count})
        store.change(entry.id, starred=True, title=f"{number} {count} kept")
        done(count)


def _begin_history(folder: Path) -> None:
    import distill_engine.library.history.listening  # noqa: F401  # the forked writers have it then

    write_audio(folder / "heard.wav", np.full((1, RATE // 10), 0.25, np.float32), RATE)


def _check_history(folder: Path, number: int, last: int) -> Lost:
    store = RenderStore(folder)
    entries = store.entries()
    expect(not any(entry.fault for entry in entries), [entry.fault for entry in entries if entry.fault])
    expect(all(read_audio(store.sound(entry.id)).duration > 0.0 for entry in entries[:3]), "a sound")
    titles = {entry.title for entry in entries if entry.starred}
    expect(all(f"{number} {count} kept" in titles for count in range(last + 1)), (last, len(titles)))
    return 0.0


def _write_recording(folder: Path, number: int, done: Done) -> None:
    writer, played, began = AudioWriter(folder / _sound(number), RATE, 1), 0, time.monotonic()
    while True:
        wanted = int((time.monotonic() - began) * RATE)
        writer.write((np.arange(played, wanted) % RATE / (2 * RATE)).astype(np.float32)[:, None])
        played = wanted
        done(played)
        time.sleep(BLOCK_SECONDS)


def _sound(number: int) -> str:
    return f"{number}{('.wav', '.flac', '.aiff')[number % 3]}"


def _check_recording(folder: Path, number: int, last: int) -> Lost:
    if last <= RATE // 2:  # before the first header
        return 0.0
    sound = read_audio(folder / _sound(number)).samples[0]
    expect(bool(np.abs(sound - np.arange(len(sound)) % RATE / (2 * RATE)).max() < 1e-3), _sound(number))
    return max(0.0, (last - len(sound)) / RATE)


def _write_take(folder: Path, number: int, done: Done) -> None:
    recorder, noted, began = TakeRecorder(folder / f"{number}.take"), 0, time.monotonic()
    rain = PlayedModel(0, "rain", "vocos", {"model": "abc"})
    recorder.begin(TakeHeader((rain,), seed=number, block=1))
    while True:
        while noted < (time.monotonic() - began) * CHANGES_PER_SECOND:
            recorder.note(ParameterChange(noted, "/distill/gain", -float(noted % 50)))
            noted += 1
        done(noted)
        time.sleep(BLOCK_SECONDS)


def _check_take(folder: Path, number: int, last: int) -> Lost:
    if last <= CHANGES_PER_SECOND // 2:
        return 0.0
    events = read_take(folder / f"{number}.take", allow_truncated=True).events
    wanted = [ParameterChange(at, "/distill/gain", -float(at % 50)) for at in range(len(events))]
    expect(list(events) == wanted, f"{number}.take")
    return max(0.0, (last - len(events)) / CHANGES_PER_SECOND)


def _begin_training(folder: Path) -> None:
    """Make three sounds and a model, and import torch here: the forked writers have it then."""
    import torch
    import torch._dynamo  # what an optimiser imports

    from distill_engine.models.build import build_model
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.storage import weights

    torch.set_num_threads(1)
    config = ModelConfig(
        latent_dim=8, encoder_channels=16, encoder_blocks=2, decoder_channels=16, decoder_blocks=1, expansion=2
    )
    manifest = Manifest(name="m", family="vae", model=config.to_dict())
    save_model(folder / "m.distillgan", manifest, {"model": weights(build_model(config))})
    (folder / "sounds").mkdir()
    for frequency in (220, 330, 550):
        wave = np.sin(2 * np.pi * frequency * np.arange(RATE // 2) / RATE)
        write_audio(folder / "sounds" / f"{frequency}.wav", wave[None].astype(np.float32) / 4, RATE)
    (folder / "before").write_bytes(_model_weights(folder))


def _write_training(folder: Path, number: int, done: Done) -> None:
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.training.vocoder.settings import VocoderSettings
    from distill_engine.training.vocoder.train_vocoder import VocoderOptions, train_vocoder

    options = VocoderOptions(
        settings=VocoderSettings(batch_size=1, segment_frames=16, width=0.03, spectral_fraction=0.5),
        config={"channels": 16, "hidden": 32, "blocks": 1, "kernel": 3, "n_fft": 1024, "frames_per_hop": 1},
        epochs=100_000, resume=_checkpoint_step(folder) > 0, warm_start=False, device="cpu", checkpoint_seconds=0.0,
    )  # fmt: skip
    corpus, first = load_corpus(folder / "sounds", validation=0.34), _checkpoint_step(folder)
    train_vocoder(corpus, folder / "m.distillgan", options, listen=lambda event: done(first))


def _check_training(folder: Path, number: int, last: int) -> Lost:
    """Check that the model is as it was, and that the training has not gone back."""
    expect(_model_weights(folder) == (folder / "before").read_bytes(), "the latent model")
    expect(_checkpoint_step(folder) >= last, (_checkpoint_step(folder), last))
    return 0.0


def _model_weights(folder: Path) -> bytes:
    with ModelFile.open(folder / "m.distillgan") as file:
        return b"".join(array.tobytes() for _, array in sorted(file.read_part("model").items()))


def _checkpoint_step(folder: Path) -> int:
    """Return the step of the checkpoint in the file, 0 where there is none."""
    from distill_engine.training.storage import read_checkpoint

    found = read_checkpoint(folder / "m.distillgan", "training/vocoder/vocos")
    return int(found[0].metadata["position"]["step"]) if found is not None else 0


_PLAYED_SECONDS = (0.7, 1.9)
KINDS = (
    Kind("model files", write_model, check_model, begin=_begin_model),
    Kind("presets", _write_presets, _check_presets),
    Kind("history of renders", _write_history, _check_history, (0.01, 0.4), _begin_history),
    Kind("recordings", _write_recording, _check_recording, _PLAYED_SECONDS),
    Kind("takes", _write_take, _check_take, _PLAYED_SECONDS),
    Kind("training", _write_training, _check_training, (0.5, 3.0), _begin_training),
)
