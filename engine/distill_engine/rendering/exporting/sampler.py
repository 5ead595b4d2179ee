"""Sets of files for samplers: slices cut at attacks, and presets that map them to keys.

Sources: sfzformat.com, "SFZ format"; the Decent Sampler's developer guide, "The .dspreset format".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.finishing.loops import Loop
from distill_engine.audio.finishing.onsets import onsets
from distill_engine.errors import AudioFileError
from distill_engine.system.atomic_write import write_or_refuse

FIRST_KEY, LAST_KEY = 36, 127  # MIDI notes that slices get, one after the other
PRESET_SUFFIXES = (".sfz", ".dspreset")
SLICE_FADE_SECONDS = 0.005  # at the end of a slice
LEAST_SLICE_SECONDS = 0.02  # a shorter rest belongs to the slice before


@dataclass(frozen=True)
class Region:
    """A file on a key (MIDI note): played once, or with a loop."""

    path: Path
    key: int
    loop: Loop | None = None


def sliced(samples: Float32Array, sample_rate: int) -> list[Float32Array]:
    """Return the parts of [ch, T] from attack to attack, faded at their ends."""
    cuts = onsets(samples, sample_rate) or [0]
    ends = [*cuts[1:], samples.shape[1]]
    parts = []
    for start, end in zip(cuts, ends, strict=True):
        if end - start >= LEAST_SLICE_SECONDS * sample_rate:
            part = samples[:, start:end].copy()
            fade = round(SLICE_FADE_SECONDS * sample_rate)
            part[:, -fade:] *= 1.0 - np.arange(1, fade + 1, dtype=np.float32) / fade
            parts.append(part)
    return parts


def write_presets(folder: Path, name: str, files: Sequence[tuple[Path, Loop | None]]) -> tuple[str, ...]:
    """Write `name`.sfz and `name`.dspreset for files of a folder, with their loops, a key each.

    Return sentences about what they leave out. Raises AudioFileError.
    """
    keys = range(FIRST_KEY, LAST_KEY + 1)
    regions = [Region(path, key, loop) for (path, loop), key in zip(files, keys, strict=False)]
    for suffix, text in zip(PRESET_SUFFIXES, (sfz(regions), decent_sampler(regions)), strict=True):
        path = folder / f"{name}{suffix}"
        write_or_refuse(path, text.encode(), AudioFileError)
    if len(files) <= len(keys):
        return ()
    return (f"{name}.sfz and {name}.dspreset map the first {len(keys)} of {len(files)} files: there are no more keys",)


def sfz(regions: Sequence[Region]) -> str:
    """Return an SFZ preset."""
    lines = ["// made by Distill", "<control> default_path=", "<group> ampeg_release=0.05"]
    for region in regions:
        mode = "one_shot" if region.loop is None else "loop_continuous"
        line = f"<region> sample={region.path.name} key={region.key} pitch_keycenter={region.key} loop_mode={mode}"
        if region.loop is not None:
            line += f" loop_start={region.loop.start} loop_end={region.loop.end - 1}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def decent_sampler(regions: Sequence[Region]) -> str:
    """Return a Decent Sampler preset."""
    top = ElementTree.Element("DecentSampler", minVersion="1.0.0")
    group = ElementTree.SubElement(ElementTree.SubElement(top, "groups"), "group", release="0.05")
    for region in regions:
        key = str(region.key)
        sample = ElementTree.SubElement(group, "sample", path=region.path.name, rootNote=key, loNote=key, hiNote=key)
        if region.loop is not None:
            sample.set("loopEnabled", "true")
            sample.set("loopStart", str(region.loop.start))
            sample.set("loopEnd", str(region.loop.end - 1))
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"
