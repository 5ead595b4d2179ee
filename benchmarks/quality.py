"""How close to the original, on held-out clips: copy-synthesis through vocoders, and end to end through a model.

    python benchmarks/quality.py [--model MODEL] [--corpus DIR] [--json FILE]

Rows: Griffin-Lim 60 of the true mel (here only: the product has none), the base vocoders, the model's own vocoders; then
clip -> latents -> mel -> vocoder. Columns: log-mel L1 (nat), multi-resolution STFT (auraloss), zimtohrli (its MOS scale, higher is
better), log-spectral distance in the transients (dB). Compare differences: random phase alone scores 3.4 to 4.4.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from build_assets import CORPUS
from machine import machine

from distill_engine.audio.mel import DEFAULT_MEL, LEAD_IN, mel_filterbank, mel_spectrogram
from distill_engine.dataset.corpus import load_corpus
from distill_engine.library.assets import base_vocoder_path
from distill_engine.modelfile import ModelFile
from distill_engine.models.latent_model import LatentModel
from distill_engine.training.reconstruction import load_latent_model, reconstruct
from distill_engine.training.storage import load_weights
from distill_engine.training.vocoder.base import base_network
from distill_engine.vocoders.registry import build_vocoder, vocoder_kind

Vocode = Callable[[np.ndarray], np.ndarray]


def griffin_lim(mel: np.ndarray, rounds: int = 60) -> np.ndarray:
    """Samples of a log-mel: magnitudes by non-negative least squares' first guess, phases by Griffin and Lim (1984), momentum 0.99."""
    import librosa

    bank = mel_filterbank()
    magnitude = np.maximum(np.linalg.pinv(bank) @ np.exp(mel), 1e-8)
    for _ in range(40):  # multiplicative updates keep it non-negative and fit the mel
        magnitude *= (bank.T @ np.exp(mel)) / np.maximum(bank.T @ (bank @ magnitude), 1e-8)
    out = librosa.griffinlim(
        magnitude, n_iter=rounds, hop_length=512, win_length=2048, n_fft=2048, center=True, random_state=0
    )
    target = mel.shape[1] * 512
    out = np.concatenate([np.zeros(256, np.float32), out])  # centred frames sit at hop t, ours at hop t + 1/2
    return np.pad(out, (0, max(0, target - len(out))))[:target].astype(np.float32)


def vocode(network: torch.nn.Module) -> Vocode:
    def run(mel: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(mel)[None])[0, 0].numpy())

    return run


def base_vocoders() -> dict[str, Vocode]:
    """The shipped vocoders by their kinds."""
    networks = {kind: base_network(kind, vocoder_kind(kind).config().to_dict()) for kind in ("vocos", "hifigan")}
    return {kind: vocode(network) for kind, network in networks.items() if network is not None}


class Measures:
    """Distances between an original and its copy [T], both at 44.1 kHz."""

    def __init__(self) -> None:
        import auraloss
        import soxr
        from zimtohrli import Pyohrli, mos_from_zimtohrli

        self._stft = auraloss.freq.MultiResolutionSTFTLoss()
        self._hear, self._mos, self._resample = Pyohrli(), mos_from_zimtohrli, soxr.resample

    def __call__(self, original: np.ndarray, copy: np.ndarray) -> dict[str, float]:
        a, b = torch.from_numpy(original)[None, None], torch.from_numpy(copy)[None, None]
        heard = [self._resample(_lengthened(x), 44100, 48000).astype(np.float32) for x in (original, copy)]
        return {
            "log_mel": float(np.abs(mel_spectrogram(original) - mel_spectrogram(copy)).mean()),
            "mr_stft": float(self._stft(b, a)),
            "zimtohrli": float(self._mos(self._hear.distance(*heard))),
            "transient_lsd": transient_distance(original, copy),
        }


def _lengthened(x: np.ndarray) -> np.ndarray:
    """At least a second: zimtohrli destroys its own memory on a clip of 46 ms."""
    return np.pad(x, (0, max(0, 44100 - len(x))))


