"""The one table of all addresses of a playing engine. A long file: the table is kept whole.

Each `Row` is one address, or one family of addresses (`/distill/control/{name}`). OSC, OSCQuery,
MIDI targets, presets, takes, the command line's help, the patches and the reference are derived
from it. Standard library only.

A row's `kind` says where its value lives:

* `parameter`: a continuous value with a word in shared memory; latest value wins, gliding where
  `ramped`.
* `group`: one message that writes several parameters (`/distill/map x y`).
* `setting`: a discrete state of the engine (source, vocoder, model, seed), changed through the
  command queue.
* `command`: an action, answered with done or failed.
* `query`: answered by the control process itself, to the sender.
* `reading`: a figure that the engine measures while it plays. It cannot be set; subscribers get it
  when it changes, unless it is sent on request only.

Indices are fixed: the static parameters in table order, then `/distill/control/0..31`,
`/distill/latent/0..63` and `/distill/blend/0..3`. A loaded model names its controls;
`/distill/control/0` is its first one, and so on.
"""

from collections.abc import Iterator
from functools import lru_cache

from distill_engine.errors import ControlError
from distill_engine.vocabulary.address_tree import AddressTree
from distill_engine.vocabulary.rows import (
    BLEND_SLOTS,
    CODE_LEVELS,
    CONTROL_COUNT,
    GLIDE,
    GLIDE_LIMIT_SECONDS,
    LATENT_COUNT,
    MOST_CODE_COLUMNS,
    MOST_MARKS,
    MOST_VOICES,
    SEED_LIMIT,
    Access,
    Argument,
    ArgumentType,
    Kind,
    Parameter,
    Row,
)

__all__ = [
    "BLEND_SLOTS",
    "BLEND_SPACES",
    "CODE_LEVELS",
    "CONTROL_COUNT",
    "GLIDE",
    "GLIDE_LIMIT_SECONDS",
    "LATENT_COUNT",
    "MARK_WAYS",
    "MOST_MARKS",
    "MOST_VOICES",
    "PARAMETERS",
    "REPLIES",
    "ROWS",
    "SEED_LIMIT",
    "SOURCES",
    "SPACES",
    "VOCODERS",
    "Access",
    "Argument",
    "ArgumentType",
    "Kind",
    "Parameter",
    "Row",
    "default_values",
    "index_of",
    "is_parameter",
    "row",
]


def _continuous(  # ten parameters: the columns of the table
    address: str,
    low: float,
    high: float,
    default: float,
    unit: str,
    description: str,
    *,
    ramped: bool = True,
    excluded: bool = False,
    count: int = 1,
    wakes: str | None = None,
) -> Row:
    value = Argument("value", "float", low, high, unit=unit)
    arguments = (value, GLIDE) if ramped else (value,)
    return Row(
        address,
        "parameter",
        description,
        arguments,
        default,
        ramped=ramped,
        excluded_from_presets=excluded,
        count=count,
        wakes=wakes,
    )


def _toggle(address: str, default: float, description: str, *, excluded: bool = False) -> Row:
    value = Argument("value", "toggle", 0.0, 1.0)
    return Row(address, "parameter", description, (value,), default, excluded_from_presets=excluded)


def _command(address: str, description: str, *arguments: Argument) -> Row:
    return Row(address, "command", description, arguments, access="write", excluded_from_presets=True)


def _query(address: str, description: str, *arguments: Argument) -> Row:
    return Row(address, "query", description, arguments, access="write", excluded_from_presets=True)


def _reading(  # seven parameters: the columns of the table
    address: str,
    description: str,
    argument: Argument,
    *,
    figure: str = "",
    on_request: bool = False,
    interval: float = 0.0,
    step: float = 0.0,
) -> Row:
    """Row of a reading. Without a `figure` that is the address, `/` written as `_`."""
    return Row(
        address,
        "reading",
        description,
        (argument,),
        0.0 if argument.numeric else argument.choices[0] if argument.choices else "",
        access="read",
        excluded_from_presets=True,
        figure=figure or address.removeprefix("/distill/").replace("/", "_"),
        on_request=on_request,
        interval=interval,
        step=step,
    )


