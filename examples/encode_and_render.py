"""Load a model, encode a sound, move its latents, and write what the model makes of them.

    python examples/encode_and_render.py starter voice.wav out.wav

The sound keeps its course in time. In the second half every latent moves towards the middle of the model, so the timbre
fades into the model's average sound.
"""

import argparse

import numpy as np

from distill_engine import load_model
from distill_engine.audio.files import read_audio, write_audio
from distill_engine.library.lookup import find_model


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "model", help="a .distillgan file, or the name of a model in the library (starter: the built-in one)"
    )
    parser.add_argument("sound", help="the sound file to encode")
    parser.add_argument("output", help="the sound file to write")
    args = parser.parse_args()

    model = load_model(find_model(args.model, allow_paths=True))
    sound = read_audio(args.sound, sample_rate=model.sample_rate, mono=True)  # samples: [1, T], resampled if need be

    whole = np.pad(sound.samples[0], (0, 511))  # [T + 511]: the last, incomplete 512 samples are encoded as well
    latents = model.encode(whole)  # [D, L]: a column each 512 samples (2,048 in version 1), in sigma
    count = latents.shape[1]
    fade = np.clip(2.0 - 2.0 * np.arange(count) / count, 0.0, 1.0)  # 1 in the first half, then down to 0
    mel = model.decode(latents * fade)  # [128, F]: log-mel frames, one each 512 samples
    samples = model.vocode(mel)  # [512 * F]: mono samples at 44.1 kHz

    write_audio(args.output, samples[: sound.samples.shape[1]], model.sample_rate)
    print(f"{args.output}: {sound.duration:.1f} s, {model.latent_dim} latents, vocoder {model.choice().name}")


if __name__ == "__main__":
    main()
