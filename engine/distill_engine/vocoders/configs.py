"""Configurations of the trainable vocoders. Imports no framework."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Self

from distill_engine.errors import ConfigError


class _Config:
    """Base of the configurations: a frozen dataclass to and from a dict."""

    kind: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-compatible values under the field names."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the config of `to_dict`'s values; lists become tuples.

        Raises ConfigError for unknown names.
        """
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"{cls.kind} config: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        return cls(**{name: _tuples(value) for name, value in values.items()})

    def today(self) -> Self:
        """Return this config with today's values of all that its weights do not depend on."""
        return self


def _tuples(value: Any) -> Any:
    """Return nested lists as nested tuples; any other value unchanged."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class HifiGanConfig(_Config):
    """Sizes of HiFi-GAN (arXiv 2010.05646, appendix A). Defaults: V2 at 44.1 kHz.

    Attributes:
        bands: mel bands of the input [bands, T].
        upsample_rates: factors from mel frames to samples, one per stage; their product is the hop.
        upsample_kernels: kernel of each stage's transposed convolution, in its output samples.
        initial_channels: channels before the first stage; each stage halves them.
        resblock: 1 has two convolutions per dilation (V1, V2), 2 has one (V3).
        resblock_kernels: kernels of a stage's parallel residual blocks, in samples of that stage.
        resblock_dilations: the dilations of each of these blocks.
        causal: puts all padding left, so that a stream has no delay.

    Raises ConfigError for sizes that do not fit each other.
    """

    kind: ClassVar[str] = "hifigan"

    bands: int = 128
    upsample_rates: tuple[int, ...] = (8, 8, 4, 2)
    upsample_kernels: tuple[int, ...] = (16, 16, 8, 4)
    initial_channels: int = 128
    resblock: int = 1
    resblock_kernels: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    causal: bool = True

    def __post_init__(self) -> None:
        if len(self.upsample_rates) != len(self.upsample_kernels) or not self.upsample_rates:
            raise ConfigError("hifigan: upsample_rates and upsample_kernels must be equally many, at least one")
        if len(self.resblock_kernels) != len(self.resblock_dilations) or self.resblock not in (1, 2):
            raise ConfigError("hifigan: one dilation list per resblock kernel, resblock 1 or 2")
        if any(k < r or (k - r) % 2 for r, k in zip(self.upsample_rates, self.upsample_kernels, strict=True)):
            raise ConfigError("hifigan: each upsample kernel minus its rate must be even and not negative")
        if self.initial_channels % 2 ** len(self.upsample_rates) or min(self.bands, *self.upsample_rates) < 1:
            raise ConfigError(f"hifigan: initial_channels {self.initial_channels} cannot be halved at each upsampling")

    @property
    def hop(self) -> int:
        """Samples per mel frame."""
        return math.prod(self.upsample_rates)

    @property
    def delay(self) -> int:
        """Samples by which a stream is late: 0 if causal, else the sum over the layers."""
        if self.causal:
            return 0
        total = 3  # of the first convolution, kernel 7
        for rate, kernel in zip(self.upsample_rates, self.upsample_kernels, strict=True):
            block_delays = [
                sum((k - 1) // 2 * (d + (self.resblock == 1)) for d in dilations)
                for k, dilations in zip(self.resblock_kernels, self.resblock_dilations, strict=True)
            ]
            total = total * rate + (kernel - rate) // 2 + max(block_delays)
        return total + 3  # of the last convolution, kernel 7


@dataclass(frozen=True)
class VocosConfig(_Config):
    """Sizes of a causal frame-rate vocoder after Vocos (arXiv 2306.00814).

    ConvNeXt blocks over mel frames, then an inverse STFT.

    Attributes:
        bands: mel bands of the input [bands, T].
        hop: samples per mel frame.
        channels: channels of the blocks.
        hidden: width inside a block.
        blocks: number of ConvNeXt blocks.
        kernel: frames that a block's convolution spans.
        n_fft: points of a spectrum; also the window's length in samples.
        frames_per_hop: spectra per mel frame, hop / frames_per_hop samples apart.
        rise: samples over which a spectrum fades in before its centre; half of n_fft in files that
            do not say. The shorter it is, the sooner the sound comes, and the less exact it is.
        oscillators: amplitude of the oscillators that share in a spectrum's phases, relative to its
            magnitudes; 0.6 in files that do not say. A short rise needs more of them, or roundings
            grow.

    Raises ConfigError for sizes that do not fit each other.
    """

    kind: ClassVar[str] = "vocos"

    bands: int = 128
    hop: int = 512
    channels: int = 64
    hidden: int = 192
    blocks: int = 1
    kernel: int = 7
    n_fft: int = 1024
    frames_per_hop: int = 2
    rise: int = 256
    oscillators: float = 1.0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the config of `to_dict`'s values; see `rise` and `oscillators`."""
        return super().from_dict({"rise": values.get("n_fft", cls.n_fft) // 2, "oscillators": 0.6, **values})

    def today(self) -> Self:
        """Return this config with today's rise, if it is not shorter, and today's oscillators."""
        rise = max(self.hop // self.frames_per_hop, min(self.rise, VocosConfig.rise))
        return replace(self, rise=rise, oscillators=VocosConfig.oscillators)

    def __post_init__(self) -> None:
        if min(self.bands, self.channels, self.hidden, self.blocks, self.kernel, self.frames_per_hop) < 1:
            raise ConfigError("vocos: every size must be at least 1")
        if self.hop % self.frames_per_hop or self.n_fft % (self.hop // self.frames_per_hop):
            raise ConfigError(f"vocos: n_fft {self.n_fft} must be a multiple of hop / frames_per_hop")
        if self.n_fft % 64:
            raise ConfigError(f"vocos: n_fft {self.n_fft} must be a multiple of 64")
        if self.n_fft < 2 * (self.hop // self.frames_per_hop):
            raise ConfigError(f"vocos: n_fft {self.n_fft} must be at least twice hop / frames_per_hop")
        if not self.hop // self.frames_per_hop <= self.rise <= self.n_fft // 2:
            raise ConfigError(f"vocos: rise {self.rise} must lie between hop / frames_per_hop and half of n_fft")
        if not 0.5 <= self.oscillators <= 2.0:
            raise ConfigError(f"vocos: oscillators {self.oscillators} must lie between 0.5 and 2")

    @property
    def delay(self) -> int:
        """Samples by which a stream is late.

        What the rises of neighbouring windows overlap, and one spectrum of look-ahead.
        """
        return self.rise + self.hop // self.frames_per_hop // 2
