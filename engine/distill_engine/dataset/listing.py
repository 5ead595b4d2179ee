"""The list of sounds that a model file keeps: its corpus is a folder plus this list."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distill_engine.dataset.copies import DUPLICATE
from distill_engine.dataset.discovery import FoundFile
from distill_engine.dataset.scan import FileReport, examine_file
from distill_engine.errors import CorpusError, MissingSoundsError
from distill_engine.system.names import printable

NOT_LISTED = "not in the model's list of sounds: --add takes it in"


@dataclass(frozen=True)
class Sound:
    """A sound of a corpus: its path from the folder, its digest, whether it is held out."""

    name: str
    digest: str
    held_out: bool = False


@dataclass(frozen=True)
class SoundList:
    """The sounds of a corpus, and what was done with earlier lists.

    Attributes:
        sounds: of the corpus; none means whatever is in the folder.
        added: paths, from the folder, of files that lie outside of it.
        trained: digests of sounds that were trained on with earlier lists; none is held out again.
        earlier: digests of the corpora of earlier lists, whose checkpoints go on.
        fresh: whether sounds are added that were never loaded with the others; no file holds this.
    """

    sounds: tuple[Sound, ...] = ()
    added: tuple[str, ...] = ()
    trained: frozenset[str] = frozenset()
    earlier: tuple[str, ...] = ()
    fresh: bool = False

    @property
    def digests(self) -> frozenset[str]:
        """Digests of the sounds."""
        return frozenset(sound.digest for sound in self.sounds)

    @property
    def held_out(self) -> frozenset[str]:
        """Digests of the sounds that are held out."""
        return frozenset(sound.digest for sound in self.sounds if sound.held_out)

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> SoundList:
        """Return the list in a manifest's summary of the corpus. Raises CorpusError if damaged."""
        try:
            sounds = tuple(Sound(str(name), str(digest), bool(held)) for name, digest, held in summary["sounds"])
            added, trained, earlier = ([str(text) for text in summary[key]] for key in ("added", "trained", "earlier"))
        except KeyError:
            return cls()
        except (TypeError, ValueError) as error:
            raise CorpusError("the model's list of sounds is damaged: train it again with --fresh") from error
        return cls(sounds, tuple(added), frozenset(trained), tuple(earlier))

    def to_summary(self) -> dict[str, Any]:
        """Return what `from_summary` reads, as JSON."""
        return {
            "sounds": [[sound.name, sound.digest, sound.held_out] for sound in self.sounds],
            "added": list(self.added),
            "trained": sorted(self.trained),
            "earlier": list(self.earlier),
        }

    def changed(self, folder: Path, corpus: str, add: Sequence[Path], remove: Sequence[str]) -> SoundList:
        """Return the list with files added and sounds removed, of the corpus with this digest.

        Raises CorpusError for a file that cannot be used, for a name that is not in the list, and
        if no sound would be left.
        """
        leave = {self._named(folder, name).digest for name in remove}
        kept = [sound for sound in self.sounds if sound.digest not in leave]
        added = [name for name in self.added if name in {sound.name for sound in kept}]
        for path in add:
            report = _usable(folder, path)
            if report.digest in {sound.digest for sound in kept}:
                listed = report.digest in {sound.digest for sound in self.sounds}
                what = (
                    "is in the model's list of sounds already"
                    if listed
                    else "is given twice, or has a sound given before"
                )
                raise CorpusError(f"{path} {what}")
            kept.append(Sound(report.name, report.digest))
            if report.name.startswith(".."):
                added.append(report.name)
        if not kept:
            raise CorpusError("no sound would be left: keep one, or start again with --fresh")
        trained = self.trained | {sound.digest for sound in self.sounds if not sound.held_out}
        return SoundList(tuple(kept), tuple(dict.fromkeys(added)), trained, (*self.earlier, corpus), bool(add))

    def _named(self, folder: Path, name: str) -> Sound:
        """Return the sound of this name, or of a file at this path."""
        names = {name, _name(folder, Path(name))}
        found = next((sound for sound in self.sounds if sound.name in names), None)
        if found is None:
            listed = ", ".join([*(printable(sound.name) for sound in self.sounds[:5]), "..."][: len(self.sounds)])
            raise CorpusError(f"{printable(name)} is not in the model's list of sounds ({listed})")
        return found

    def extra_files(self, folder: Path) -> list[FoundFile]:
        """Return the added files outside the folder."""
        return [FoundFile(folder / name, name) for name in self.added]

    def check(self, folder: Path, reports: Sequence[FileReport]) -> None:
        """Check that each listed sound is among the files of a folder.

        Raises MissingSoundsError, which says what became of those that are not, and CorpusError for
        an added sound that is a copy of another.
        """
        here = {report.digest for report in reports if report.usable}
        by_name = {report.name: report for report in reports}
        lost = [(sound, by_name.get(sound.name)) for sound in self.sounds if sound.digest not in here]
        for sound, report in lost:
            if self.fresh and report is not None and report.reason.startswith(DUPLICATE):
                raise CorpusError(
                    f"{printable(sound.name)} is a {report.reason}: only one of the two can be in the list, "
                    "so leave the other out of --add; nothing is changed"
                )
        if lost:
            raise MissingSoundsError(f"{folder}: {'; '.join(_fate(*pair) for pair in lost)}")

    def of(self, used: Sequence[FileReport], held: frozenset[str]) -> SoundList:
        """Return the list of files in use, with these digests held out."""
        return replace(
            self, sounds=tuple(Sound(file.name, file.digest, file.digest in held) for file in used), fresh=False
        )


def _name(folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _usable(folder: Path, path: Path) -> FileReport:
    """Examine a file to be added. Raises CorpusError if it cannot be used."""
    report = examine_file(FoundFile(path, _name(folder, path))).report
    if not report.usable:
        raise CorpusError(f"{path} cannot be added: {report.reason}")
    return report


def _fate(sound: Sound, report: FileReport | None) -> str:
    name = printable(sound.name)
    if report is None:
        return f"{name} is gone"
    if report.usable or report.reason == NOT_LISTED:
        return f"{name} is another sound now"
    return f"{name} cannot be used now ({report.reason})"
