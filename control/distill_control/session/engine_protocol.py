"""What the session needs of the engine: parameters one way, commands and their answers both ways.

Commands on the wire are the address without `/distill/` (`play`, `source`, `vocoder`, `model`, `record`,
`source/trigger`, `blend/model`), with the checked arguments of the vocabulary. Events that the session understands:

* `{"event": "model", "name", "digest", "controls": [names], "latents": n, "has_map": bool}`: a model plays now
* `{"event": "setting", "address": "/distill/source", "value": "corpus"}`: a setting changed on the engine's own account
* `{"event": "notice", "level": "info" | "warning" | "error", "text"}`: one line for the user
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from distill_control.arguments import Value
from distill_engine.errors import ControlError
from distill_engine.vocabulary.table import LATENT_COUNT


class Link(Protocol):
    """The engine as the session sees it."""

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        """Puts a parameter into shared memory."""

    def request(self, identifier: int, command: str, arguments: Sequence[Value]) -> bool:
        """Sends a command; False if the engine is gone or its queue is full."""

    def status(self) -> Mapping[str, float]:
        """The engine's latest figures (empty before the first)."""


@dataclass(frozen=True)
class ModelInfo:
    """The loaded model as far as control is concerned. `latents` is the number of latent dimensions."""

    name: str = ""
    digest: str = ""
    controls: tuple[str, ...] = ()
    latents: int = 0
    has_map: bool = False
    details: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_event(cls, event: Mapping[str, object]) -> "ModelInfo":
        """The model of a `model` event; what is missing or of a wrong type is left empty."""
        controls, latents = event.get("controls"), event.get("latents")
        return cls(
            name=str(event.get("name", "")),
            digest=str(event.get("digest", "")),
            controls=tuple(str(name) for name in controls) if isinstance(controls, list | tuple) else (),
            latents=min(latents, LATENT_COUNT) if isinstance(latents, int) else 0,
            has_map=bool(event.get("has_map")),
            details=dict(event),
        )

    def check_map(self) -> None:
        """Raises ControlError if it has no map."""
        if self.name and not self.has_map:
            raise ControlError(f"the model {self.name} has no map: `distill analyse MODEL CORPUS` makes one")
