"""Make the built-in model, `starter.distillgan`."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from asset_builders.provenance import provenance
from distill_control.cli.main import main as distill
from distill_engine.analysis.level import TARGET_DB
from distill_engine.audio.encoding import write_audio
from distill_engine.audio.files import read_audio
from distill_engine.audio.levels import peak_db
from distill_engine.modelfile import ModelFile, update_model
from distill_engine.modelfile.reader import is_training
from distill_engine.rendering.model_trim import loudness_db
from harness.repository import ASSETS, CORPUS

MOST_GAIN_DB, HIGHEST_PEAK_DB = 10.0, -1.0
"""Bounds of the gain that brings a clip to the common loudness."""
SOUNDS = (
    *("ambi_choir", "ambi_drone", "ambi_glass_hum", "ambi_glass_rub", "ambi_piano", "ambi_soft_buzz"),
    *("bass_voxy_c", "bass_woodsy_c", "elec_bell", "elec_blup", "elec_bong", "elec_chime"),
    *("elec_triangle", "elec_twang", "guit_e_fifths", "guit_e_slide", "guit_em9", "guit_harmonics"),
    *("perc_bell", "perc_bell2"),
)
"""Clips of sonicpi_cc0 that the starter is made of: those with notes. Noise and drones of noise are left out."""


def levelled(source: Path, target: Path) -> Path:
    """Copy the starter's sounds, brought to one loudness: a walk through them keeps to a level.

    The gain is 10 dB at most, and peaks stay below -1 dB.
    """
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source / f"{name}.flac" for name in SOUNDS):
        sound = read_audio(path)
        wanted = TARGET_DB - loudness_db(sound.samples, sound.sample_rate)
        gain = np.clip(wanted, -MOST_GAIN_DB, MOST_GAIN_DB)
        samples = sound.samples * 10 ** (min(gain, HIGHEST_PEAK_DB - peak_db(sound.samples)) / 20)
        write_audio(target / path.name, samples.astype(np.float32), sound.sample_rate)
    return target


def make_starter(work: Path) -> None:
    """Make the built-in model from the levelled sounds with the command a user would type.

    It ships without a vocoder of its own (8 MB more): it plays through the base `vocos`, whose
    training included its corpus.
    """
    made, corpus = work / "starter.distillgan", levelled(CORPUS / "sonicpi_cc0", work / "levelled")
    if distill(["train", str(corpus), "-o", str(made), "--fresh"]):
        raise SystemExit("the starter's training failed")
    with ModelFile.open(made) as file:
        dropped = [name for name in file.parts if is_training(name)]
    note = "latent model of 20 clips of sonicpi_cc0, brought to one loudness; plays through the base vocos"
    update_model(
        made,
        manifest=lambda old: replace(old, extra={"provenance": provenance(note)}),
        parts=dict.fromkeys(dropped),
    )
    ASSETS.mkdir(exist_ok=True)
    shutil.copyfile(made, ASSETS / made.name)
