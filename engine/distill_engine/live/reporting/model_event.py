"""What the control process is told of a model that has begun to play."""

from __future__ import annotations

from typing import Any

from distill_engine.errors import ModelFileError
from distill_engine.modelfile import ModelFile
from distill_engine.synthesis.instrument import Instrument

PLACE_DECIMALS = 3  # of places on the map and in the corpus


def model_event(instrument: Instrument) -> dict[str, Any]:
    """Return the event `model`, which the control process and its clients understand."""
    controls = instrument.controls.infos if instrument.controls is not None else ()
    return {
        "event": "model",
        "name": instrument.name,
        "digest": instrument.digest,
        "skeleton": instrument.skeleton.digest if instrument.skeleton is not None else "",
        "controls": list(instrument.control_names),
        "withheld": dict(instrument.withheld),
        "analysis": {info.name: info.to_dict() for info in controls},
        "latents": instrument.latent_dim,
        "has_map": instrument.latent_map is not None,
        "map": map_of_corpus(instrument),
        "sources": list(instrument.source_names),
        "vocoder": instrument.vocoder.name,
        "vocoder_reason": instrument.vocoder.reason,
        "path": str(instrument.path or ""),
    }


def map_of_corpus(instrument: Instrument) -> dict[str, Any]:
    """Return the points of the map, and the clips that they are from, as JSON-compatible values.

    `points` are [x, y, clip, second, position, seconds left]: `position` is the place in the corpus
    from 0 to 1, "seconds left" those to the end of the clip; both are None where the file holds no
    path. `clips` are the names of the clips by number.
    """
    found = instrument.latent_map
    if found is None:
        return {"points": [], "clips": {}}
    names = clip_names(instrument)
    points: list[list[float | None]] = [
        [*(round(float(number), PLACE_DECIMALS) for number in place), int(clip), round(float(second), 2)]
        for place, clip, second in zip(found.points.T, found.clips, found.seconds, strict=True)
    ]
    for point, clip, second in zip(points, found.clips, found.seconds, strict=True):
        point += _in_corpus(instrument, int(clip), float(second))
    used = set(found.clips.tolist())
    return {"points": points, "clips": {clip: names[clip] for clip in used if clip < len(names)}}


def _in_corpus(instrument: Instrument, clip: int, second: float) -> list[float | None]:
    """Return position and seconds left of a second of a clip; None twice without a path."""
    path = instrument.search.path if instrument.search is not None else None
    if path is None or not 0 <= clip < len(path.offsets) - 1:
        return [None, None]
    frame = path.first_frame(clip) + second * instrument.frame_rate + 0.5
    return [
        round(frame / path.frames, 7),
        round(max(int(path.offsets[clip + 1]) - frame, 1.0) / instrument.frame_rate, 2),
    ]


def clip_names(instrument: Instrument) -> list[str]:
    """Return the names of all clips as the file says them; none if it has been replaced."""
    if instrument.path is None:
        return []
    try:
        with ModelFile.open(instrument.path) as file:
            manifest = file.manifest
    except ModelFileError:
        return []
    clips = manifest.analysis.get("clips", [])
    return [str(name) for name in clips] if manifest.digest == instrument.digest and isinstance(clips, list) else []