def _text(name: str, *, optional: bool = False) -> Argument:
    return Argument(name, "text", optional=optional)


_PLACE = (Argument("x", "float", -1.0, 1.0), Argument("y", "float", -1.0, 1.0))
_MARK = Argument("number", "integer", 0, MOST_MARKS - 1)
SOURCES = ("hold", "drift", "corpus", "input", "walk", "codes", "prior")
BLEND_SPACES = ("one", "latents", "sound", "both", "mel")
SPACES = ("mono", "stereo", "wide", "binaural", "ambisonic")
MARK_WAYS = ("none", "still", "recording", "repeating")
VOCODERS = ("auto", "hifigan", "vocos", "bigvgan", "base")

MARKS_AMOUNT = "/distill/marks/amount"

_PARAMETERS: tuple[Row, ...] = (
    _continuous("/distill/gain", -90.0, 12.0, 0.0, "dB", "Output level; -90 is silence", excluded=True),
    _continuous("/distill/width", 0.0, 1.0, 0.3, "", "Stereo width: 0 is mono, 1 is widest"),
    _continuous(
        "/distill/map/x", -1.0, 1.0, 0.0, "", "Place on the corpus map, left to right", wakes="/distill/map/amount"
    ),
    _continuous(
        "/distill/map/y", -1.0, 1.0, 0.0, "", "Place on the corpus map, bottom to top", wakes="/distill/map/amount"
    ),
    _continuous("/distill/map/amount", 0.0, 1.0, 0.0, "", "How far the point on the map replaces the source"),
    _continuous(
        "/distill/source/rate",
        0.01,
        20.0,
        0.2,
        "Hz",
        "Drift: changes of direction per second (per beat once there is a tempo)",
    ),
    _continuous("/distill/source/range", 0.0, 3.0, 1.0, "sigma", "Drift: how far from the centre it walks"),
    _continuous(
        "/distill/source/position", 0.0, 1.0, 0.0, "", "Corpus: where the path starts (jumps there when moved)"
    ),
    _continuous("/distill/source/speed", -4.0, 4.0, 1.0, "x", "Corpus: speed along the path; negative plays backwards"),
    _continuous("/distill/source/jitter", 0.0, 1.0, 0.0, "", "Corpus: random leaps around the position"),
    _continuous(
        "/distill/source/length",
        0.0,
        600.0,
        0.0,
        "s",
        "Corpus: length of the loop from the position on; 0 is the whole corpus",
        ramped=False,
    ),
    _toggle("/distill/source/loop", 1.0, "Corpus: start again at the end, or hold the last sound"),
    _toggle("/distill/source/freeze", 0.0, "All sources: stay where it is"),
    _continuous(
        "/distill/source/input_gain", -60.0, 24.0, 0.0, "dB", "Input: level before it is encoded", excluded=True
    ),
    _continuous(
        "/distill/source/tempo",
        0.0,
        300.0,
        0.0,
        "bpm",
        "Tempo: rate and leaps count per beat, corpus speed scales with tempo / 120; 0 runs free",
        ramped=False,
        excluded=True,
    ),
    _toggle("/distill/source/gate", 1.0, "1 sounds, 0 fades out: what notes open and close", excluded=True),
    _continuous(
        "/distill/source/fade",
        0.01,
        10.0,
        0.5,
        "s",
        "Cross-fade when the source, model, vocoder or preset changes",
        ramped=False,
        excluded=True,
    ),
    _continuous(
        "/distill/source/leaps",
        0.02,
        20.0,
        0.2,
        "Hz",
        "Walk: leaps to another place per second (per beat once there is a tempo)",
    ),
    _continuous(
        "/distill/source/reach",
        0.0,
        1.0,
        0.25,
        "",
        "Walk, drift, hold, map: 0 leaps to the most alike place, 0.25 one of 8, 0.75 one of 512",
    ),
    _continuous(
        "/distill/source/grip", 0.0, 1.0, 0.5, "", "Drift and hold: how much their place counts against what plays"
    ),
    _continuous(
        "/distill/source/grain", 0.0, 4.0, 0.45, "s", "Drift, hold, map: length of a stretch; 0 is the place itself"
    ),
    _continuous("/distill/pitch", -24.0, 24.0, 0.0, "semitones", "Transposition; time does not change"),
    _continuous("/distill/note/bend", -2.0, 2.0, 0.0, "semitones", "Pitch bend of notes", excluded=True),
    _continuous(
        "/distill/note/release",
        0.01,
        20.0,
        0.3,
        "s",
        "Time in which a note dies after its key was let go",
        ramped=False,
    ),
    _toggle("/distill/note/hold", 0.0, "1: a note sounds on after its key was let go"),
    _continuous(
        "/distill/source/own",
        0.0,
        1.0,
        0.0,
        "",
        "Input: 0 plays the input's own sound, 1 stretches of the corpus that follow it",
    ),
    _continuous("/distill/codes/rate", -4.0, 4.0, 1.0, "x", "Codes: speed; negative plays backwards"),
    _continuous("/distill/codes/position", 0.0, 1.0, 0.0, "", "Codes: place in the loop (jumps there when moved)"),
    _toggle("/distill/codes/repeat", 1.0, "Codes: start again at the end, or be silent"),
    _continuous("/distill/prior/temperature", 0.1, 2.0, 1.0, "", "Prior: below 1 likely codes, above 1 unlikely ones"),
    _continuous("/distill/prior/top_p", 0.05, 1.0, 0.95, "", "Prior: share of the likeliest codes that it draws from"),
    _continuous("/distill/prior/novelty", 0.05, 60.0, 1.0, "s", "Prior: longest run that it copies from one sound"),
    _continuous("/distill/prior/rate", 0.1, 4.0, 1.0, "x", "Prior: speed"),
    _continuous(
        "/distill/prior/radius",
        0.0,
        1.0,
        1.0,
        "",
        "Prior: share of the sound, nearest to the map's point, that it plays",
    ),
    _toggle("/distill/prior/hold", 0.0, "Prior: repeat the column that plays"),
    _continuous(
        "/distill/space/spread",
        0.0,
        360.0,
        0.0,
        "degrees",
        "Angle over which the notes stand, with 2 voices or more, around the place of slot 0",
    ),
    _continuous(
        "/distill/space/depth", 0.0, 1.0, 0.0, "", "Room around the sound: 0 none, 1 as loud as a sound at distance 1"
    ),
    _continuous(
        "/distill/morph",
        0.0,
        1.0,
        0.0,
        "",
        "Place between the two presets of the last /distill/preset/morph",
        ramped=False,
        excluded=True,
    ),
    *(
        _continuous(f"/distill/marks/{axis}", -1.0, 1.0, 0.0, "", f"Place among the marks, {way}", wakes=MARKS_AMOUNT)
        for axis, way in (("x", "left to right"), ("y", "bottom to top"))
    ),
    _continuous(
        MARKS_AMOUNT, 0.0, 1.0, 0.0, "", "How far the marks replace source, map and controls, where they hold some"
    ),
    _continuous(
        "/distill/source/phase",
        -1.0,
        4.0,
        -1.0,
        "beats",
        "With a tempo: place in the bar of 4 beats, with which the sources keep in step; -1 is none",
        ramped=False,
        excluded=True,
    ),
)

