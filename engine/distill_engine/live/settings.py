"""The settings that the live engine starts with, and what it reports when it plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distill_engine.errors import ConfigError
from distill_engine.live.capacity.realtime_check import BLOCKS
from distill_engine.live.scheduling import TARGETS, TargetConfig
from distill_engine.synthesis.space.layout import Layout
from distill_engine.vocabulary.ranges import DEVICE_RATES_HZ, LATENCIES_MS, THREADS_LIMIT, check_range


@dataclass(frozen=True)
class EngineSettings:
    """The settings that the engine starts with, checked.

    `device` and `input` None take the preferred device; "null" plays by the clock, "file:PATH" into
    a file. `sample_rate` (Hz) None takes the device's own. `block` (hops) and `threads` None are
    found by measuring. `latency` is low, normal or safe: how full the ring is kept; a number of ms
    fixes that. The engine ends after `seconds` (None: never). With `keep_going`, what cannot be had
    is a warning. With `follow`, new versions of the model file fade in. `voices` notes
    sound at once. `space` is the kind of space at first, `layout` the outputs.
    """

    model: Path
    vocoder: str = "auto"
    device: str | None = None
    input: str | None = None
    sample_rate: int | None = None
    block: int | None = None
    threads: int | None = None
    torch_device: str | None = None
    latency: str | float = "normal"
    seed: int = 0
    source: str = "auto"
    playing: bool = True
    record: Path | None = None
    allow_paths: bool = False
    seconds: float | None = None
    keep_going: bool = False
    follow: bool = False
    voices: int = 1
    space: str = "stereo"
    layout: Layout = field(default_factory=Layout)

    def __post_init__(self) -> None:
        if self.block is not None and self.block not in BLOCKS:
            raise ConfigError(f"--block {self.block}: blocks are {', '.join(map(str, BLOCKS))} hops")
        for name, value, (low, high), unit in (
            ("--sample-rate", self.sample_rate, DEVICE_RATES_HZ, " Hz"),
            ("--latency", self.latency if isinstance(self.latency, float) else None, LATENCIES_MS, " ms"),
            ("--threads", self.threads, (1, THREADS_LIMIT), ""),
        ):
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} {value:g}: give {low:g} to {high:g}{unit}")
        if self.seconds is not None and not 0.0 < self.seconds < float("inf"):
            raise ConfigError(f"--seconds {self.seconds:g}: give a number of seconds above 0")
        if isinstance(self.latency, str) and self.latency not in TARGETS:
            raise ConfigError(f"--latency {self.latency}: give {', '.join(TARGETS)} or a number of ms")
        check_range("/distill/seed", self.seed, "--seed")
        check_range("/distill/voices", self.voices, "--voices")

    @property
    def target(self) -> TargetConfig:
        """How full the ring is kept."""
        return TargetConfig(fixed=self.latency / 1e3) if isinstance(self.latency, float) else TARGETS[self.latency]


@dataclass(frozen=True)
class StartReport:
    """What a started engine plays and where, and the control process's figures by name."""

    model: str
    vocoder: str
    device: str
    rate_hz: int
    control: Mapping[str, Any]
