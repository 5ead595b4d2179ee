"""`distill doctor`: it looks at everything, names the way out, and no check can end the others."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from distill_control.cli.doctor import _show
from distill_control.cli.main import main
from distill_control.cli.support import doctor_checks as doctor
from distill_control.cli.support.output import console
from distill_engine.errors import DeviceError


def test_everything_is_looked_at_and_what_is_not_good_has_a_way_out() -> None:
    """In a process of its own: it measures with real-time priority and with denormal numbers flushed."""
    words = [sys.executable, "-m", "distill_control.cli.main", "doctor", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["what"] for row in rows} == set(doctor.CHECKS)
    assert {row["grade"] for row in rows} <= {"good", "advice"}
    speeds = [row["found"] for row in rows if row["what"] == "speed"]
    assert any("s for a second of sound" in speed for speed in speeds)
    assert all(row["way"] for row in rows if row["grade"] == "advice" and row["what"] != "speed")


def test_a_port_in_use_is_named() -> None:
    from distill_control.settings import ControlSettings

    port = ControlSettings().osc_port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", port))
        rows = list(doctor._control())
    assert ("advice", f"OSC port {port} is in use (an engine may be playing)", "or give --osc-port") in rows


def test_a_check_that_fails_is_a_fault_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken():
        raise DeviceError("PortAudio cannot be loaded: apt-get install libportaudio2")
        yield

    monkeypatch.setattr(doctor, "CHECKS", {"sound": broken, "library": doctor._library})
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "does not work" in out
    assert "apt-get install libportaudio2" in " ".join(out.split())
    assert "GB free" in " ".join(out.split()), "a long path breaks the line"


def test_huge_pages_and_a_lazy_processor_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "pages").write_text("[always] madvise never\n")
    (tmp_path / "governor").write_text("powersave\n")
    monkeypatch.setattr(doctor, "HUGE_PAGES", tmp_path / "pages")
    monkeypatch.setattr(doctor, "GOVERNOR", tmp_path / "governor")
    found = [text for _, text, _ in doctor._system()]
    assert any(text.startswith("huge pages: always") for text in found)
    assert any("powersave" in text for text in found)


def test_a_library_that_cannot_be_written_to_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    monkeypatch.setattr("os.access", lambda *_: False)
    assert next(iter(doctor._library()))[0] == "fault"


def test_names_of_devices_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _show(console(), [doctor.CheckResult("MIDI", "good", "a\x1b[2J[/]", "way [/] \x9c")])
    out = capsys.readouterr().out
    assert "a\\x1b[2J[/]" in out
    assert "way [/] \\x9c" in out
    assert "\x1b" not in out
