"""Four corpora of 30 clips that no shipped model was trained on, rendered from a General MIDI sound font.

fluidsynth and the sound font MuseScore_General (MIT) must be installed; only this recipe is kept.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import mido

SOUND_FONT = Path("/usr/share/sounds/sf3/MuseScore_General.sf3")
INSTALL = "sudo apt-get install fluidsynth musescore-general-soundfont"
RATE = 44_100
TICKS = 480  # a beat, of half a second
KALIMBA, CELLO, CHOIR, DRUMS = 108, 42, 52, None
MELODIC = {
    "struck": (KALIMBA, range(60, 90), 2.5),
    "bowed": (CELLO, range(40, 70), 2.2),
    "sung": (CHOIR, range(48, 78), 2.4),
}
PERCUSSION = (
    35,
    36,
    37,
    38,
    39,
    40,
    41,
    43,
    45,
    46,
    47,
    48,
    49,
    50,
    54,
    56,
    60,
    61,
    62,
    63,
    64,
    65,
    66,
    69,
    70,
    73,
    75,
    76,
    77,
    80,
)
NAMES = (*MELODIC, "percussive")


def render_corpus(name: str, folder: Path) -> Path:
    """Render the corpus `name` into `folder`/`name`, unless it is there; return that folder."""
    target = folder / name
    if target.is_dir() and len(list(target.glob("*.wav"))) == 30:
        return target
    if shutil.which("fluidsynth") is None or not SOUND_FONT.is_file():
        raise SystemExit(f"{name} is rendered by fluidsynth from {SOUND_FONT}: {INSTALL}")
    target.mkdir(parents=True, exist_ok=True)
    if name == "percussive":
        _render(target, 9, DRUMS, PERCUSSION, 0.4, 1.2)
    else:
        program, keys, seconds = MELODIC[name]
        _render(target, 0, program, tuple(keys), seconds * 0.7, seconds)
    return target


def _render(
    target: Path, channel: int, program: int | None, keys: tuple[int, ...], held: float, seconds: float
) -> None:
    """Render notes of `held` seconds one after the other, and cut them into files of `seconds`."""
    import soundfile

    track, gap = mido.MidiTrack(), 1.0  # a second of silence between notes
    if program is not None:
        track.append(mido.Message("program_change", channel=channel, program=program, time=0))
    for key in keys:
        velocity = 60 + (key * 37) % 60
        track.append(mido.Message("note_on", channel=channel, note=key, velocity=velocity, time=0))
        track.append(mido.Message("note_off", channel=channel, note=key, velocity=0, time=int(held * 2 * TICKS)))
        track.append(mido.MetaMessage("marker", text="", time=int((seconds + gap - held) * 2 * TICKS)))
    with tempfile.TemporaryDirectory() as folder:
        midi = mido.MidiFile(ticks_per_beat=TICKS)
        midi.tracks.append(track)
        midi.save(Path(folder) / "notes.mid")
        made = Path(folder) / "notes.wav"
        command = ["fluidsynth", "-ni", "-q", "-r", str(RATE), "-g", "0.8", "-F", str(made), str(SOUND_FONT)]
        subprocess.run([*command, str(Path(folder) / "notes.mid")], check=True, capture_output=True)
        samples, rate = soundfile.read(made, dtype="float32", always_2d=True)
    step = (int(held * 2 * TICKS) + int((seconds + gap - held) * 2 * TICKS)) / (2 * TICKS)
    for index, key in enumerate(keys):
        start = int(index * step * rate)
        clip = samples[start : start + int(seconds * rate)].mean(axis=1)
        soundfile.write(target / f"{target.name}_{key:03d}.wav", clip, rate, subtype="PCM_16")
