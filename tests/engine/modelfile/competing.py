"""Run as a program: three processes update one model file at the same time. Prints a JSON report."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from distill_engine.modelfile import Manifest, ModelFile, save_model, update_model

ROUNDS = 20  # of each process


def count(manifest: Manifest) -> Manifest:
    return replace(manifest, training={"generation": manifest.training.get("generation", 0) + 1})


def writer(path: Path) -> int:
    pid = os.fork()
    if not pid:
        for _ in range(ROUNDS):
            update_model(path, manifest=count)
        os._exit(0)
    return pid


def main() -> None:
    path = Path(sys.argv[1]) / "m.distillgan"
    save_model(path, Manifest("m"), {})
    for pid in [writer(path) for _ in range(3)]:
        assert os.waitpid(pid, 0)[1] == 0
    with ModelFile.open(path) as file:
        counted = file.manifest.training["generation"]
    sys.stdout.write(json.dumps({"counted": counted, "expected": 3 * ROUNDS, "after": os.listdir(path.parent)}))


if __name__ == "__main__":
    main()
