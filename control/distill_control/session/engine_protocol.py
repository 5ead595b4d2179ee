"""The interface between the session and the engine: parameters, commands with answers, and events.

A command's name is its address without `/distill/` (`play`, `source`, `vocoder`, `model`, `record`,
`source/trigger`, `blend/model`). Its arguments have been checked against the vocabulary.
The session understands these events:

* `{"event": "model", "name", "digest", "skeleton", "controls": [names], "withheld": {name: reason},
  "latents": n, "has_map": bool, "analysis": {name: facts}, "map": {...}}`: another model is playing
* `{"event": "setting", "address": "/distill/source", "value": "corpus"}`:
  the engine itself has changed a setting or a reading
* `{"event": "marks", "marks": [[name, x, y, kind], ...]}`: the marks that play by number
* `{"event": "device", "name", "rate_hz"}`:
  the sound goes to another device
* `{"event": "notice", "level": "info" | "warning" | "error", "text"}`: one line for the user
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from distill_control.arguments import Value
from distill_engine.errors import ControlError
from distill_engine.vocabulary.table import LATENT_COUNT


class EngineProtocol(Protocol):
    """The engine's functions that the session calls."""

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        """Set a parameter's target value and its glide time in seconds."""

    def request(self, identifier: int, command: str, arguments: Sequence[Value]) -> bool:
        """Send a command; return False if the engine has ended or its queue is full."""

    def status(self) -> Mapping[str, float]:
        """Return the engine's latest figures by name (empty before the first)."""


@dataclass(frozen=True)
class ModelInfo:
    """The properties of the loaded model that control needs.

    `skeleton` is the digest of its skeleton, empty in a model of version 1.
    `controls` are the names of its controls in their order, `withheld` the reasons of those that it
    does not offer. `latents` is the number of its latent dimensions. `details` is the whole event.
    Without a loaded model, `name` is empty.
    """

    name: str = ""
    digest: str = ""
    skeleton: str = ""
    controls: tuple[str, ...] = ()
    latents: int = 0
    has_map: bool = False
    withheld: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, object] = field(default_factory=dict, compare=False)

    @classmethod
    def from_event(cls, event: Mapping[str, object]) -> "ModelInfo":
        """Read a `model` event; fields that are missing or of a wrong type become empty."""
        controls, latents, withheld = (event.get(name) for name in ("controls", "latents", "withheld"))
        return cls(
            name=str(event.get("name", "")),
            digest=str(event.get("digest", "")),
            skeleton=str(event.get("skeleton", "")),
            controls=tuple(str(name) for name in controls) if isinstance(controls, list | tuple) else (),
            latents=min(latents, LATENT_COUNT) if isinstance(latents, int) else 0,
            has_map=bool(event.get("has_map")),
            withheld={str(name): str(why) for name, why in withheld.items()} if isinstance(withheld, dict) else {},
            details=dict(event),
        )

    @property
    def analysis(self) -> Mapping[str, Mapping[str, object]]:
        """What was measured of each control, by its name: see `ControlInfo` of the engine."""
        found = self.details.get("analysis")
        return found if isinstance(found, dict) else {}

    def check_map(self) -> None:
        """Check that a loaded model has a corpus map. Raises ControlError."""
        if self.name and not self.has_map:
            raise ControlError(f"the model {self.name} has no map: `distill analyse MODEL CORPUS` makes one")