_FAMILIES: tuple[Row, ...] = (
    _continuous(
        "/distill/control/{name}", -1.0, 1.0, 0.0, "", "A named control of the loaded model", count=CONTROL_COUNT
    ),
    _continuous(
        "/distill/latent/{index}", -4.0, 4.0, 0.0, "sigma", "Offset of one latent dimension", count=LATENT_COUNT
    ),
    _continuous(
        "/distill/blend/{index}", 0.0, 1.0, 0.0, "", "Weight of one of the models that play together", count=BLEND_SLOTS
    ),
    _continuous(
        "/distill/codes/level/{index}",
        0.0,
        1.0,
        1.0,
        "",
        "Codes: how far a level is let in (0 Structure, then Timbre and Detail)",
        count=CODE_LEVELS,
    ),
    _continuous(
        "/distill/codes/shift/{index}",
        -256.0,
        256.0,
        0.0,
        "steps",
        "Codes: a level's codes moved along their order; neighbours sound alike",
        count=CODE_LEVELS,
    ),
    _continuous(
        "/distill/space/azimuth/{index}",
        -180.0,
        180.0,
        0.0,
        "degrees",
        "Direction of a slot: 0 ahead, 90 to the right, -90 to the left, 180 behind",
        count=BLEND_SLOTS,
    ),
    _continuous(
        "/distill/space/elevation/{index}",
        -90.0,
        90.0,
        0.0,
        "degrees",
        "Direction of a slot: 90 above, -90 below",
        count=BLEND_SLOTS,
    ),
    _continuous(
        "/distill/space/distance/{index}",
        0.25,
        100.0,
        1.0,
        "m",
        "Distance of a slot: twice as far is 6 dB quieter, in the room 3 dB",
        count=BLEND_SLOTS,
    ),
)

