"""Vocoders without their native kernel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from distill_engine.inference import network_loader
from distill_engine.inference.network_loader import NetworkLoader


@contextmanager
def graphs_alone() -> Iterator[None]:
    """Load vocoders through their graphs, as where there is no native kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_loader, "native_library", lambda: "for a test")
        patch.setattr(NetworkLoader, "_said", {"for a test"})
        yield
