"""Columns of the distances between an original and its copy."""

from __future__ import annotations

from harness.benchmark import Column

DISTANCES = (
    Column("log_mel", "log-mel L1 (nat)", ".3f"),
    Column("mr_stft", "MR-STFT", ".3f"),
    Column("zimtohrli", "zimtohrli", ".3f"),
    Column("transient_lsd", "transients LSD (dB)", ".3f"),
)
