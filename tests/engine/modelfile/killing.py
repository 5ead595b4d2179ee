"""Run as a program: writers of one model file are killed (SIGKILL) at random moments, or compete. Prints a JSON report."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from distill_engine.modelfile import Manifest, ModelFile, save_model, update_model
from distill_engine.modelfile.verify import verify_file


def parts_of(generation: int) -> dict[str, dict[str, np.ndarray]]:
    value = np.full(40_000, generation, np.float32)
    return {"model": {"w": value}, "training/model": {"m": value}}


def count(manifest: Manifest) -> Manifest:
    return replace(manifest, training={"generation": manifest.training.get("generation", 0) + 1})


def write(path: Path, rounds: int, seed: int) -> None:
    """Save whole files and updates in turn; parts and manifest of one generation belong together."""
    for index in range(rounds):
        generation = seed * 1000 + index
        manifest = Manifest("m", "vae", training={"generation": generation})
        if index % 2:
            save_model(path, manifest, {**parts_of(generation), "vocoder/vocos": {"w": np.ones(9)}})
        else:
            update_model(path, manifest=manifest, parts=parts_of(generation))


def generation_of(path: Path) -> int:
    """The generation that manifest and every part agree on; raises if the file is not whole."""
    with ModelFile.open(path) as file:
        faults = [finding for finding in verify_file(file) if finding.fault]
        assert not faults, faults
        generation = int(file.manifest.training["generation"])
        for name, key in (("model", "w"), ("training/model", "m")):
            assert (file.read_part(name)[key] == generation).all(), name
        assert "vocoder/vocos" in file.parts
    return generation


def child(work: object, *arguments: object) -> int:
    pid = os.fork()
    if not pid:
        work(*arguments)  # type: ignore[operator]
        os._exit(0)
    return pid


def kill_many(path: Path, kills: int) -> dict[str, object]:
    chance = random.Random(7)
    seen: set[int] = set()
    left_behind = 0
    for number in range(1, kills + 1):
        pid = child(write, path, 1000, number)
        time.sleep(chance.uniform(0.001, 0.06))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status), "the writer ended by itself"
        left_behind += sum(1 for name in os.listdir(path.parent) if name != path.name)
        seen.add(generation_of(path))
    write(path, 2, 999)
    return {
        "kills": kills,
        "generations": len(seen),
        "temporary": left_behind,
        "after": sorted(os.listdir(path.parent)),
    }


def compete(path: Path, rounds: int) -> dict[str, object]:
    def work() -> None:
        for _ in range(rounds):
            update_model(path, manifest=count)

    update_model(path, manifest=lambda manifest: replace(manifest, training={}))
    for pid in [child(work) for _ in range(3)]:
        assert os.waitpid(pid, 0)[1] == 0
    with ModelFile.open(path) as file:
        return {"counted": file.manifest.training["generation"], "expected": 3 * rounds}


def main() -> None:
    path = Path(sys.argv[1]) / "m.distillgan"
    save_model(path, Manifest("m", training={"generation": 0}), {**parts_of(0), "vocoder/vocos": {"w": np.ones(9)}})
    report = kill_many(path, int(sys.argv[2])) | compete(path, 20)
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
