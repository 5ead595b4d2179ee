"""Noise that is the same everywhere and for ever, in numpy: the live engine computes it at load instead of storing megabytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def normal_noise(frames: int, bins: int) -> npt.NDArray[np.float32]:
    """Normal numbers [frames, bins]: mean 0, deviation 1."""
    return np.random.Generator(np.random.PCG64(0)).standard_normal((frames, bins)).astype(np.float32)


def noise_name(frames: int, bins: int) -> str:
    """The name under which a graph asks for the noise of these sizes."""
    return f"noise/{frames}/{bins}"
