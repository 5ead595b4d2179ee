"""`distill send` and `distill monitor` against a real control process."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from distill_control.cli import monitor, send
from distill_control.cli.support.guard import guarded
from distill_control.cli.support.output import common_parser
from distill_engine.vocabulary import table as vocabulary

pytestmark = [pytest.mark.realtime, pytest.mark.listens]

MONITOR = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import test_send_and_monitor as t; sys.exit(t.run(*sys.argv[1:]))"
)


def run(*arguments):
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for module in (send, monitor):
        module.register(subparsers, common_parser())
    options = parser.parse_args([str(argument) for argument in arguments])
    return guarded(lambda: options.run(options))


def test_send_moves_a_parameter_and_says_what_became_of_it(engine, tools, capsys):
    assert run("send", "/distill/gain", "-6.5", "--port", engine.port) == 0
    tools.eventually(lambda: engine.value(0) == -6.5)
    assert capsys.readouterr().out == ""
    assert run("send", "gain", "-6.5", "--port", engine.port, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"sent": "/distill/gain", "answers": []}
    assert run("send", "width", 7, "--port", engine.port) == 0
    assert capsys.readouterr().out == "/distill/width 1\n"
    assert run("send", "gain", "--port", engine.port, "--tcp", "--json") == 0
    assert json.loads(capsys.readouterr().out)["answers"] == [{"address": "/distill/gain", "arguments": [-6.5]}]
    assert run("send", "ping", "hello", 1, "--port", engine.port) == 0
    assert run("send", "play", "--port", engine.port) == 0
    assert "/distill/done /distill/play" in capsys.readouterr().out
    assert run("send", "note", 200, 100, "--port", engine.port) == 0
    assert capsys.readouterr().out == "/distill/note 127 100\n/distill/done /distill/note\n"


def test_send_reports_refusals_silence_and_unknown_addresses(engine, free_port, capsys):
    engine.fail["model"] = "no model 'sea'"
    assert run("send", "model", "sea", "--port", engine.port) == 1
    assert "no model 'sea'" in capsys.readouterr().out
    assert run("send", "gian", "1", "--port", engine.port) == 1
    assert "there is no address /distill/gian" in capsys.readouterr().err
    assert run("send", "gain", "1", "--port", free_port, "--wait", "0.2") == 1
    assert "is distill-engine running there?" in capsys.readouterr().err
    assert run("send", "gain", "1", "--port", free_port, "--no-wait") == 0
    assert run("send", "gain", "1", "--port", free_port, "--tcp") == 1
    assert "cannot reach" in capsys.readouterr().err
    assert run("send", "gain", "1", "--host", "no.such.host.invalid") == 1
    assert run("send") == 1


def test_the_list_holds_the_whole_table(capsys):
    assert run("send", "--list", "--json") == 0
    assert [row["address"] for row in json.loads(capsys.readouterr().out)] == [row.address for row in vocabulary.ROWS]
    assert run("send", "--list") == 0
    assert "/distill/preset/morph" in capsys.readouterr().out


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_monitor_shows_changes_and_leaves_nothing_behind(engine, tools, transport):
    command = [sys.executable, "-c", MONITOR, str(Path(__file__).parent), "monitor", "/distill/{width,gain}", "--json"]
    command += ["--port", str(engine.port), "--seconds", "1.2", *(["--tcp"] if transport == "tcp" else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, engine.client() as client:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["address"] in ("/distill/width", "/distill/gain")
        value = {"udp": 0.3125, "tcp": 0.4375}[transport]  # not the one before: an equal value is no change
        client.send("/distill/width", value)
        lines = [json.loads(line) for line in process.stdout]  # `communicate` loses what was read ahead
        assert ("/distill/width", [value]) in [(line["address"], line["arguments"]) for line in lines]
        answer = tools.ask(client, "/distill/status")
        assert dict(zip(answer[::2], answer[1::2], strict=True))["subscribers"] == 0
    assert process.returncode == 0


def test_monitor_says_when_nobody_answers(free_port, capsys):
    assert run("monitor", "--port", free_port, "--seconds", "5") == 1
    assert "is distill-engine running there?" in capsys.readouterr().err


def test_texts_from_the_network_cannot_steer_the_terminal() -> None:
    assert send.format_argument("a\x1b[2J\n[/]") == "a\\x1b[2J [/]"
    assert send.format_argument(0.5) == "0.5"
