"""What was played live comes out of `distill render --take` sample for sample."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from distill_engine.takes.take import TICK_SAMPLES, Command, ParameterChange, Swap
from distill_engine.takes.take_file import read_take
from distill_engine.vocabulary.table import index_of

pytestmark = pytest.mark.realtime


def test_a_take_renders_to_what_was_played(engines, tiny_model, tmp_path):
    take, live, offline = tmp_path / "a.take", tmp_path / "live.wav", tmp_path / "offline.wav"
    engine = engines(tiny_model, record=str(take), allow_paths=True, block=2).wait_ready()
    assert engine.command("record", str(live))["status"] == "done"

    def play_on(hops=40):
        now = engine.status()["hops"]
        engine.until(lambda status: status["hops"] > now + hops)

    engine.tell({"set": [index_of("/distill/width"), 0.8, 0.3]})
    engine.tell({"set": [index_of("/distill/latent/2"), 1.5, 0.2]})
    play_on()
    engine.tell({"set": [index_of("/distill/source/fade"), 0.6, 0.0]})
    assert engine.command("source", "corpus")["status"] == "done"
    assert engine.command("vocoder", "hifigan")["status"] == "done"
    play_on(80)
    for seconds, x in ((0.0, -0.5), (0.4, 0.5)):
        assert engine.command("marks/moment", seconds, x, 0.0)["status"] == "done"
    engine.tell({"set": [index_of("/distill/marks/x"), 0.2, 0.3]})
    engine.tell({"set": [index_of("/distill/marks/amount"), 1.0, 0.2]})
    play_on()
    assert engine.command("marks/remove", 0)["status"] == "done"
    play_on()
    assert engine.command("seed", 7)["status"] == "done"
    assert engine.command("panic")["status"] == "done"
    play_on()
    assert engine.command("play")["status"] == "done"
    play_on()
    assert engine.end() == (0, "")

    fade = "/distill/source/fade"
    events = [e for e in read_take(take).events if isinstance(e, Command | Swap) or getattr(e, "address", "") == fade]
    assert isinstance(events[0], ParameterChange)
    assert isinstance(events[1], Command)
    assert (events[1].name, events[1].arguments["source"]) == ("source", "corpus")
    assert events[1].arguments["fade"] == pytest.approx(0.6, abs=0.006)  # a fade set just before acts at once
    command = [sys.executable, "-m", "distill_control.cli.main", "render", str(tiny_model), "--take", str(take)]
    subprocess.run([*command, "-o", str(offline), "--bit-depth", "32f"], check=True, capture_output=True, timeout=120)
    played, rate = soundfile.read(live, dtype="float32")
    rendered, _ = soundfile.read(offline, dtype="float32")
    assert rate == 44100
    assert len(played) > 150 * 512
    first = next(
        start
        for start in range(0, len(rendered) - len(played) + 1, TICK_SAMPLES)
        if np.abs(rendered[start : start + 20480] - played[:20480]).max() < 1e-5
    )
    assert np.abs(rendered[first : first + len(played)] - played).max() < 1e-5