_GROUPS: tuple[Row, ...] = (
    Row(
        "/distill/map",
        "group",
        "Place on the corpus map",
        (Argument("x", "float", -1.0, 1.0), Argument("y", "float", -1.0, 1.0), GLIDE),
        access="write",
        targets=("/distill/map/x", "/distill/map/y"),
        wakes="/distill/map/amount",
        excluded_from_presets=True,
    ),
    Row(
        "/distill/marks",
        "group",
        "Place among the marks",
        (Argument("x", "float", -1.0, 1.0), Argument("y", "float", -1.0, 1.0), GLIDE),
        access="write",
        targets=("/distill/marks/x", "/distill/marks/y"),
        wakes=MARKS_AMOUNT,
        excluded_from_presets=True,
    ),
    Row(
        "/distill/latents",
        "group",
        "Offsets of the first latent dimensions, all at once",
        (Argument("value", "float", -4.0, 4.0, unit="sigma", repeated=True),),
        access="write",
        targets=tuple(f"/distill/latent/{index}" for index in range(LATENT_COUNT)),
        excluded_from_presets=True,
    ),
)

_SETTINGS: tuple[Row, ...] = (
    Row(
        "/distill/source",
        "setting",
        "What moves the sound: nothing (hold), a drift, a path through the corpus, a live input, "
        "a walk through its own stretches, a sequence of codes, a prior that plays by itself",
        (Argument("source", "choice", choices=SOURCES),),
        "walk",
    ),
    Row(
        "/distill/vocoder",
        "setting",
        "Vocoder, of these or added ones; auto takes the best that keeps up",
        (Argument("vocoder", "choice", choices=VOCODERS, open=True),),
        "auto",
        excluded_from_presets=True,
    ),
    Row(
        "/distill/model",
        "setting",
        "Model to play, by its name in the library",
        (_text("model"),),
        "",
        excluded_from_presets=True,
    ),
    Row(
        "/distill/seed",
        "setting",
        "Seed of everything random; sets it going again from there",
        (Argument("seed", "integer", 0, SEED_LIMIT),),
        0.0,
    ),
    Row(
        "/distill/space",
        "setting",
        "Where sound comes from: mono, stereo, wide (twice the width), binaural (for headphones), ambisonic (4 outputs)",
        (Argument("space", "choice", choices=SPACES),),
        "stereo",
        excluded_from_presets=True,
    ),
    Row(
        "/distill/voices",
        "setting",
        "Notes that sound at once: 1 is mono with legato; what does not fit this machine is refused",
        (Argument("voices", "integer", 1, MOST_VOICES),),
        1.0,
        excluded_from_presets=True,
    ),
    Row(
        "/distill/follow",
        "setting",
        "Follow the model file: when training replaces it, the new version fades in",
        (Argument("follow", "toggle", 0.0, 1.0),),
        0.0,
        excluded_from_presets=True,
    ),
)

