"""Two presets in memory, between which a place moves without reading a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from distill_control.arguments import Value
from distill_control.session.engine_protocol import ModelInfo
from distill_engine.library.presetformat import Preset
from distill_engine.library.presets import PresetStore
from distill_engine.system.regular_files import Stamp
from distill_engine.vocabulary import table as vocabulary


@dataclass(frozen=True)
class PresetPair:
    """The `values` of two presets as they apply to a model, by address.

    They hold for this `model`, as long as the files have these `stamps`. A pair that cannot be read
    has no presets and no values.
    """

    model: ModelInfo
    presets: tuple[Preset, ...]
    values: tuple[Mapping[str, Value], ...]
    stamps: list[Stamp | None]

    def holds(self, model: ModelInfo, store: PresetStore) -> bool:
        """Return whether neither the model nor a file is another by now."""
        return model is self.model and store.stamps(self.presets) == self.stamps

    def between(self, x: float) -> dict[str, Value]:
        """Return the parameters that both have, interpolated: 0 is one preset, 1 the other."""
        if not self.values:
            return {}
        one, other = self.values
        found: dict[str, Value] = {}
        for address, start in one.items():
            end = other.get(address)
            if isinstance(start, str) or isinstance(end, str) or end is None:
                continue
            if vocabulary.row(address).kind == "parameter":
                found[address] = float(start) + (float(end) - float(start)) * x
        return found
