"""Render a model once with each of its controls at both ends, to hear what each does.

    python examples/hear_each_control.py starter sounds --seconds 5

All files hold the same performance: the seed is the same, and only one control differs.
"""

import argparse
from pathlib import Path

from distill_engine import load_model
from distill_engine.audio.files import write_audio


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model's name, or a .distillgan file (starter: the built-in one)")
    parser.add_argument("folder", type=Path, help="the folder to write to")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each file")
    args = parser.parse_args()

    model = load_model(args.model)
    args.folder.mkdir(parents=True, exist_ok=True)
    for control in model.controls:
        for value in (-1.0, 1.0):
            sound = model.render(args.seconds, seed=1, controls={control.name: value})  # [2, T]
            write_audio(args.folder / f"{control.name}{value:+.0f}.wav", sound, model.sample_rate)
        print(f"{control.name}: {control.low:.1f} to {control.high:.1f} {control.unit}")


if __name__ == "__main__":
    main()
