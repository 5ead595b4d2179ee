"""The digest of a decoder. Models that differ only in encoder, bottleneck or analysis share it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from distill_engine.audio.arrays import Float32Array

_NOT_READ = ("encoder.", "bottleneck.")


def decoder_digest(part: Mapping[str, Float32Array]) -> str:
    """Return the SHA-256 (hex) of what the decoder reads of a file's part "model".

    That is every tensor (name, type, shape [...] and values) but those of encoder and bottleneck.
    """
    digest = hashlib.sha256()
    for name in sorted(name for name in part if not name.startswith(_NOT_READ)):
        values = np.ascontiguousarray(part[name])
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