_COMMANDS: tuple[Row, ...] = (
    _command("/distill/play", "Fade in"),
    _command("/distill/stop", "Fade out"),
    _command("/distill/panic", "Silence at once; play starts again"),
    _command("/distill/source/trigger", "Start the source again from its position"),
    _command(
        "/distill/note",
        "Press a key (velocity 1 to 127) or let it go (0); play lets the instrument play by itself again",
        Argument("key", "float", 0.0, 127.0),
        Argument("velocity", "float", 0.0, 127.0),
    ),
    _command(
        "/distill/note/detune",
        "The own pitch bend of the note at a key, with 2 voices or more",
        Argument("key", "float", 0.0, 127.0),
        Argument("semitones", "float", -48.0, 48.0, unit="semitones"),
    ),
    _command(
        "/distill/note/pressure",
        "How hard the key of a note is pressed, with 2 voices or more: up to 6 dB louder",
        Argument("key", "float", 0.0, 127.0),
        Argument("pressure", "float", 0.0, 1.0),
    ),
    _command(
        "/distill/note/control",
        "What the note at a key adds to a named control, with 2 voices or more",
        Argument("key", "float", 0.0, 127.0),
        _text("control"),
        Argument("value", "float", -1.0, 1.0),
    ),
    _command(
        "/distill/blend/model",
        "Model that plays in one of the blend slots; an empty name empties the slot",
        Argument("index", "integer", 0, BLEND_SLOTS - 1),
        _text("model"),
    ),
    _command(
        "/distill/codes/load", "Codes: play a saved sequence, or a sound of the corpus by its name", _text("name")
    ),
    _command("/distill/codes/save", "Codes: save the sequence that plays under a name", _text("name")),
    _command(
        "/distill/codes/set",
        "Codes: set one code",
        Argument("level", "integer", 0, CODE_LEVELS - 1),
        Argument("column", "integer", 0, MOST_CODE_COLUMNS),
        Argument("code", "integer", 0, 255),
    ),
    _command(
        "/distill/codes/copy",
        "Codes: copy the columns from `first` to `end` (not included) over what begins at `to`",
        Argument("first", "integer", 0, MOST_CODE_COLUMNS),
        Argument("end", "integer", 0, MOST_CODE_COLUMNS),
        Argument("to", "integer", 0, MOST_CODE_COLUMNS),
    ),
    _command("/distill/codes/undo", "Codes: take the last change of the sequence back"),
    _command(
        "/distill/codes/loop",
        "Codes: play the columns from `first` to `end` (not included)",
        Argument("first", "integer", 0, MOST_CODE_COLUMNS),
        Argument("end", "integer", 0, MOST_CODE_COLUMNS),
    ),
    _command(
        "/distill/codes/capture",
        "Codes: what played in the last seconds becomes the sequence",
        Argument("seconds", "float", 0.1, 30.0, unit="s"),
    ),
    _command(
        "/distill/prior/start",
        "Prior: begin with the sound of this name, or with those that have it in theirs; an empty name: with any",
        _text("name"),
    ),
    _command(
        "/distill/prior/continue",
        "Prior: go on from what played in the last seconds, the live input included",
        Argument("seconds", "float", 0.1, 2.0, unit="s"),
    ),
    _command(
        "/distill/record",
        "Record a take under this name, or `stop`; /distill/recording/file says where it lies",
        _text("path"),
    ),
    _command("/distill/preset/save", "Save the present state as a preset", _text("name")),
    _command("/distill/preset/recall", "Recall a preset by name or index", Argument("name", "name"), GLIDE),
    _command(
        "/distill/preset/morph",
        "Between two presets: x = 0 is the first, 1 the second",
        Argument("a", "name"),
        Argument("b", "name"),
        Argument("x", "float", 0.0, 1.0),
    ),
    _command("/distill/preset/delete", "Delete a preset", Argument("name", "name")),
    _command("/distill/preset/rename", "Rename a preset", Argument("name", "name"), _text("new_name")),
    _command(
        "/distill/preset/move",
        "Give a preset another number; those between move by one",
        Argument("name", "name"),
        Argument("number", "integer", 0, 9999),
    ),
    _command(
        "/distill/preset/exclude",
        "Leave a parameter out of presets (1) or take it in again (0)",
        _text("address"),
        Argument("excluded", "toggle", 0, 1, optional=True),
    ),
    _command(
        "/distill/marks/clip",
        "Marks: place a sound of the corpus, by its name, as it is at a second of it",
        _text("name"),
        Argument("second", "float", 0.0, 86400.0, unit="s"),
        *_PLACE,
    ),
    _command(
        "/distill/marks/moment",
        "Marks: place what sounded this many seconds ago",
        Argument("seconds", "float", 0.0, 30.0, unit="s"),
        *_PLACE,
    ),
    _command("/distill/marks/controls", "Marks: place the present values of the controls", *_PLACE),
    _command("/distill/marks/move", "Marks: move a mark", _MARK, *_PLACE),
    _command("/distill/marks/name", "Marks: give a mark another name", _MARK, _text("name")),
    _command("/distill/marks/remove", "Marks: take a mark away", _MARK),
    _command("/distill/marks/clear", "Marks: take all marks away"),
    _command("/distill/marks/save", "Marks: save them all under a name, with the model's presets", _text("name")),
    _command("/distill/marks/load", "Marks: play saved ones", _text("name")),
    _command("/distill/marks/rename", "Marks: rename saved ones", _text("name"), _text("new_name")),
    _command("/distill/marks/delete", "Marks: delete saved ones", _text("name")),
    _command(
        "/distill/marks/record",
        "Marks: 1 records how the place among them moves, 0 ends that and repeats it",
        Argument("record", "toggle", 0.0, 1.0),
    ),
    _command(
        "/distill/marks/repeat",
        "Marks: 1 repeats the recorded way, 0 stops it; a hand that moves the place stops it too",
        Argument("repeat", "toggle", 0.0, 1.0),
    ),
    _command("/distill/midi/learn", "The next controller moved steers this address", _text("address")),
    _command("/distill/midi/forget", "Forget what steers this address", _text("address")),
    _command("/distill/midi/cancel", "Stop waiting for a controller to learn"),
)

