"""Training state as named arrays and JSON values.

A file can hold it without pickle, and a training that is resumed from it continues bit for bit.
Imports torch where it is used: models in closed form are made without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from distill_engine.errors import TrainingError

if TYPE_CHECKING:
    import torch
    from torch import nn

Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class Checkpoint:
    """State of a training: `arrays` under dotted names, and `metadata` that JSON can hold.

    Each `put_...` method stores an object's state, and the `take_...` method beside it gives the
    state back to an object of the same kind.
    """

    arrays: Arrays = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

    def put_module(self, prefix: str, module: nn.Module) -> None:
        """Store a copy of a module's weights and buffers as arrays `<prefix>.<name>`."""
        for name, tensor in module.state_dict().items():
            self.arrays[f"{prefix}.{name}"] = tensor.detach().cpu().numpy().copy()

    def take_module(self, prefix: str, module: nn.Module) -> None:
        """Load the arrays under `prefix` into a module.

        Raises TrainingError if names or shapes do not fit.
        """
        import torch

        state = {name: torch.from_numpy(array) for name, array in self.arrays_under(prefix).items()}
        try:
            module.load_state_dict(state, strict=True)
        except RuntimeError as error:
            raise TrainingError(f"checkpoint does not fit this network ({prefix}): start again with --fresh") from error

    def put_optimizer(self, prefix: str, optimizer: torch.optim.Optimizer) -> None:
        """Store an optimiser.

        Moments become arrays `<prefix>.<parameter>.<name>`, options metadata under `prefix`.
        """
        import torch

        state = optimizer.state_dict()
        for index, entries in state["state"].items():
            for name, value in entries.items():
                self.arrays[f"{prefix}.{index}.{name}"] = torch.as_tensor(value).detach().cpu().numpy().copy()
        self.metadata[prefix] = [{k: v for k, v in g.items() if _is_plain(v)} for g in state["param_groups"]]

    def take_optimizer(self, prefix: str, optimizer: torch.optim.Optimizer) -> None:
        """Load the state under `prefix` into an optimiser of the same parameters."""
        import torch

        template = optimizer.state_dict()
        entries: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in self.arrays_under(prefix).items():
            index, name = key.split(".", 1)
            entries.setdefault(int(index), {})[name] = torch.from_numpy(value.copy())
        groups = [
            {**group, **saved} for group, saved in zip(template["param_groups"], self.metadata[prefix], strict=True)
        ]
        for group in groups:
            if "betas" in group:
                group["betas"] = tuple(group["betas"])
        optimizer.load_state_dict({"state": entries, "param_groups": groups})

    def put_generator(self, name: str, generator: torch.Generator) -> None:
        """Store the state of a torch generator as the array `rng.<name>`."""
        self.arrays[f"rng.{name}"] = generator.get_state().numpy().copy()

    def take_generator(self, name: str, generator: torch.Generator) -> None:
        """Set a torch generator to the state stored under `name`."""
        import torch

        generator.set_state(torch.from_numpy(self.arrays[f"rng.{name}"].copy()))

    def put_numpy(self, name: str, rng: np.random.Generator) -> None:
        """Store the state of a NumPy generator as JSON text in the metadata, under `rng.<name>`."""
        self.metadata[f"rng.{name}"] = json.dumps(rng.bit_generator.state)

    def take_numpy(self, name: str, rng: np.random.Generator) -> None:
        """Set a NumPy generator to the state stored under `name`."""
        rng.bit_generator.state = json.loads(self.metadata[f"rng.{name}"])

    def arrays_under(self, prefix: str) -> Mapping[str, npt.NDArray[Any]]:
        """Return the arrays [...] named `<prefix>.<name>`, under the rest of their names."""
        start = f"{prefix}."
        return {name.removeprefix(start): array for name, array in self.arrays.items() if name.startswith(start)}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | list | tuple)
