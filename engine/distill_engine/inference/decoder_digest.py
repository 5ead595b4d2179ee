"""The digest of a decoder: equal for models that differ in encoder, bottleneck or analysis alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from distill_engine.audio.arrays import Float32Array

_NOT_READ = ("encoder.", "bottleneck.")


def decoder_digest(part: Mapping[str, Float32Array]) -> str:
    """SHA-256 (hex) of what the decoder reads of a file's part "model": all but the encoder and the bottleneck."""
    digest = hashlib.sha256()
    for name in sorted(name for name in part if not name.startswith(_NOT_READ)):
        values = np.ascontiguousarray(part[name])
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