_QUERIES: tuple[Row, ...] = (
    _query(
        "/distill/subscribe",
        "Get current values, then changes (of all but strain, levels and place), at this port (0: the one that asks), "
        "controls by name or by number",
        Argument("port", "integer", 0, 65535, optional=True),
        Argument("controls", "choice", choices=("names", "numbers"), optional=True),
    ),
    _query(
        "/distill/unsubscribe",
        "Get no more changes at this port (0: the one that asks)",
        Argument("port", "integer", 0, 65535, optional=True),
    ),
    _query("/distill/status", "Answered with /distill/status.reply name value name value ..."),
    _query(
        "/distill/ping",
        "Answered with /distill/pong and the same arguments",
        Argument("any", "any", optional=True, repeated=True),
    ),
    _query("/distill/vocoder/list", "Answered with /distill/vocoder/list.reply name about name about ..."),
    _query("/distill/model/list", "Answered with /distill/model/list.reply name about name about ..."),
    _query("/distill/take/list", "Answered with /distill/take/list.reply name about name about ..., the latest first"),
    _query("/distill/preset/list", "Answered with /distill/preset/list.reply name name ..."),
    _query("/distill/marks/list", "Answered with /distill/marks/list.reply name x y kind name x y kind ..."),
    _query("/distill/marks/saved", "Answered with /distill/marks/saved.reply name name ..."),
    _query("/distill/preset/excluded", "Answered with /distill/preset/excluded.reply address address ..."),
    _query("/distill/midi/list", "Answered with /distill/midi/list.reply address controller address controller ..."),
)

