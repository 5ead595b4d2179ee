"""Makes what ships inside the package: `base.distillgan` (base vocoders) and `starter.distillgan` (the built-in model).

    python benchmarks/build_assets.py base --kind vocos --minutes 80 --work build/assets
    python benchmarks/build_assets.py base --kind hifigan --minutes 90 --work build/assets
    python benchmarks/build_assets.py base --kind hifigan --minutes 90 --work build/assets --onward   # goes on from the shipped one
    python benchmarks/build_assets.py pack --work build/assets          # halves, graphs, provenance -> base.distillgan
    python benchmarks/build_assets.py starter --minutes 40 --work build/assets          # latent model and controls
    python benchmarks/build_assets.py all                               # everything above, one after the other

Training is on the clips of benchmarks/corpus (CC0 and MIT, sources beside them), widened by augmentation and by sounds of formula.
A base training that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine
from torch import nn

from distill_engine.audio.encoding import write_audio
from distill_engine.audio.files import read_audio
from distill_engine.audio.levels import peak_db
from distill_engine.dataset.corpus import load_corpus
from distill_engine.modelfile import Manifest, ModelFile, Part, save_model, update_model
from distill_engine.training.batches import Augmentation, Batches, ExtraSounds
from distill_engine.training.device import training_device
from distill_engine.training.events import Progress, TrainingEvent, Validated
from distill_engine.training.export import export_runtime
from distill_engine.training.loop import Budget, TrainingLoop
from distill_engine.training.storage import load_weights, read_checkpoint, to_part, weights
from distill_engine.training.synthetic import synthetic_sound
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.task import VocoderTask
from distill_engine.vocoders.registry import VOCODERS, build_vocoder

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
ASSETS = HERE.parent / "engine" / "distill_engine" / "assets"
WIDE = Augmentation(pitch=0.8, semitones=12.0, mixing=0.2, gain_db=(-24.0, 3.0))
SYNTHETIC_SHARE = 0.4
SETTINGS = {
    "vocos": VocoderSettings("vocos", 3, 128, learning_rate=3e-4, spectral_fraction=1.0, decoded_share=0.0),
    "hifigan": VocoderSettings("hifigan", 4, 40, learning_rate=8e-4, spectral_fraction=1.0, decoded_share=0.0),
}


def train_base(kind: str, minutes: float, work: Path, device: str, *, onward: bool = False) -> None:
    """Trains a base vocoder into `work/base_<kind>.distillgan`; resumes what is there.

    `onward` begins from the weights of the shipped base instead of from nothing, at half the rate, and counts its steps and seconds in.
    """
    work.mkdir(parents=True, exist_ok=True)
    clips, held_out = sounds()
    s = SETTINGS[kind]
    if onward:
        s = replace(s, learning_rate=s.learning_rate / 2)
    batches = Batches(clips, s.batch_size, s.segment_frames, 0, WIDE, ExtraSounds(synthetic_sound, SYNTHETIC_SHARE))
    torch.manual_seed(0)
    network, before = build_vocoder(kind), {"epochs": 0, "steps": 0, "seconds": 0.0}
    if onward:
        before = shipped(kind, network)
    task = VocoderTask(network, s, batches, held_out, device=training_device(device))
    path, part = work / f"base_{kind}.distillgan", f"training/vocoder/{kind}"

    def save(checkpoint: Any, final: bool) -> None:
        row = {
            "config": VOCODERS[kind].config().to_dict(), "epochs": before["epochs"] + loop.epoch,
            "steps": before["steps"] + loop.position.step, "seconds": before["seconds"] + loop.position.seconds,
            "usable": True, "settings": s.to_dict(),
            "validation": {"log_mel": loop.position.history[-1]["mel"], "mr_stft": loop.position.history[-1]["stft"]}
            if loop.position.history else {},
        }  # fmt: skip
        manifest = Manifest(name=f"base {kind}", vocoders={kind: row}, extra={"machine": machine()})
        parts = {
            f"vocoder/{kind}": Part(weights(task.result() if final else task.core.average)),
            part: to_part(checkpoint, {}),
        }
        save_model(path, manifest, parts)

    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    loop = TrainingLoop(task, Budget(seconds=minutes * 60), save, listen=show, stopped=lambda: stopped)
    found = read_checkpoint(path, part)
    if found is not None:
        loop.restore(found[0])
    loop.run()


def sounds() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The clips that base vocoders train on, and those held out (12 of each corpus, 4 s at most)."""
    corpora = [load_corpus(CORPUS / name, seed=0) for name in ("base", "sonicpi_cc0")]
    return (
        [c.clips[i].samples for c in corpora for i in c.training],
        [c.clips[i].samples[: 4 * 44100] for c in corpora for i in c.validation[:12]],
    )


def shipped(kind: str, network: nn.Module) -> dict[str, Any]:
    """Loads the shipped base's weights into `network`; its row in the manifest."""
    with ModelFile.open(ASSETS / "base.distillgan") as file:
        load_weights(network, {k: v.astype(np.float32) for k, v in file.read_part(f"vocoder/{kind}").items()}, kind)
        return dict(file.manifest.vocoders[kind])


def show(event: TrainingEvent) -> None:
    if isinstance(event, Validated):
        print(event.step, {k: round(v, 4) for k, v in event.figures.items()}, event.verdict, flush=True)
    elif isinstance(event, Progress) and event.step % 50 == 0:
        print(
            event.step, f"{event.steps_per_second:.2f}/s", {k: round(v, 3) for k, v in event.losses.items()}, flush=True
        )


