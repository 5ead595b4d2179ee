"""Choose what is saved for a model by its name: a preset, or a set of marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from distill_control.cli.support.paths import model_name
from distill_engine.system.names import same_name


class Saved(Protocol):
    """What has a name and belongs to a model."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def model(self) -> str:
        """Return the name of its model."""


One = TypeVar("One", bound=Saved, covariant=True)


class Store(Protocol[One]):
    """Where such things are saved."""

    def all(self) -> Sequence[One]:
        """Return all of them."""

    def find(self, name: str, model: str, /) -> One:
        """Return the one of a model with this name. Raises PresetError without one."""


def chosen(store: Store[One], name: str, model: str | None, what: str, none: str) -> One:
    """Return what is called `name`, of one model if that is given.

    Raises PresetError: the text `none` if there is none, or that several models have `what` (such
    as "a preset") of this name.
    """
    from distill_engine.errors import PresetError

    if model:
        return store.find(name, model_name(model))
    found = [one for one in store.all() if same_name(one.name, name)]
    if len(found) == 1:
        return found[0]
    if found:
        models = ", ".join(one.model for one in found)
        raise PresetError(f"several models have {what} {name}: say which with --model ({models})")
    raise PresetError(none)
