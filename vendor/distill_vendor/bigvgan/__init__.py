"""BigVGAN-v2's generator, written anew: it loads the weights of the upstream commit in `pin`.

Licence: MIT, see LICENSE beside this file. Importing this package imports no framework, because
`BigVGAN` is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill_vendor.bigvgan.config import BigVGANConfig
from distill_vendor.bigvgan.pin import PIN, PINS, Pin

if TYPE_CHECKING:
    from distill_vendor.bigvgan.generator import BigVGAN, BigVGANState

__all__ = ["PIN", "PINS", "BigVGAN", "BigVGANConfig", "BigVGANState", "Pin"]


def __getattr__(name: str) -> Any:
    if name in ("BigVGAN", "BigVGANState"):
        from distill_vendor.bigvgan import generator

        return getattr(generator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