def halved(module: nn.Module) -> dict[str, np.ndarray]:
    """Weights in half precision. The network itself is rounded too, so that its graph says the same."""
    arrays = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in weights(module).items()}
    load_weights(module, {k: v.astype(np.float32) for k, v in arrays.items()}, "halved")
    return arrays


def pack(work: Path, note: str) -> None:
    """`work/base_*.distillgan` -> the shipped file: half precision, validated so, runtime graphs, provenance.

    A kind that was not trained there keeps its shipped weights.
    """
    held_out = sounds()[1]
    parts: dict[str, Part] = {}
    rows: dict[str, Any] = {}
    graphs: dict[str, bytes] = {}
    for kind in SETTINGS:
        path = work / f"base_{kind}.distillgan"
        network = build_vocoder(kind).eval()
        if path.exists():
            with ModelFile.open(path) as file:
                row = dict(file.manifest.vocoders[kind])
                load_weights(network, file.read_part(f"vocoder/{kind}"), str(path))
        else:
            row = shipped(kind, network)
        parts[f"vocoder/{kind}"] = Part(halved(network))
        graphs |= export_runtime(None, {kind: network})
        figures = VocoderTask(network, SETTINGS[kind], Batches(held_out, 1, 32, 0), held_out).validate()
        rows[kind] = row | {"validation": {"log_mel": figures["mel"], "mr_stft": figures["stft"]}}
        print(kind, rows[kind]["validation"], flush=True)
    ASSETS.mkdir(exist_ok=True)
    manifest = Manifest(name="base", vocoders=rows, extra={"provenance": provenance(note)})
    save_model(ASSETS / "base.distillgan", manifest, parts, graphs)


def provenance(note: str) -> dict[str, str]:
    return {
        "made": datetime.date.today().isoformat(),
        "machine": machine(),
        "corpus": "benchmarks/corpus: base (360 clips, CC0 and MIT) and sonicpi_cc0 (40 clips, CC0); sources in SOURCES.txt",
        "licence": "weights: MIT, as the product; sounds: CC0 1.0, FluidR3 GM MIT (c) 2000-2002, 2008 Frank Wen",
        "note": note,
    }


def levelled(source: Path, target: Path) -> Path:
    """Copies a corpus with its clips brought to one loudness, by 10 dB at most, peaks below -1 dB: what drifts through them then
    keeps to a level."""
    from distill_engine.rendering.analysing import TARGET_DB, loudness_db

    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.flac")):
        sound = read_audio(path)
        gain = np.clip(TARGET_DB - loudness_db(sound.samples, sound.sample_rate), -10.0, 10.0)
        samples = sound.samples * 10 ** (min(gain, -1.0 - peak_db(sound.samples)) / 20)
        write_audio(target / path.name, samples.astype(np.float32), sound.sample_rate)
    return target


def starter(minutes: float, work: Path) -> None:
    """Trains on sonicpi_cc0, levelled, with the command a user would type, then drops the training state and halves the weights."""
    from distill_control.cli.main import main

    path = work / "starter.distillgan"
    corpus = levelled(CORPUS / "sonicpi_cc0", work / "levelled")
    if main(["train", str(corpus), "-o", str(path), "--minutes", str(minutes), "--fresh"]):
        raise SystemExit("the starter's training failed")
    ship_starter(path, corpus)


def ship_starter(path: Path, corpus: Path) -> None:
    """Slims and halves a trained model into the package and analyses it as it is then.

    It ships without a vocoder of its own (8 MB more): it plays through the base `vocos`, which has heard its corpus.
    """
    from distill_control.cli.main import main
    from distill_engine.training.reconstruction import load_latent_model

    target = ASSETS / "starter.distillgan"
    ASSETS.mkdir(exist_ok=True)
    shutil.copyfile(path, target)
    model = load_latent_model(target)
    if model is None:
        raise SystemExit(f"{path} has no latent model")
    with ModelFile.open(target) as file:
        dropped = [name for name in file.parts if name.startswith(("training/", "vocoder/"))]
    note = "latent model trained on sonicpi_cc0 alone, its clips brought to one loudness; plays through the base vocos"
    update_model(
        target,
        manifest=lambda old: replace(old, name="starter", vocoders={}, extra={"provenance": provenance(note)}),
        parts={**dict.fromkeys(dropped), "model": Part(halved(model))},
        graphs=export_runtime(model, {}),
    )
    if main(["analyse", str(target), str(corpus)]):
        raise SystemExit("the starter's analysis failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("base", "pack", "starter", "ship", "all"))
    parser.add_argument("--kind", choices=tuple(SETTINGS), default="vocos")
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--work", type=Path, default=Path("build/assets"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--onward", action="store_true", help="base: begin from the shipped weights")
    parser.add_argument("--note", default="")
    args = parser.parse_args()
    if args.what == "base":
        train_base(args.kind, args.minutes, args.work, args.device, onward=args.onward)
    if args.what == "all":
        for kind in SETTINGS:
            train_base(kind, args.minutes, args.work, args.device)
    if args.what in ("pack", "all"):
        pack(args.work, args.note)
    if args.what in ("starter", "all"):
        starter(args.minutes / 2, args.work)
    if args.what == "ship":
        ship_starter(args.work / "starter.distillgan", args.work / "levelled")


if __name__ == "__main__":
    main()
