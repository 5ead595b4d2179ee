"""Published weights loaded into their network, on a device: any HiFi-GAN or BigVGAN, ready to play. Imports torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from distill_engine.audio.mel import FloatArray, MelConfig
from distill_engine.errors import ConfigError, VocoderError
from distill_engine.layers.runner import Runner, choose_device, move_network
from distill_engine.system.listeners import ignore
from distill_engine.vocoders.registry import build_vocoder, vocoder_delay
from distill_engine.vocoders.weights.convert import map_weights
from distill_engine.vocoders.weights.events import FellBack, Listener
from distill_engine.vocoders.weights.records import WeightsRecord

BLOCK_FRAMES = 64
HALF_TOLERANCE_DB = 50.0


@dataclass(frozen=True)
class LoadedVocoder:
    """A published generator with its weights on a device. `mel` is what it takes, `digest` names the weights.

    `delay` are the samples, at the mel's own rate, by which a stream of `runner` is late.
    """

    kind: str
    config: Any
    mel: MelConfig
    digest: str
    delay: int
    runner: Runner

    @property
    def network(self) -> Any:
        return self.runner.network

    def vocode(self, mel: FloatArray, block: int = BLOCK_FRAMES) -> FloatArray:
        """Samples [F * hop] of log-mel [bands, F], of any length in bounded memory: an exact stream, `block` frames at a time.

        Where memory runs out the blocks get smaller, then the work moves to the CPU; the listener gets a message.
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
        blocks.append(self._rest(state))
        whole = np.concatenate(blocks)[self.delay :]
        return np.asarray(whole[: mel.shape[1] * self.mel.hop])

    def _rest(self, state: Any) -> FloatArray:
        """The last `delay` samples: where the network knows of an end, with the edge that the whole sound has."""
        late = -(-self.delay // self.mel.hop)
        ended = self.network.ended(state) if hasattr(self.network, "ended") else state
        value = 0.0 if ended is not state else math.log(self.mel.floor)
        samples, _ = self.runner.step(torch.full((1, self.config.bands, late), value), ended)
        return np.asarray(samples[0, 0].numpy())


def load_record(
    record: WeightsRecord, *, torch_device: str = "auto", half: bool | None = None, listener: Listener = ignore
) -> LoadedVocoder:
    """The network of a record of kind "hifigan" or "bigvgan", on a device.

    Args:
        half: half precision; None: for BigVGAN on CUDA where a probe shows that the sound stays the same.

    Raises WeightsError, VocoderError, ConfigError (no such device).
    """

    def notify(reason: str) -> None:
        listener(FellBack(reason))

    device = choose_device(torch_device)
    with torch.device("meta"):
        network = build_vocoder(record.kind, record.config)
    map_weights(record.tensors, network)
    network = network.eval()
    runner = Runner(network, move_network(network, device, notify), notify=notify)
    delay = vocoder_delay(record.kind, record.config)
    loaded = LoadedVocoder(record.kind, network.config, record.mel_config, record.converted_sha256, delay, runner)
    if half or (half is None and record.kind == "bigvgan" and runner.device.type == "cuda"):
        _use_half(loaded, insist=bool(half))
    return loaded


def _use_half(loaded: LoadedVocoder, insist: bool) -> None:
    """Half precision, if a probe through it equals the one in full precision to HALF_TOLERANCE_DB."""
    probe = np.random.default_rng(0).normal(-5.0, 1.5, (loaded.config.bands, 24)).astype(np.float32)
    exact = loaded.vocode(probe)
    _set_precision(loaded, torch.float16)
    error = float(np.mean((loaded.vocode(probe) - exact) ** 2))
    difference = 10 * np.log10(float(np.mean(exact**2)) / error) if error > 0 else np.inf
    if np.isfinite(error) and difference >= HALF_TOLERANCE_DB:
        return
    if insist:
        raise VocoderError(
            f"{loaded.kind}: half precision changes the sound here ({difference:.0f} dB): use full precision"
        )
    _set_precision(loaded, torch.float32)
    loaded.runner.notify("half precision changes the sound here: using full precision")


def _set_precision(loaded: LoadedVocoder, dtype: torch.dtype) -> None:
    loaded.network.to(dtype)
    loaded.runner.dtype = dtype