_READINGS: tuple[Row, ...] = (
    _reading(
        "/distill/strain",
        "How far the controls push out of the learned region: 0 inside, above 0 the warning zone, 1 the limit",
        Argument("strain", "float", 0.0, 1.0),
        on_request=True,
    ),
    _reading(
        "/distill/blend/space",
        "Where the models that play together are blended: in the mel if they have skeletons and share a vocoder, "
        "in latents if they share a decoder too (version 1), else in sound; both: in more than one of these",
        Argument("space", "choice", choices=BLEND_SPACES),
        figure="blend_space",
    ),
    *(
        _reading(f"/distill/blend/model/{slot}", "Model in this blend slot; empty without one", _text("model"))
        for slot in range(BLEND_SLOTS)
    ),
    _reading("/distill/marks/playing", "Name of the marks that play; empty if they are not saved", _text("name")),
    _reading(
        "/distill/marks/way",
        "What the place among the marks does by itself",
        Argument("way", "choice", choices=MARK_WAYS),
    ),
    _reading("/distill/playing", "1 plays, 0 is stopped", Argument("playing", "toggle", 0.0, 1.0)),
    _reading("/distill/recording", "1 while a take or sound is recorded", Argument("recording", "toggle", 0.0, 1.0)),
    _reading("/distill/recording/file", "Where the latest take or sound lies, the whole path", _text("path")),
    _reading("/distill/loading", "Model or vocoder that is being loaded; empty if none is", _text("name")),
    _reading("/distill/vocoder/playing", "Vocoder that plays", _text("vocoder")),
    _reading("/distill/vocoder/reason", "Why this vocoder plays", _text("reason")),
    _reading(
        "/distill/level/peak",
        "Highest level of the output, of full scale",
        Argument("level", "float", -120.0, 6.0, unit="dB"),
        figure="peak_db",
        on_request=True,
        interval=0.1,
        step=0.5,
    ),
    _reading(
        "/distill/level/rms",
        "Mean level of the output, of full scale",
        Argument("level", "float", -120.0, 6.0, unit="dB"),
        figure="rms_db",
        on_request=True,
        interval=0.1,
        step=0.5,
    ),
    _reading(
        "/distill/input/level",
        "Highest level of the live input, before its gain",
        Argument("level", "float", -120.0, 6.0, unit="dB"),
        figure="input_db",
        on_request=True,
        interval=0.1,
        step=0.5,
    ),
    _reading(
        "/distill/place/x",
        "Place on the corpus map of what sounds now, left to right",
        Argument("x", "float", -1.0, 1.0),
        figure="place_x",
        on_request=True,
        interval=0.06,
        step=0.01,
    ),
    _reading(
        "/distill/place/y",
        "Place on the corpus map of what sounds now, bottom to top",
        Argument("y", "float", -1.0, 1.0),
        figure="place_y",
        on_request=True,
        interval=0.06,
        step=0.01,
    ),
)

ROWS: tuple[Row, ...] = _PARAMETERS + _FAMILIES + _GROUPS + _SETTINGS + _COMMANDS + _QUERIES + _READINGS
"""The whole vocabulary."""

