"""Published weights in their network on a device: any HiFi-GAN or BigVGAN. Imports torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import power_to_db
from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import ConfigError, VocoderError
from distill_engine.layers.runner import Runner, choose_device, move_network
from distill_engine.layers.step_graph import structured
from distill_engine.system.listeners import ignore
from distill_engine.vocoders.registry import build_vocoder, vocoder_delay
from distill_engine.vocoders.weights.convert import load_weights
from distill_engine.vocoders.weights.events import FellBack, Listener
from distill_engine.vocoders.weights.records import WeightsRecord

BLOCK_FRAMES = 64
HALF_TOLERANCE_DB = 50.0  # signal-to-error ratio that half precision must reach


@dataclass(frozen=True)
class LoadedVocoder:
    """A published generator with its weights on a device.

    Attributes:
        kind: "hifigan" or "bigvgan".
        config: the network's config.
        mel: the mel that it takes.
        digest: SHA-256 of the converted weights.
        delay: samples, at the mel's own rate, by which a stream of `runner` is late.
        runner: steps the network.
    """

    kind: str
    config: Any
    mel: MelConfig
    digest: str
    delay: int
    runner: Runner

    @property
    def network(self) -> Any:
        """The torch module."""
        return self.runner.network

    def vocode(self, mel: Float32Array, block: int = BLOCK_FRAMES) -> Float32Array:
        """Synthesise samples [F * hop] from log-mel [bands, F].

        F may be any length: the mel streams through the network, `block` frames at a time, in
        bounded memory. If memory runs out, blocks get smaller, then the work moves to the CPU; the
        listener gets a message. Raises ConfigError for a mel of another shape, VocoderError if even
        the CPU lacks memory.
        """
        if mel.ndim != 2 or mel.shape[0] != self.config.bands:
            raise ConfigError(f"{self.kind} takes mel [{self.config.bands}, frames], got shape {mel.shape}")
        if mel.shape[1] == 0:
            return np.zeros(0, np.float32)
        x = torch.from_numpy(np.ascontiguousarray(mel, np.float32))[None]
        state, blocks = self.runner.initial_state(), []
        for start in range(0, mel.shape[1], block):
            samples, state = self.runner.step(x[..., start : start + block], state)
            blocks.append(samples[0, 0].numpy())
        blocks.append(self._last_samples(state))
        sound = np.concatenate(blocks)[self.delay :]
        return np.asarray(sound[: mel.shape[1] * self.mel.hop])

    def _last_samples(self, state: Any) -> Float32Array:
        """Return the samples that the network holds back at the end, `delay` of them or a few more.

        A network with `ended` treats the end as in a whole sound; others get frames of silence.
        """
        frames, state = -(-self.delay // self.mel.hop), structured(state)
        ended = self.network.ended(state) if hasattr(self.network, "ended") else state
        value = 0.0 if ended is not state else math.log(self.mel.floor)
        samples, _ = self.runner.step(torch.full((1, self.config.bands, frames), value), ended)
        return np.asarray(samples[0, 0].numpy())


def load_record(
    record: WeightsRecord, *, torch_device: str = "auto", half: bool | None = None, listener: Listener = ignore
) -> LoadedVocoder:
    """Load the network of a record of kind "hifigan" or "bigvgan" on a device.

    Args:
        record: the weights.
        torch_device: `auto|cpu|cuda|mps`; auto prefers CUDA, then MPS.
        half: half precision; None: for BigVGAN on CUDA, if a probe sounds the same.
        listener: receives events.

    Raises WeightsError, VocoderError, ConfigError (no such device).
    """

    def notify(reason: str) -> None:
        listener(FellBack(reason))

    device = choose_device(torch_device)
    with torch.device("meta"):
        network = build_vocoder(record.kind, record.config)
    load_weights(record.tensors, network)
    network = network.eval()
    runner = Runner(network, move_network(network, device, notify), notify=notify)
    delay = vocoder_delay(record.kind, record.config)
    loaded = LoadedVocoder(record.kind, network.config, record.mel_config, record.converted_sha256, delay, runner)
    if half or (half is None and record.kind == "bigvgan" and runner.device.type == "cuda"):
        _use_half(loaded, insist=bool(half))
    return loaded


def _use_half(loaded: LoadedVocoder, insist: bool) -> None:
    """Use half precision if a probe's signal-to-error ratio is at least HALF_TOLERANCE_DB.

    Otherwise raise VocoderError if `insist`, else return to full precision.
    """
    probe = np.random.default_rng(0).normal(-5.0, 1.5, (loaded.config.bands, 24)).astype(np.float32)
    exact = loaded.vocode(probe)
    _set_precision(loaded, torch.float16)
    error = float(np.mean((loaded.vocode(probe) - exact) ** 2))
    ratio_db = float(power_to_db(float(np.mean(exact**2)) / error)) if error > 0 else np.inf
    if np.isfinite(error) and ratio_db >= HALF_TOLERANCE_DB:
        return
    if insist:
        raise VocoderError(
            f"{loaded.kind}: half precision changes the sound here ({ratio_db:.0f} dB): use full precision"
        )
    _set_precision(loaded, torch.float32)
    loaded.runner.notify("half precision changes the sound here: using full precision")


def _set_precision(loaded: LoadedVocoder, dtype: torch.dtype) -> None:
    """Set the precision in which the network computes."""
    loaded.network.to(dtype)
    loaded.runner.dtype = dtype
