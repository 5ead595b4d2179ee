"""Commands on marks: contents are read, the space between is learned, off the synth thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.analysis.stretches.path import KEY_LATENTS, NO_PATH
from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import ControlError
from distill_engine.library.marks import Mark, MarkSet, MarkStore, checked_mark_name
from distill_engine.live.reporting.model_event import clip_names
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.marks.plane import MarkPlane
from distill_engine.synthesis.synth import Synth
from distill_engine.system.names import printable
from distill_engine.vocabulary.table import CONTROL_COUNT, MOST_MARKS, index_of

MOMENT_HOPS = 32  # of a moment: what a region of the map lasts, 0.37 s
_CONTROL = index_of("/distill/control/0")


class MarkCommands:
    """Holds the marks that play, by model, and changes them.

    Marks of a model that no longer plays are kept until the engine ends, and come back with it.

    Args:
        run: runs a function on the synth thread and returns its result.
        send: sends an event to the control process.

    Attributes:
        slow: the commands by name; each may take some milliseconds, or wait for a disk.
    """

    def __init__(
        self, synth: Synth, run: Callable[[Callable[[], Any]], Any], send: Callable[[Mapping[str, Any]], Any]
    ) -> None:
        self._synth, self._run, self._send = synth, run, send
        self._sets: dict[str, MarkSet] = {}  # by the space of their latents
        self._lock = threading.RLock()
        actions: dict[str, Callable[..., None]] = {
            "clip": self.place_clip,
            "moment": self.place_moment,
            "controls": self.place_controls,
            "move": lambda number, x, y: self._change(number, x=float(x), y=float(y)),
            "name": lambda number, name: self._change(number, name=checked_mark_name(name)),
            "remove": self.remove,
            "clear": lambda: self._play(()),
            "save": self.save,
            "load": self.load,
            "rename": self.rename,
            "delete": self.delete,
        }
        self.slow = {f"marks/{name}": self._locked(action) for name, action in actions.items()}

    def place_clip(self, name: str, second: float, x: float, y: float) -> None:
        """Place the region of a sound of the corpus that is nearest to a second of it.

        Raises ControlError without a map, or for a sound that it does not show.
        """
        latent_map = self._synth.instrument.latent_map
        if latent_map is None:
            raise ControlError("the model has no map to take sounds from: `distill analyse MODEL CORPUS` makes one")
        named = [i for i, clip in enumerate(clip_names(self._synth.instrument)) if name in (clip, Path(clip).stem)]
        regions = np.flatnonzero(np.isin(latent_map.clips, named))
        if not len(regions):
            raise ControlError(f"the map shows no sound of the name {printable(name, 60)!r}")
        region = regions[np.abs(latent_map.seconds[regions] - second).argmin()]
        latent = tuple(map(float, latent_map.latents[:, region]))
        self._add(Mark(Path(name).stem, "clip", float(x), float(y), latent))

    def place_moment(self, seconds: float, x: float, y: float) -> None:
        """Place what sounded some seconds ago. Raises ControlError if nothing did."""
        instrument = self._synth.instrument
        if instrument.skeleton is not None and instrument.search is None:
            raise ControlError(f"a moment leads to nothing here: {NO_PATH}")
        rate = self._synth.frame_rate
        ago, most = round(seconds * rate), MOMENT_HOPS
        heard = self._run(lambda: self._synth.codes.heard((ago + most) / rate))
        moment = heard[:, : max(heard.shape[1] - ago, 0)][:, -most:]
        if not moment.shape[1]:
            raise ControlError(f"only {heard.shape[1] / rate:.1f} s have played")
        latent = tuple(map(float, moment[: place_latents(self._synth.instrument)].mean(axis=1)))
        self._add(Mark("moment", "moment", float(x), float(y), latent, {}))

    def place_controls(self, x: float, y: float) -> None:
        """Place the present values of the controls. Raises ControlError without controls."""
        names = self._synth.instrument.control_names
        if not names:
            raise ControlError("the model has no controls to place: `distill analyse MODEL CORPUS` finds some")
        values = self._run(lambda: [self._synth.parameters.target(_CONTROL + i) for i in range(len(names))])
        self._add(Mark("controls", "controls", float(x), float(y), (), dict(zip(names, values, strict=True))))

    def remove(self, number: int) -> None:
        """Take a mark away. Raises ControlError for a number that is not there."""
        marks = list(self._marks)
        self._check(number)
        del marks[int(number)]
        self._play(tuple(marks))

    def save(self, name: str) -> None:
        """Save the marks that play, with the presets of their model.

        Raises ControlError without any, PresetError if the name is not allowed or the disk is full.
        """
        if not self._marks:
            raise ControlError("there are no marks to save: place some first")
        self._sets[self._space] = MarkStore().save(replace(self._set, name=name))
        self.tell()

    def load(self, name: str) -> None:
        """Play saved marks. Raises PresetError, or ControlError if they mean other latents."""
        found = MarkStore().find(name, *self._model)
        if found.space != self._space:
            raise ControlError(
                f"the marks {found.name} were placed in an earlier training of {found.model}, "
                "whose latents mean something else: place them again"
            )
        self._play(found.marks, found.name)

    def rename(self, name: str, new_name: str) -> None:
        """Rename saved marks. Raises PresetError."""
        renamed = MarkStore().rename(name, new_name, *self._model)
        if self._set.name and name.strip().casefold() == self._set.name.casefold():
            self._sets[self._space] = replace(self._set, name=renamed.name)
        self.tell()

    def delete(self, name: str) -> None:
        """Delete saved marks; those that play stay. Raises PresetError."""
        MarkStore().delete(name, *self._model)
        self.tell()

    def follow_model(self) -> None:
        """Play the marks of the model that plays now, if it has any."""
        with self._lock:
            if self._marks:
                self._play(self._marks, self._set.name)
            self.tell()

    def tell(self) -> None:
        """Send the control process the marks that play."""
        marks = [[mark.name, mark.x, mark.y, mark.kind] for mark in self._marks]
        self._send({"event": "setting", "address": "/distill/marks/playing", "value": self._set.name})
        self._send({"event": "marks", "marks": marks})

    @property
    def _space(self) -> str:
        return self._synth.instrument.latent_space

    @property
    def _model(self) -> tuple[str, str]:
        return self._synth.instrument.name, self._synth.instrument.digest

    @property
    def _set(self) -> MarkSet:
        return self._sets.get(self._space) or MarkSet("", *self._model, self._space)

    @property
    def _marks(self) -> tuple[Mark, ...]:
        return self._set.marks

    def _locked(self, action: Callable[..., None]) -> Callable[..., None]:
        def locked(*arguments: Any) -> None:
            with self._lock:
                action(*arguments)

        return locked

    def _check(self, number: int) -> None:
        if not 0 <= int(number) < len(self._marks):
            there = f"there are 0 to {len(self._marks) - 1}" if self._marks else "there are none yet"
            raise ControlError(f"there is no mark {int(number)}; {there}")

    def _add(self, mark: Mark) -> None:
        if len(self._marks) >= MOST_MARKS:
            raise ControlError(f"there are {MOST_MARKS} marks already: take one away first")
        self._play((*self._marks, mark))

    def _change(self, number: int, **values: Any) -> None:
        self._check(number)
        marks = list(self._marks)
        marks[int(number)] = replace(marks[int(number)], **values)
        self._play(tuple(marks))

    def _play(self, marks: tuple[Mark, ...], name: str | None = None) -> None:
        """Learn what lies between marks, and let the synth follow them from the next hop on."""
        instrument = self._synth.instrument
        plane = plane_of(marks, instrument).learn() if marks else None

        def take_over() -> None:
            if self._synth.instrument is not instrument:
                raise ControlError("another model plays now; try again")
            self._synth.marks.replace(plane)

        self._run(take_over)
        kept = self._set
        self._sets[self._space] = replace(kept, name=kept.name if name is None else name, marks=marks)
        self.tell()


def place_latents(instrument: Instrument) -> int:
    """Return how many latents a place of this instrument has."""
    if instrument.latent_map is not None:
        return len(instrument.latent_map.latents)
    return instrument.latent_dim if instrument.skeleton is None else min(KEY_LATENTS, instrument.latent_dim)


def plane_of(marks: tuple[Mark, ...], instrument: Instrument) -> MarkPlane:
    """Return the plane of marks, with the controls of this instrument by number.

    Raises ControlError for marks with another number of latents.
    """
    size, names = place_latents(instrument), instrument.control_names
    latents, controls = np.zeros((size, len(marks))), np.zeros((CONTROL_COUNT, len(marks)))
    for column, mark in enumerate(marks):
        if len(mark.latent) not in (0, size):
            raise ControlError(f"the mark {printable(mark.name, 40)} has {len(mark.latent)} latents, not {size}")
        latents[: len(mark.latent), column] = mark.latent
        values = mark.controls or {}
        controls[: len(names), column] = [values.get(name, 0.0) for name in names]
    held = np.array([[bool(mark.latent) for mark in marks], [mark.controls is not None for mark in marks]], np.float64)
    places: Float64Array = np.array([[mark.x for mark in marks], [mark.y for mark in marks]])
    return MarkPlane(instrument.latent_space, places, latents, controls, held)
