"""The vocoder `vocos` computed by the native kernel instead of its graph: the same samples, sooner.

A graph says in its metadata which edition of the kernel computes the same. States have the names
and shapes of the graph's, so takes and snapshots hold for both.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Mapping
from functools import lru_cache
from threading import local

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import ConfigError
from distill_engine.inference.step_backend import copy_states, write_states
from distill_engine.native.library import Library
from distill_engine.vocoders.configs import VocosConfig
from distill_engine.vocoders.vocos.constant_tables import LEVELS, ONSET_POSITIONS, computed, constant_name
from distill_engine.vocoders.vocos.part_tables import (
    NEIGHBOURHOOD,
    NO_FRAME,
    NOISE_FRAMES,
    PAST_FRAMES,
    SMOOTHING_BANDS,
    feedback_tables,
    onset_tables,
    phase_tables,
    reading_tables,
)

KERNEL, VOCOS = "distill.kernel", "vocos/1"
"""Key and value in a graph's metadata: the kernel computes the same."""
_WEIGHTS = (
    "embed.weight", "embed.bias", "embed_norm.weight", "embed_norm.bias", "head_norm.weight", "head_norm.bias",
    "spectra.weight", "spectra.bias",
)  # fmt: skip
_BLOCK_WEIGHTS = (
    "depthwise.weight", "depthwise.bias", "norm.weight", "norm.bias", "widen.weight", "widen.bias",
    "narrow.weight", "narrow.bias", "scale",
)  # fmt: skip
_SOUND = ("tail", "newest", "before", "oscillators", "done", "lacking")  # states of the synthesis
_BUFFERS = 8  # block sizes of which each stream keeps its output


class VocosKernel:
    """One vocoder in the native kernel, whose tables all its streams share.

    Raises ConfigError if the kernel does not compute this config, or weights do not fit it.
    """

    channels_out = 1

    def __init__(self, library: Library, config: VocosConfig, part: Mapping[str, np.ndarray]) -> None:
        self.channels_in, self.hop, self._library = config.bands, config.hop, library
        try:
            sizes = _sizes(config)
        except ValueError as error:
            raise ConfigError(f"the native kernel does not compute {error}") from None
        known = library.vocos_tables(sizes.ctypes.data, None, 0)
        if config.hop != MelConfig().hop or not known:  # before tables of any size are computed
            raise ConfigError("the native kernel does not compute a vocoder of these sizes")
        try:
            tables = _tables(config, part)
        except KeyError as error:
            raise ConfigError(f"the vocoder has no weights {error}") from None
        counts = np.zeros(known, np.int64)
        library.vocos_tables(sizes.ctypes.data, counts.ctypes.data, known)
        if [table.size for table in tables] != counts.tolist():
            raise ConfigError("the vocoder's weights do not fit its config")
        pointers = (ctypes.c_void_p * len(tables))(*(table.ctypes.data for table in tables))
        self.plan = library.vocos_new(sizes.ctypes.data, pointers)
        if not self.plan:
            raise MemoryError("no memory for the vocoder")
        weakref.finalize(self, library.vocos_free, self.plan)
        self.initial, self.blocks, self._of_thread = _initial(config), config.blocks, local()

    def compute(self, x: Float32Array, y: Float32Array, states: Pointers) -> None:
        """Synthesise y [n * hop] from mel x [bands, n], contiguous; states change in place."""
        scratch = getattr(self._of_thread, "scratch", None)
        if scratch is None:  # one for all streams, so that it stays in the cache
            scratch = self._of_thread.scratch = np.zeros(self._library.vocos_scratch(self.plan), np.float32)
        self._library.vocos_step(
            self.plan, scratch.ctypes.data, x.shape[1], x.ctypes.data, y.ctypes.data, states.each, states.clock
        )

    def stream(self) -> KernelBackend:
        """Return a new stream in its initial state."""
        return KernelBackend(self)


class Pointers:
    """Addresses of a stream's states, in the order in which the kernel takes them."""

    def __init__(self, states: Mapping[str, np.ndarray], blocks: int) -> None:
        names = ["embed.context", "past", *(f"sound.{name}" for name in _SOUND)]
        names += [f"blocks.{block}.context" for block in range(blocks)]  # None where the kernel spans one frame
        addresses = [states[name].ctypes.data if name in states else None for name in names]
        self.each = (ctypes.c_void_p * len(addresses))(*addresses)
        self.clock = states["sound.clock"].ctypes.data


