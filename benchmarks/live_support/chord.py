"""Let an engine play eight notes with pitches, bends and glides for minutes; count what goes wrong.

How many notes sounded at every hop is counted afterwards: the take of the performance is played
again, which computes the same voices.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distill_engine.errors import TakeError
from distill_engine.rendering.take_player import _TakePlayer
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.space.layout import Hearing
from distill_engine.system.listeners import ignore
from distill_engine.takes.take import Command, PlayedModel, Take
from distill_engine.takes.take_file import read_take
from distill_engine.vocabulary.table import MOST_VOICES
from harness.benchmark import Column, Run, Table
from live_support.chord_score import KEYS, MOVES_PER_SECOND, REACH, Move, chord
from live_support.disturbances import COLUMNS, COUNTED, LAST
from live_support.hearing import heard_piece, judge, piece_files, sounding
from live_support.osc import Osc
from live_support.underrun_watch import UnderrunWatch

QUICK_SECONDS = 15.0
LOOK_SECONDS = 10.0
"""Time between two looks at the hops' times; the engine keeps its last 1,000 blocks, 11.6 s."""
VOCODER = "auto"
TABLE = Table(
    "chord",
    f"Eight notes on keys {KEYS[0][0]} to {KEYS[-1][-1]}, each with a detune of its own, {MOVES_PER_SECOND} moves a "
    f"second: bends, detunes, glides, notes that end and begin again; no pitch further than {REACH} semitones from the "
    "middle. The default vocoder, blocks of one hop. Hops: medians over looks of 10 s, and the longest of all. Notes: "
    "that sounded at a hop, on average, those that die away included, and what they cost in hops of the vocoder.",
    (
        Column("vocoder", "vocoder"),
        Column("voices", "notes", ".2f"),
        Column("cost", "cost of a hop, hops", ".2f"),
        Column("relieved", "notes let go by the engine", "d"),
        *COLUMNS,
        Column("underruns_machine", "underruns of the machine", ".0f"),
        Column("bystander_ms", "bystander late, ms", ".0f"),
    ),
    key=("vocoder",),
)


class CountingPlayer(_TakePlayer):
    """Plays a take of one instrument, and keeps how many notes sounded at every hop and their cost.

    Raises TakeError for a take that swaps to another.
    """

    def __init__(self, instrument: Instrument, take: Take) -> None:
        super().__init__(instrument, take, self._no_other, None, Hearing(), ignore)
        self.notes: list[int] = []
        self.costs: list[float] = []

    def _compute(self, at: int, acts: Sequence[int]) -> None:
        super()._compute(at, acts)
        polyphony = self._synth._mixer.polyphony
        self.notes.append(0 if polyphony is None else len(polyphony.sounding))
        self.costs.append(self._synth.keys.cost)

    @staticmethod
    def _no_other(played: PlayedModel, vocoder: str) -> Instrument:
        raise TakeError(f"the take swaps to {played.name} with {vocoder}")


def measure(run: Run, model: Path, options: argparse.Namespace) -> None:
    """Play the chord, and add its row."""
    seconds = QUICK_SECONDS if options.quick else 60.0 * options.minutes
    with tempfile.TemporaryDirectory(prefix="chord-bench-") as folder:
        run.row("chord", **play(model, seconds, Path(folder)))


def play(model: Path, seconds: float, folder: Path) -> dict[str, Any]:
    """Return what the engine counted, what was heard, and how many notes sounded."""
    with (
        sounding(model, VOCODER, "--voices", str(MOST_VOICES)) as sound,
        heard_piece(sound, folder, take=True) as heard,
    ):
        osc, watch = heard.engine.osc, UnderrunWatch(heard.engine.port)
        try:
            looks = perform(osc, chord(seconds))
            after = osc.status()
        finally:
            machine = watch.stop()
    take = piece_files(folder)[1]
    notes = notes_of(model, read_take(take))
    take.unlink()  # it was played again: judging it too would take as long once more
    judge(heard, model, folder)
    return {
        "vocoder": str(after["vocoder_playing"]),
        **notes,
        **heard.figures(),
        **{name: float(after[name]) - float(heard.before[name]) for name in COUNTED},
        **{name: float(after[name]) for name in LAST},
        **hop_figures([*looks, after]),
        **machine,
    }


def perform(osc: Osc, moves: Sequence[Move]) -> list[dict[str, float | str]]:
    """Send every move at its time; return the engine's status as it was every LOOK_SECONDS."""
    looks: list[dict[str, float | str]] = []
    began = time.monotonic()
    for move in moves:
        time.sleep(max(0.0, began + move.at - time.monotonic()))
        osc.send(move.address, *move.numbers)
        if move.at >= LOOK_SECONDS * (len(looks) + 1):
            looks.append(osc.status())
    return looks


def hop_figures(looks: Sequence[dict[str, float | str]]) -> dict[str, float]:
    """Return the medians of p50 and p99 over looks at an engine, and the longest hop, in ms."""
    p50, p99, longest = ([float(look[name]) for look in looks] for name in ("hop_p50_ms", "hop_p99_ms", "hop_max_ms"))
    return {
        "hop_p50_ms": statistics.median(p50),
        "hop_p99_ms": statistics.median(p99),
        "hop_max_ms": max(longest),
    }


def notes_of(model: Path, take: Take) -> dict[str, float]:
    """Return the mean notes that sounded at a hop of a take, their cost, and those let go."""
    player = CountingPlayer(prepare_instrument(model, take.header.main.vocoder), take)
    for _ in player.play():
        pass
    relieved = sum(isinstance(event, Command) and event.name == "relieve" for event in take.events)
    return {"voices": statistics.fmean(player.notes), "cost": statistics.fmean(player.costs), "relieved": relieved}
