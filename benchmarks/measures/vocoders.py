"""Vocoders as functions from a log-mel [bands, T] to samples [T * 512]; Griffin-Lim too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from distill_engine.audio.mel import mel_filterbank, mel_spectrogram
from distill_engine.audio.mel_config import LEAD_IN
from distill_engine.library.assets import base_vocoder_path
from distill_engine.modelfile import ModelFile
from distill_engine.models.latent_model import LatentModel
from distill_engine.training.reconstruction import reconstruct
from distill_engine.training.storage import load_weights
from distill_engine.training.vocoder.base import base_network
from distill_engine.vocoders.registry import build_vocoder, vocoder_kind

Samples = npt.NDArray[np.float32]
Vocode = Callable[[np.ndarray], Samples]
KINDS = ("vocos", "hifigan")


def griffin_lim(mel: np.ndarray, rounds: int = 60) -> Samples:
    """Return the samples of a log-mel by Griffin and Lim (1984), momentum 0.99.

    The magnitudes come from multiplicative updates, which keep them non-negative and fit the mel.
    """
    import librosa

    bank = mel_filterbank()
    magnitude = np.maximum(np.linalg.pinv(bank) @ np.exp(mel), 1e-8)
    for _ in range(40):
        magnitude *= (bank.T @ np.exp(mel)) / np.maximum(bank.T @ (bank @ magnitude), 1e-8)
    out = librosa.griffinlim(
        magnitude, n_iter=rounds, hop_length=512, win_length=2048, n_fft=2048, center=True, random_state=0
    )
    target = mel.shape[1] * 512
    out = np.concatenate([np.zeros(256, np.float32), out])  # centred frames sit at hop t, ours at hop t + 1/2
    return np.pad(out, (0, max(0, target - len(out))))[:target].astype(np.float32)


def vocode(network: torch.nn.Module) -> Vocode:
    """Return a network [1, bands, T] -> [1, 1, T * 512] as a function of one mel."""

    def run(mel: np.ndarray) -> Samples:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(mel)[None])[0, 0].numpy())

    return run


def base_vocoders() -> dict[str, Vocode]:
    """Return the shipped vocoders by kind."""
    networks = {kind: base_network(kind, vocoder_kind(kind).config().to_dict()) for kind in KINDS}
    return {kind: vocode(network) for kind, network in networks.items() if network is not None}


def all_vocoders(model: Path | None, earlier: Path | None = None) -> dict[str, Vocode]:
    """Return Griffin-Lim, the shipped vocoders and a model's own, by their name in the table.

    `earlier` is a file of vocoders that were shipped before.
    """
    found: dict[str, Vocode] = {"Griffin-Lim 60": griffin_lim}
    files = [("base", base_vocoder_path("vocos")), ("own", model), ("earlier base", earlier)]
    for origin, path in files:
        if path is None:
            continue
        with ModelFile.open(path) as file:
            for kind, row in file.manifest.vocoders.items():
                network = build_vocoder(kind, row["config"]).eval()
                load_weights(network, file.read_part(f"vocoder/{kind}"), str(path))
                minutes = float(row.get("seconds", 0.0)) / 60
                found[f"{origin} {kind} ({minutes:.0f} min, {row.get('steps', 0)} steps)"] = vocode(network)
    return found


def copied(clip: np.ndarray, vocode_one: Vocode, model: LatentModel | None = None) -> Samples:
    """Return a clip [T] sent through its mel (and a model) and a vocoder, after silence.

    `distill resynth` sends a file in the same way.
    """
    mel = mel_spectrogram(np.pad(clip, (LEAD_IN, 0)))
    if model is not None:
        mel = reconstruct(model, torch.from_numpy(mel)[None])[0].numpy()
    return np.ascontiguousarray(vocode_one(mel)[LEAD_IN:], np.float32)
