"""The definition of a mel spectrogram, without numpy: the control process reads it too."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from distill_engine.errors import ConfigError

LEAD_IN = 4096
"""Samples of silence put before a recording that a vocoder copies, so that its start is an onset.

Without them the mel reflects the start and shows sound before it.
"""


@dataclass(frozen=True)
class MelConfig:
    """Definition of a log-mel spectrogram. The defaults, used throughout: 128 bands every 11.61 ms.

    Rates and limits are in Hz, `n_fft`, `window` and `hop` in samples. `power` 1 means magnitudes,
    2 power. `compression` "log" is ln(max(x, floor)), "log1p" is ln(1 + x).
    """

    sample_rate: int = 44100
    n_fft: int = 2048
    window: int = 2048
    hop: int = 512
    bands: int = 128
    f_min: float = 0.0
    f_max: float = 22050.0
    scale: Literal["slaney", "htk"] = "slaney"
    area_norm: bool = True
    power: int = 1
    compression: Literal["log", "log1p"] = "log"
    floor: float = 1e-5

    def __post_init__(self) -> None:
        if not 0 <= self.f_min < self.f_max <= self.sample_rate / 2:
            raise ConfigError(f"mel range {self.f_min}..{self.f_max} Hz does not fit {self.sample_rate} Hz")
        if not 0 < self.hop <= self.window <= self.n_fft or self.bands < 1:
            raise ConfigError(f"mel needs 0 < hop <= window <= n_fft, got {self.hop}, {self.window}, {self.n_fft}")
        if self.power not in (1, 2):
            raise ConfigError(f"mel power must be 1 (magnitude) or 2 (power), not {self.power}")

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop

    @property
    def padding(self) -> int:
        """Samples of reflection on each side, so that T samples give T // hop frames."""
        return (self.n_fft - self.hop) // 2

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as values for JSON."""
        return asdict(self)


DEFAULT_MEL = MelConfig()
