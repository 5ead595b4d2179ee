"""Settings, the live view and the lines for the user."""

import io
import json
import logging

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from distill_control.session import view
from distill_control.session.user_messages import UserMessages, log_to
from distill_control.session.view import bar, meter, picture
from distill_control.settings import ControlSettings
from distill_control.terminal import PlainConsole
from distill_engine.errors import ConfigError
from distill_engine.system.names import printable


def test_settings_survive_json():
    settings = ControlSettings(osc_port=7000, allow=("192.168.1.0/24",), view="json")
    assert ControlSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    "wrong",
    [{"osc_port": 70000}, {"osc_port": 9001}, {"allow": ("nonsense",)}, {"view": "loud"}, {"oscquery_port": -1}],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ConfigError):
        ControlSettings(**wrong)


def test_unreadable_settings_are_refused():
    for text in ("", "[1]", '{"nonsense": 1}', '{"osc_port": "x"}'):
        with pytest.raises(ConfigError):
            ControlSettings.from_json(text)


def test_the_live_view_shows_the_state_the_last_messages_and_the_notices(rain):
    messages = UserMessages("live")
    messages.add("warning", "the device is\ngone")
    rain.handle("/distill/gain", [-6.0], "me", lambda *a: None)
    rain.on_message({"event": "device", "name": "system (JACK)", "rate_hz": 48000})
    rain.add_status(lambda: {"osc_port": 9000})
    screen = io.StringIO()
    console = Console(file=screen, width=120)
    console.print(picture(rain, messages))
    shown = screen.getvalue()
    for text in ("rain", "vocos", "-6.0 dB", "underruns 0", "/distill/gain", "the device is gone", "latency"):
        assert text in shown
    assert (
        "device    system (JACK), 48000 Hz\nports     OSC 9000\ncontrols  brightness, roughness, density\n"
        in "\n".join(map(str.rstrip, shown.splitlines()))
    )
    assert shown.rstrip().endswith("Ctrl-C ends it")


def test_the_live_view_shows_which_device_plays_now(rain):
    for name in ("first (ALSA)", "second (ALSA)"):
        rain.on_message({"event": "device", "name": name, "rate_hz": 44100})
    screen = io.StringIO()
    Console(file=screen, width=120).print(picture(rain, UserMessages("live")))
    assert "second (ALSA), 44100 Hz" in screen.getvalue()
    assert "first" not in screen.getvalue()


@pytest.mark.parametrize(
    ("following", "said"), [(0.0, ""), (1.0, "following its file"), (2.0, "a new version waits for the take")]
)
def test_the_live_view_shows_whether_the_engine_follows_the_model_file(rain, fake_link, monkeypatch, following, said):
    monkeypatch.setattr(fake_link, "status", lambda: {"following": following})
    screen = io.StringIO()
    Console(file=screen, width=120).print(picture(rain, UserMessages("live")))
    assert said in screen.getvalue()
    assert bool(said) == ("follow" in screen.getvalue() or "waits" in screen.getvalue())


@pytest.mark.parametrize("name", ["[/]", "[/bold]", "[red]x", ":bomb:", "a\x1b[2Jb", "left\u202eright"])
def test_the_live_view_shows_names_from_outside_as_they_are(rain, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "200")
    messages = UserMessages("live")
    messages.add("warning", f"{name} is gone")
    rain.on_message({"event": "model", "name": name, "controls": [name], "latents": 16, "vocoder": name})
    rain.on_message({"event": "device", "name": name, "rate_hz": 48000})
    rain.tick()
    rain.messages.remember(f"/distill/{name}", (name, 0.5))
    for console in (Console(file=io.StringIO()), PlainConsole()):
        console.file = screen = io.StringIO()
        console.print(picture(rain, messages))
        assert screen.getvalue().count(printable(name)) == 7
        assert not {"\x1b", "\u202e"} & set(screen.getvalue())


def test_a_plain_console_reads_no_markup_and_passes_no_control_characters_on():
    console = PlainConsole()
    console.file = screen = io.StringIO()
    table = Table("[b]title[/b]", box=None, title="[/]")
    table.add_row("[/] \x1b[2J :bomb:")
    console.print(table)
    console.print("two\nlines [/] \x1b]0;title\x9c", Text("\u202eback"))
    shown = screen.getvalue()
    for text in ("[b]title[/b]", "[/] \\x1b[2J :bomb:", "two\nlines [/] \\x1b]0;title\\x9c \\u202eback"):
        assert text in shown
    assert not {"\x1b", "\x9c", "\u202e"} & set(shown)


def test_lines_for_the_user_cannot_steer_the_terminal(capsys):
    UserMessages("quiet").add("warning", "MIDI: a\x1b[2J\x9b1m is connected")
    assert capsys.readouterr().err == "warning: MIDI: a\\x1b[2J\\x9b1m is connected\n"


def test_the_meter_is_empty_at_the_floor_and_full_at_full_scale():
    assert meter(-120.0).count("█") == 0
    assert meter(0.0).count("·") == 0


@pytest.mark.parametrize(("strain", "said"), [(0.0, ""), (0.4, "warning zone"), (1.0, "at the limit")])
def test_the_live_view_warns_of_controls_that_leave_the_learned_region(rain, fake_link, monkeypatch, strain, said):
    monkeypatch.setattr(fake_link, "status", lambda: {"strain": strain})
    screen = io.StringIO()
    console = Console(file=screen, width=120)
    console.print(picture(rain, UserMessages("live")))
    (line,) = [line for line in screen.getvalue().splitlines() if "strain" in line]
    assert line.count("█") == round(40 * strain)
    assert f"{strain:.2f}" in line
    assert line.split(f"{strain:.2f}")[1].strip() == said
    assert bar(2.0) == bar(1.0)


def test_notices_are_json_lines_or_plain_warnings(capsys):
    UserMessages("json").add("info", "hello")
    assert json.loads(capsys.readouterr().out)["text"] == "hello"
    quiet = UserMessages("quiet")
    quiet.add("info", "hello")
    quiet.add("error", "broken")
    assert capsys.readouterr().err == "error: broken\n"


@pytest.fixture
def reports(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    return tmp_path / "reports"


def test_the_live_view_survives_what_it_cannot_draw(rain, monkeypatch, reports):
    messages = UserMessages("live")
    monkeypatch.setattr(view, "_figures", lambda status: 1 / 0)
    screen = io.StringIO()
    for _ in range(3):
        Console(file=screen, width=200).print(view._safe_picture(rain, messages))
    assert "the live view: unexpected ZeroDivisionError" in screen.getvalue()
    assert messages.count == 1
    assert len(list(reports.iterdir())) == 1
    monkeypatch.undo()
    Console(file=screen, width=200).print(view._safe_picture(rain, messages))
    assert "underruns" in screen.getvalue()


def test_a_status_that_cannot_be_written_is_said_once(rain, capsys, reports):
    messages = UserMessages("json")
    rain.add_status(lambda: {"odd": object()})
    for _ in range(3):
        view._show_json(rain, messages)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "the status: unexpected TypeError" in json.loads(lines[0])["text"]


def test_what_libraries_log_becomes_lines_and_errors_reports(capsys, reports, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log_to(UserMessages("quiet"))
    try:
        raise KeyError("x")
    except KeyError:
        logging.getLogger("library").exception("it failed")
    logging.getLogger("library").warning("take care")
    logging.getLogger("library").info("nothing")
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("error: library: unexpected KeyError: 'x' (please send in the report")
    assert said[1:] == ["warning: library: take care"]
    assert len(list(reports.iterdir())) == 1