def transient_distance(original: np.ndarray, copy: np.ndarray) -> float:
    """Log-spectral distance in dB (256-point spectra) over the tenth of frames with the greatest rise in energy."""
    spectra = []
    for x in (original, copy):
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, (0, 256)), 256)[::64] * np.hanning(256)
        spectra.append(20 * np.log10(np.abs(np.fft.rfft(frames)) + 1e-4))
    energy = spectra[0].mean(1)
    rise = np.maximum(0, energy[4:] - energy[:-4])
    chosen = np.argsort(rise)[-max(1, len(rise) // 10) :] + 4
    return float(np.sqrt(np.square(spectra[0][chosen] - spectra[1][chosen]).mean(1)).mean())


def vocoders(model: Path | None) -> dict[str, Vocode]:
    """Everything that turns a mel into sound here, by the name in the table."""
    found: dict[str, Vocode] = {"Griffin-Lim 60": griffin_lim}
    files = [("base", base_vocoder_path("vocos"))] + ([("own", model)] if model else [])
    for origin, path in files:
        with ModelFile.open(path) as file:
            for kind, row in file.manifest.vocoders.items():
                network = build_vocoder(kind, row["config"]).eval()
                load_weights(network, file.read_part(f"vocoder/{kind}"), str(path))
                minutes = float(row.get("seconds", 0.0)) / 60
                found[f"{origin} {kind} ({minutes:.0f} min, {row.get('steps', 0)} steps)"] = vocode(network)
    return found


def copied(clip: np.ndarray, vocode_one: Vocode, model: LatentModel | None = None) -> np.ndarray:
    """A clip [T] sent after silence, as `distill resynth` does, through its mel (and the model) and a vocoder."""
    mel = mel_spectrogram(np.pad(clip, (LEAD_IN, 0)))
    if model is not None:
        mel = reconstruct(model, torch.from_numpy(mel)[None])[0].numpy()
    return np.ascontiguousarray(vocode_one(mel)[LEAD_IN:], np.float32)


def measure(
    clips: list[np.ndarray], vocode_one: Vocode, measures: Measures, model: LatentModel | None
) -> dict[str, float]:
    """Means over clips; with a model the mel goes through its latents first."""
    rows = []
    for clip in clips:
        rows.append(measures(clip, copied(clip, vocode_one, model)))
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--corpus", type=Path, default=CORPUS / "sonicpi_cc0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    corpus = load_corpus(args.corpus, seed=args.seed)
    clips = [corpus.clips[i].samples for i in corpus.validation]
    clips = [clip[: min(len(clip), 8 * 44100) // 512 * 512] for clip in clips]
    measures, model = Measures(), load_latent_model(args.model) if args.model else None
    table: dict[str, Any] = {}
    for name, run in vocoders(args.model).items():
        table[f"copy-synthesis, {name}"] = measure(clips, run, measures, None)
        if model is not None:
            table[f"end to end, {name}"] = measure(clips, run, measures, model)
    if model is not None:
        errors = []
        for clip in clips:
            mel = torch.from_numpy(mel_spectrogram(clip))[None]
            errors.append(float((reconstruct(model, mel) - mel).abs().mean()))
        table["latent model alone (mel to mel)"] = {"log_mel": float(np.mean(errors))}
    print(
        f"{len(clips)} held-out clips of {args.corpus.name}, {machine()}, frame rate {DEFAULT_MEL.frame_rate:.2f} Hz\n"
    )
    columns = ("log_mel", "mr_stft", "zimtohrli", "transient_lsd")
    print("| what | log-mel L1 (nat) | MR-STFT | zimtohrli | transients LSD (dB) |\n|---|---|---|---|---|")
    for name, row in table.items():
        print(f"| {name} | " + " | ".join(f"{row[c]:.3f}" if c in row else "" for c in columns) + " |")
    if args.json:
        args.json.write_text(json.dumps({"machine": machine(), "clips": len(clips), "rows": table}, indent=1))


if __name__ == "__main__":
    main()
