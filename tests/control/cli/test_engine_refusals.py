"""distill-engine where it does not play: refusals in one line, and lists."""

import json
import socket
import subprocess
import sys

import pytest

from support_ports import free_ports

ENGINE = (sys.executable, "-m", "distill_control.cli.engine")


def test_a_port_in_use_is_one_line(tiny_model):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        command = [*ENGINE, str(tiny_model), "--device", "null", "--no-midi", "--quiet", "--osc-port", port]
        command += ["--oscquery-port", str(free_ports(1))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert port in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--block", "three"], "--block three"),
        (["--bind", "0.0.0.0"], "--allow"),
        (["--device", "nowhere"], "'nowhere'"),
    ],
)
def test_bad_options_are_one_line(tiny_model, options, message):
    first = free_ports()
    ports = ["--osc-port", str(first), "--oscquery-port", str(first + 1)]
    command = [*ENGINE, str(tiny_model), "--device", "null", "--no-midi", "--quiet", *ports, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_list_of_devices_needs_no_model():
    done = subprocess.run([*ENGINE, "--list-devices"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "outputs:" in done.stdout


def test_the_list_of_midi_ports_is_one_document():
    command = [*ENGINE, "--list-midi", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert set(json.loads(done.stdout)) == {"inputs", "outputs", "missing"}
