"""Any published generator as a vocoder for this engine's mels: its mel by the adapter, its rate by resampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from distill_engine.audio.mel import DEFAULT_MEL, FloatArray, MelConfig
from distill_engine.audio.mel_adapter import MelAdapter
from distill_engine.audio.resampling import resample
from distill_engine.vocoders.weights import WeightsRecord
from distill_engine.vocoders.weights_events import Listener, ignore

CHUNK_FRAMES = 256


class PublishedVocoder:
    """Weights of kind "hifigan" or "bigvgan" that take mels of the definition `mel`, whatever their own. For whole sounds.

    Args:
        record: the weights, from `weights.add` or `weights_download.download`.
        mel: the definition of the mels that `vocode` is given, and the rate of the samples it returns.
        torch_device: `auto|cpu|cuda|mps`.

    Raises WeightsError, VocoderError.
    """

    def __init__(
        self,
        record: WeightsRecord,
        mel: MelConfig = DEFAULT_MEL,
        *,
        torch_device: str = "auto",
        listener: Listener = ignore,
    ) -> None:
        self.record, self.mel = record, mel
        self._adapter = MelAdapter(mel, record.mel_config)
        self._vocode = (
            _bigvgan(record, torch_device, listener) if record.kind == "bigvgan" else _hifigan(record, torch_device)
        )

    def vocode(self, mel: FloatArray) -> FloatArray:
        """Samples [F * hop] at the mel's own rate, of mel [bands, F]."""
        own = self.record.mel_config
        samples = self._vocode(self._adapter.convert(mel))
        if own.sample_rate != self.mel.sample_rate:
            samples = resample(samples, own.sample_rate, self.mel.sample_rate)
        wanted = mel.shape[1] * self.mel.hop
        fitted = samples[:wanted]
        return np.pad(fitted, (0, wanted - len(fitted))).astype(np.float32)


def _bigvgan(record: WeightsRecord, torch_device: str, listener: Listener) -> Any:
    from distill_engine.vocoders.bigvgan import load_record

    return load_record(record, torch_device=torch_device, listener=listener).vocode


def _hifigan(record: WeightsRecord, torch_device: str) -> Any:
    import torch

    from distill_engine.vocoders.bigvgan import choose_device
    from distill_engine.vocoders.registry import build_vocoder
    from distill_engine.vocoders.weights_convert import map_weights

    device = choose_device(torch_device)
    with torch.device("meta"):
        network = build_vocoder(record.kind, record.config)
    map_weights(record.tensors, network)
    network = network.to(device).eval()
    late = -(-network.delay // network.hop)

    def vocode(mel: FloatArray) -> FloatArray:
        """An exact stream in blocks, with silence behind the end to get the last samples out."""
        floor = np.full((mel.shape[0], late), np.log(record.mel_config.floor), np.float32)
        x = torch.from_numpy(np.concatenate([mel, floor], axis=1))[None]
        state, blocks = network.initial_state(1, device), []
        with torch.inference_mode():
            for start in range(0, x.shape[-1], CHUNK_FRAMES):
                samples, state = network.step(x[..., start : start + CHUNK_FRAMES].to(device), state)
                blocks.append(samples[0, 0].cpu().numpy())
        whole = np.concatenate(blocks)
        return np.asarray(whole[network.delay : network.delay + mel.shape[1] * network.hop])

    return vocode
