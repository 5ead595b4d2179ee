"""Play a model along a path of your own: from the latents of one sound to those of another and back.

    python examples/play_a_source_of_your_own.py starter one.wav two.wav out.wav

A source is a function that returns the latent of each hop (11.6 ms). The synth steers, decodes and limits it as it does
its own sources.
"""

import argparse
import math

import numpy as np

from distill_engine import load_model
from distill_engine.audio.files import read_audio, write_audio


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model's name, or a .distillgan file (starter: the built-in one)")
    parser.add_argument("sounds", nargs=2, help="two sound files")
    parser.add_argument("output", help="the sound file to write")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of the file")
    args = parser.parse_args()

    model = load_model(args.model)
    loops = []
    for path in args.sounds:
        sound = read_audio(path, mono=True)
        loops.append(model.encode(sound.samples[0], rate=sound.sample_rate))  # [D, L], in sigma

    def latent_of(hop: int) -> np.ndarray:
        share = 0.5 - 0.5 * math.cos(2.0 * math.pi * hop / model.mel.frame_rate / 4.0)  # there and back in 4 seconds
        one, two = (loop[:, hop % loop.shape[1]] for loop in loops)
        return (1.0 - share) * one + share * two

    blocks = list(model.stream(args.seconds, source=latent_of))  # each [2, n], as soon as it is computed
    write_audio(args.output, np.concatenate(blocks, axis=1), model.sample_rate)
    print(f"{args.output}: {args.seconds:g} s in {len(blocks)} blocks")


if __name__ == "__main__":
    main()