REPLIES: tuple[tuple[str, str], ...] = (
    ("/distill/status.reply", "name value name value ...: the state of the engine"),
    ("/distill/pong", "the arguments of the ping"),
    ("/distill/done", "address: the command was carried out"),
    ("/distill/error", "address reason: it was not, and why; also at the ports that the sender has subscribed"),
    ("/distill/vocoder/list.reply", "name about name about ...: vocoders that can be asked for on this machine"),
    ("/distill/model/list.reply", "name about name about ...: models of the library"),
    ("/distill/take/list.reply", "name about name about ...: recorded takes, the latest first"),
    ("/distill/preset/list.reply", "name name ...: presets of the loaded model, in the order of program changes"),
    ("/distill/marks/list.reply", "name x y kind ...: the marks that play by number; kind: clip, moment or controls"),
    ("/distill/marks/saved.reply", "name name ...: saved marks of the loaded model"),
    ("/distill/preset/excluded.reply", "address address ...: what presets leave out"),
    ("/distill/midi/list.reply", "address controller address controller ...: what steers what"),
    ("/distill/controls", "name name ...: the model's controls in the order of their numbers, to subscribers"),
    ("/distill/level", "peak_db rms_db: the output's level, to subscribers, 10 times a second"),
    ("/distill/notice", "level text: info, warning or error, and what has happened; to subscribers"),
    ("/distill/preset/changed", "the loaded model's presets are others now: ask for the list; to subscribers"),
    ("/distill/marks/changed", "the marks, or the saved ones, are others now: ask for the lists; to subscribers"),
    ("/distill/midi/learned", "address controller: what steers the address from now on; to subscribers"),
)
"""What the engine says; never accepted as input."""


def _members() -> Iterator[tuple[Row, str, float]]:
    for row in _PARAMETERS:
        yield row, row.address, float(row.default or 0.0)
    for row in _FAMILIES:
        for index in range(row.count):
            first_blend = row.prefix == "/distill/blend/" and index == 0
            yield row, f"{row.prefix}{index}", 1.0 if first_blend else float(row.default or 0.0)


def _build() -> tuple[Parameter, ...]:
    return tuple(
        Parameter(parameter_index, address, row, float(row.minimum or 0.0), float(row.maximum or 0.0), default)
        for parameter_index, (row, address, default) in enumerate(_members())
    )


PARAMETERS: tuple[Parameter, ...] = _build()
"""Every parameter, in the order of shared memory."""

_INDEX_OF: dict[str, int] = {parameter.address: parameter.index for parameter in PARAMETERS}
_INDICES = tuple(str(index) for index in range(LATENT_COUNT))
_ROWS: dict[str, Row] = {row.address: row for row in ROWS}
_TREE = AddressTree(ROWS)


def index_of(address: str) -> int:
    """Slot of a parameter address (`/distill/gain`, `/distill/control/3`, `/distill/latent/12`).

    Raises:
        ControlError: if no parameter has this address.

    >>> PARAMETERS[index_of("/distill/control/3")].address
    '/distill/control/3'
    >>> index_of("/distill/control/4") - index_of("/distill/control/3")
    1
    """
    try:
        return _INDEX_OF[address]
    except KeyError:
        raise ControlError(f"{address[:80]} is no parameter; see `distill send --list` for all addresses") from None


def full_address(name: str) -> str:
    """Return the address of a name that may leave "/distill/" out."""
    return name if name.startswith("/") else f"/distill/{name}"


def is_parameter(address: str) -> bool:
    """Whether a parameter has this address."""
    return address in _INDEX_OF


def default_values() -> list[float]:
    """Return the default of every parameter, in the order of `PARAMETERS`."""
    return [parameter.default for parameter in PARAMETERS]


@lru_cache(maxsize=1024)
def row(address: str) -> Row:
    """Row of an address, be it single or a member of a family (any control name is taken).

    Raises:
        ControlError: if the vocabulary has no such address; names those that exist beside it.
    """
    if address in _ROWS:
        return _ROWS[address]
    for family in _FAMILIES:
        member = address.removeprefix(family.prefix)
        if member == address or not member or "/" in member:
            continue
        if family.family == "name" or (member in _INDICES[: family.count]):
            return family
    raise ControlError(_TREE.explain(address))
