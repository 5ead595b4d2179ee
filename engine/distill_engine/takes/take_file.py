"""The file format of takes: JSON lines, the header first, then one line per event, then the end.

Version 10::

    {"format": "distill.take", "version": 10, "tick": 128, "output_tick": 128, "rules": 10,
     "sample_rate": 44100, "hop": 512, "seed": 7, "block": 1,
     "playing": [{"slot": 0, "name": "rain", "vocoder": "vocos",
     "digests": {"model": "...", "vocoder": "...", "analysis": "...", "codes": "...",
                 "settings": "..."}}],
     "embedded": [{"kind": "live_input", "encoding": "float32"},
                  {"kind": "codes", "encoding": "safetensors"},
                  {"kind": "marks", "encoding": "safetensors"}],
     "state": "<base64 of a safetensors block>" or null}
    {"at": 48, "set": "/distill/gain", "value": -3.0, "glide": 0.1}
    {"at": 160, "do": "source", "source": "corpus", "fade": 0.05}
    {"at": 160, "do": "swap", "slot": 1, "name": "hail", "vocoder": "vocos",
     "digests": {...}, "fade": 0.5}
    {"at": 164, "embedded": "live_input", "data": "<base64 of float32 samples>"}
    {"at": 200, "embedded": "codes", "going_on": false, "data": "<base64 of codes, residual>"}
    {"at": 204, "embedded": "marks", "data": "<base64 of places, latents, controls, held>"}
    {"at": 3600, "end": true}

Each object is one line in the file. `at` counts ticks of 128 samples since the take began. What
acts at the next hop has the time of that hop, which was computed ahead: lines of the output stage
(gain, width, gate, play, stop, panic) that follow may have earlier times, and are sorted when read.
`output_tick` is the step of the output stage in samples. `state` is the synth's state at the
beginning. The header's table `embedded` names each kind of data that the
take contains, so that it renders without the files and devices that the data came from. Live input
takes 14 MB a minute. Until version 3 the output stage worked in hops, and times never went back.
Versions 2 and 3 had no codes, version 4 no marks. `version_1` reads version 1.

`rules` is the version by whose rules the take was played; a render keeps them. Until version 5 a
jump of the controls sounded as an attack. Until version 6 a walk visited the clips evenly, not the
kinds of sound. Until version 7 a vocoder did not know what comes before an attack. Until version 8
places did not lead all that plays: the map did nothing at a grain of 0 and with the
source `codes`, pinned latents attracted nothing, `density` could make a grain so short that the
place itself played, a stretch and the place itself changed without a fade, a new version of a model
with another path went on at the same number of a frame, a key of the source `prior` faded in, and
`voices` cut the notes that sounded. `relieve` came with version 9. Until version 9 the level of a
live input was set in the mel of the stretches that follow it, a note of theirs that died was
followed by an attack, they leapt as often as they could, the attacks of transposed sound were
smoothed, and a live input began with silence at another seed. Until version 10 a decoder computed
all hops of a block at once, so the last bits depended on the blocks. Until version 11 places that
play without stretches had any level.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distill_engine.errors import TakeError
from distill_engine.state import StateDict
from distill_engine.system.names import printable
from distill_engine.system.regular_files import open_regular
from distill_engine.takes.take import (
    BY_KIND_SINCE,
    PRIMED_SINCE,
    RETOLD_SINCE,
    TICK_SAMPLES,
    VERSION,
    Take,
    TakeHeader,
)
from distill_engine.takes.take_events import (
    ReadEvent,
    event_of_fields,
    json_fields,
    read_events,
)
from distill_engine.takes.take_lines import (
    CODES,
    FORMAT,
    LIVE_INPUT,
    MARKS,
    MOST_BYTES,
    decode_state,
    model_of_fields,
)
from distill_engine.takes.version_1 import event_of_version_1, header_of_version_1

MAXIMUM_LINE_BYTES = 64 * 2**20
BLOCK_HOPS = (1, 64)  # least and most that were rendered at once
HOP_SAMPLES = (TICK_SAMPLES, 8192)  # least and most of a hop
RATES_HZ = (8000, 192_000)  # least and most of a sample rate


def read_take(path: Path, *, allow_truncated: bool = False) -> Take:
    """Read and check a take.

    Raises TakeError if the file is not a take, is damaged, has a later version, or is truncated and
    `allow_truncated` is False.
    """
    whole = hashlib.sha256()
    lines = _lines(path, whole)
    header, read_event = _header(json_fields(next(lines, b"")), path)
    behind = 0 if header.output_tick == header.hop else header.block * header.hop // TICK_SAMPLES
    events, ticks, complete = read_events(lines, read_event, path, behind)
    take = Take(header, events, ticks, complete, whole.hexdigest())
    if not complete and not allow_truncated:
        raise TakeError(
            f"{path}: the take breaks off after {take.seconds:.1f} s; add --allow-truncated to render it up to there"
        )
    return take


def _lines(path: Path, whole: hashlib._Hash) -> Iterator[bytes]:
    """Yield the lines of a take, as long as the file was when it was opened, and digest them.

    Raises TakeError.
    """
    try:
        with open_regular(path) as file:
            left = os.fstat(file.fileno()).st_size
            if left > MOST_BYTES:
                raise TakeError(
                    f"{path}: a take has at most {MOST_BYTES >> 30} GB, this file has {left / 2**30:.1f} GB"
                )
            while left > 0 and (line := file.readline(min(left, MAXIMUM_LINE_BYTES + 1))):
                left -= len(line)
                if len(line) > MAXIMUM_LINE_BYTES:
                    raise TakeError(f"{path} is not a take: its lines are too long")
                whole.update(line)
                yield line
    except FileNotFoundError:
        raise TakeError(
            f"there is no take {path}: give the path of its file (the engine keeps takes in the library, under recordings)"
        ) from None
    except OSError as error:
        raise TakeError(f"{path}: cannot read the take: {error.strerror}") from None


def _header(data: dict[str, Any] | None, path: Path) -> tuple[TakeHeader, ReadEvent]:
    """Return the header, and the function that reads the events of its version."""
    if data is None or data.get("format") != FORMAT:
        raise TakeError(f"{path} is not a take; takes come from distill-engine --record or /distill/record")
    version = data.get("version")
    state = decode_state(data["state"]) if isinstance(data.get("state"), str) else None
    try:
        if version == 1:
            header = _checked(header_of_version_1(data, state))
            return header, lambda fields, at: event_of_version_1(fields, at, header.hop)
        if version in range(2, VERSION + 1):
            return _checked(_header_of_version_2(data, state)), event_of_fields
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TakeError(f"{path}: the take's header is damaged; record it again") from None
    raise TakeError(
        f"{path}: take version {printable(str(version), 40)} is not known here (1 to {VERSION}); update distill"
    )


def _header_of_version_2(data: dict[str, Any], state: StateDict | None) -> TakeHeader:
    known = {LIVE_INPUT["kind"], CODES["kind"], MARKS["kind"]}
    if data["tick"] != TICK_SAMPLES or any(row["kind"] not in known for row in data["embedded"]):
        raise ValueError
    seed, block, rate, hop = (int(data[name]) for name in ("seed", "block", "sample_rate", "hop"))
    playing = tuple(model_of_fields(row) for row in data["playing"])
    slots = [model.slot for model in playing]
    if slots[:1] != [0] or len(set(slots)) != len(slots):
        raise ValueError
    output_tick = int(data["output_tick"]) if "output_tick" in data else hop
    return TakeHeader(playing, seed, block, rate, hop, state, output_tick=output_tick, rules=_rules(data))


def _rules(data: dict[str, Any]) -> int:
    """Return the version by whose rules a take was played; 6 to 8 say it in three fields."""
    if "rules" in data:
        return int(data["rules"])
    for since, name in ((RETOLD_SINCE, "retold"), (BY_KIND_SINCE, "by_kind"), (PRIMED_SINCE, "primed")):
        if not data.get(name, False):
            return since - 1
    return PRIMED_SINCE


def _checked(header: TakeHeader) -> TakeHeader:
    """Return a header whose numbers are within their bounds. Raises ValueError for others."""
    bounds = (
        *((header.block, BLOCK_HOPS), (header.hop, HOP_SAMPLES), (header.sample_rate, RATES_HZ)),
        (header.rules, (1, VERSION)),
    )
    if any(not low <= value <= high for value, (low, high) in bounds) or header.output_tick < TICK_SAMPLES:
        raise ValueError
    if header.hop % header.output_tick:
        raise ValueError
    return header