class KernelBackend:
    """One stream through a `VocosKernel`. See `StepBackend`."""

    def __init__(self, kernel: VocosKernel) -> None:
        self._kernel = kernel
        self.channels_in, self.channels_out = kernel.channels_in, kernel.channels_out
        self._states = copy_states(kernel.initial)
        self._pointers = Pointers(self._states, kernel.blocks)
        self._outputs: dict[int, Float32Array] = {}

    def step(self, x: Float32Array) -> Float32Array:
        """Compute x [C_in, n] -> y [1, n * hop], a view that is valid until the next step."""
        if x.ndim != 2 or x.shape[0] != self.channels_in or x.shape[1] < 1:
            raise ConfigError(f"the vocoder takes mel frames [{self.channels_in}, n], not {list(x.shape)}")
        n = x.shape[1]
        if n not in self._outputs:
            if len(self._outputs) >= _BUFFERS:
                self._outputs.pop(next(iter(self._outputs)))
            self._outputs[n] = np.zeros(n * self._kernel.hop, np.float32)
        y = self._outputs[n]
        self._kernel.compute(np.ascontiguousarray(x, np.float32), y, self._pointers)
        return y[None]

    def reset(self) -> None:
        self.restore(self._kernel.initial)

    def snapshot(self) -> dict[str, np.ndarray]:
        return copy_states(self._states)

    def restore(self, state: dict[str, np.ndarray]) -> None:
        write_states(self._states, state)


@lru_cache(maxsize=2)
def _sizes(config: VocosConfig) -> np.ndarray:
    """Return the kernel's sizes [15], in the order of its list."""
    mel, points = MelConfig(bands=config.bands), _named("between", config.n_fft // 2 + 1).shape[0]
    sizes = (
        config.bands, config.hop // config.frames_per_hop, config.n_fft, config.frames_per_hop, config.channels,
        config.hidden, config.blocks, config.kernel, points, LEVELS, ONSET_POSITIONS, mel.window, NOISE_FRAMES,
        2 * SMOOTHING_BANDS - 1, config.rise,
    )  # fmt: skip
    return np.array(sizes, np.int32)


def _tables(config: VocosConfig, part: Mapping[str, np.ndarray]) -> list[Float32Array]:
    """Return the kernel's tables, each [...], in the order of its list."""
    weights = [
        *(part[name] for name in _WEIGHTS),
        *(part[f"blocks.{block}.{name}"] for block in range(config.blocks) for name in _BLOCK_WEIGHTS),
    ]
    fixed = _fixed_tables(
        config.bands, config.n_fft, config.hop // config.frames_per_hop, config.rise, config.oscillators
    )
    return [*fixed, *(np.ascontiguousarray(table, np.float32) for table in weights)]


@lru_cache(maxsize=2)  # computing them takes half of the time of loading a vocoder
def _fixed_tables(bands: int, n_fft: int, hop: int, rise: int, oscillators: float) -> tuple[Float32Array, ...]:
    """Return the tables, each [...], that every vocoder of these sizes has."""
    bins = n_fft // 2 + 1
    phase, reading = phase_tables(n_fft, hop, rise), reading_tables(bands, n_fft, hop)
    feedback, onsets = feedback_tables(bands, n_fft, hop, rise), onset_tables(bands, n_fft, hop)
    apart, distance = _named("apart", bins, bands), _named("advances", bins, bands, hop)
    weights = np.clip(np.float32(NEIGHBOURHOOD) - apart, 0.0, 1.0) * reading.heights.astype(np.float32)
    levels, bank = _named("levels", bins), _named("mel", bands)
    tables = [
        phase.window, phase.gain, phase.overlap, phase.centre,
        reading.offset, np.full(bins, reading.lobe), reading.spacing, reading.gain, reading.wide,
        feedback.ear, feedback.fade, feedback.shares, onsets.beside, onsets.sums, onsets.shown,
        _named("ramps", n_fft), _named("noise", NOISE_FRAMES, bins), np.array([phase.pull, oscillators]), _named("between", bins),
        np.maximum(1.0 - apart, 0.0).T, weights.T, (weights * distance).T, (weights * distance**2).T,
        levels.T, levels, bank.T, bank,
    ]  # fmt: skip
    return tuple(np.ascontiguousarray(table, np.float32) for table in tables)


def _named(kind: str, *sizes: int) -> Float32Array:
    table = computed(constant_name(kind, *sizes))
    assert table is not None  # the kinds above are the module's own
    return table


def _initial(config: VocosConfig) -> dict[str, np.ndarray]:
    """Return the states [1, ...] before the first frame, under the graph's names."""
    bins, hop, reach = config.n_fft // 2 + 1, config.hop // config.frames_per_hop, config.kernel - 1
    past = (MelConfig(bands=config.bands).window - config.n_fft) // 2
    shapes: dict[str, tuple[int, ...]] = {"embed.context": (1, config.bands, reach)}
    shapes |= {f"blocks.{block}.context": (1, config.channels, reach) for block in range(config.blocks)}
    shapes |= {"sound.tail": (1, config.n_fft - hop), "sound.newest": (1, config.n_fft), "sound.before": (1, bins)}
    shapes |= {"sound.done": (1, past), "sound.lacking": (1, config.bands)}
    states: dict[str, np.ndarray] = {
        name: np.zeros(shape, np.float32) for name, shape in shapes.items() if reach or "context" not in name
    }
    states["past"] = np.full((1, config.bands, PAST_FRAMES), NO_FRAME, np.float32)
    states["sound.oscillators"] = np.full((1, bins, 2), np.sqrt(0.5), np.float32)
    states["sound.clock"] = np.zeros(1, np.int64)
    return states
