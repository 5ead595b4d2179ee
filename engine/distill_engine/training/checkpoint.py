"""Training state as named arrays and JSON: what a file can hold without pickle, and what a bit-exact resume needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from distill_engine.errors import TrainingError

Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class Checkpoint:
    """`arrays` by dotted name, `metadata` JSON-able."""

    arrays: Arrays = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

    def put_module(self, prefix: str, module: nn.Module) -> None:
        for name, tensor in module.state_dict().items():
            self.arrays[f"{prefix}.{name}"] = tensor.detach().cpu().numpy().copy()

    def take_module(self, prefix: str, module: nn.Module) -> None:
        """Loads strictly; raises TrainingError where names or shapes do not fit."""
        state = {k[len(prefix) + 1 :]: torch.from_numpy(v) for k, v in self._under(prefix).items()}
        try:
            module.load_state_dict(state, strict=True)
        except RuntimeError as error:
            raise TrainingError(f"checkpoint does not fit this network ({prefix}): start again with --fresh") from error

    def put_optimizer(self, prefix: str, optimizer: torch.optim.Optimizer) -> None:
        state = optimizer.state_dict()
        for index, entries in state["state"].items():
            for name, value in entries.items():
                self.arrays[f"{prefix}.{index}.{name}"] = torch.as_tensor(value).detach().cpu().numpy().copy()
        self.metadata[prefix] = [{k: v for k, v in g.items() if _plain(v)} for g in state["param_groups"]]

    def take_optimizer(self, prefix: str, optimizer: torch.optim.Optimizer) -> None:
        template = optimizer.state_dict()
        entries: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in self._under(prefix).items():
            index, name = key[len(prefix) + 1 :].split(".", 1)
            entries.setdefault(int(index), {})[name] = torch.from_numpy(value.copy())
        groups = [
            {**group, **saved} for group, saved in zip(template["param_groups"], self.metadata[prefix], strict=True)
        ]
        for group in groups:
            if "betas" in group:
                group["betas"] = tuple(group["betas"])
        optimizer.load_state_dict({"state": entries, "param_groups": groups})

    def put_generator(self, name: str, generator: torch.Generator) -> None:
        self.arrays[f"rng.{name}"] = generator.get_state().numpy().copy()

    def take_generator(self, name: str, generator: torch.Generator) -> None:
        generator.set_state(torch.from_numpy(self.arrays[f"rng.{name}"].copy()))

    def put_numpy(self, name: str, rng: np.random.Generator) -> None:
        self.metadata[f"rng.{name}"] = json.dumps(rng.bit_generator.state)

    def take_numpy(self, name: str, rng: np.random.Generator) -> None:
        rng.bit_generator.state = json.loads(self.metadata[f"rng.{name}"])

    def _under(self, prefix: str) -> Mapping[str, npt.NDArray[Any]]:
        return {k: v for k, v in self.arrays.items() if k.startswith(prefix + ".")}


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | list | tuple)
