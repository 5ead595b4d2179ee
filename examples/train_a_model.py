"""Train a model on a folder of sounds, say what happens, and write a first sound that it plays.

python examples/train_a_model.py my_sounds birds.distillgan
"""

import argparse
from pathlib import Path

from distill_engine import train
from distill_engine.audio.files import write_audio


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="a folder of 5 to 500 sound files")
    parser.add_argument("output", type=Path, help="the .distillgan file to write")
    parser.add_argument("--minutes", type=float, help="for everything (default: as long as it takes, some seconds)")
    parser.add_argument("--quick", action="store_true", help="do not measure which controls the sound follows")
    args = parser.parse_args()

    names = []  # of the events so far

    def listen(event: object) -> None:
        name = type(event).__name__
        if name not in names:
            names.append(name)
            print(f"first {name}: {event}"[:160])

    model = train(args.folder, args.output, minutes=args.minutes, analyse=not args.quick, listen=listen)
    print(f"controls: {', '.join(control.name for control in model.controls) or 'none'}")
    write_audio(args.output.with_suffix(".wav"), model.render(5.0, seed=1), model.sample_rate)


if __name__ == "__main__":
    main()
