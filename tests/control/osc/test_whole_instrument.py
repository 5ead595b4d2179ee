"""The whole engine in two processes, with a sound file as its device: messages change the sound."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.sync.client import connect

from distill_control.osc.client import OscClient
from distill_control.osc.packet import encode
from distill_engine.library.assets import starter_path

pytestmark = pytest.mark.realtime

LOUD, SILENT = -70.0, -85.0


def level(client):
    client.send("/distill/status")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        message = client.receive(1.0)
        if message is not None and message.address == "/distill/status.reply":
            return dict(zip(message.arguments[::2], message.arguments[1::2], strict=True)).get("rms_db")
    return None


@pytest.mark.slow
def test_messages_of_every_kind_of_client_change_the_recorded_sound(tmp_path, free_port, tools):
    sound = tmp_path / "heard.wav"
    if not starter_path().exists():
        pytest.skip("the starter model is not built")
    command = [
        sys.executable,
        "-m",
        "distill_control.cli.engine",
        "--device",
        f"file:{sound}",
        "--no-midi",
    ]
    command += ["--osc-port", str(free_port), "--oscquery-port", "0", "--json", "--block", "4", "--threads", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        status: dict[str, Any] = {}
        while status.get("event") != "status" or not status.get("oscquery_port"):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            status = json.loads(line)
        page = connect(f"ws://127.0.0.1:{status['oscquery_port']}/", proxy=None)
        udp, tcp = OscClient(port=free_port), OscClient(port=free_port, tcp=True)
        senders: list[Callable[[float], Any]] = [
            lambda value: udp.send("/distill/gain", value),
            lambda value: tcp.send("/distill/gain", value),
        ]
        senders.append(lambda value: page.send(encode("/distill/gain", value)))
        if shutil.which("oscsend"):
            place = ["oscsend", "127.0.0.1", str(free_port), "/distill/gain", "f"]
            senders.append(lambda value: subprocess.run([*place, str(value)], check=True, timeout=10))
        tools.eventually(lambda: (level(udp) or -200) > LOUD, 20)
        for send in senders:
            send(-90.0)
            tools.eventually(lambda: (level(udp) or 0) < SILENT, 10)
            send(0.0)
            tools.eventually(lambda: (level(udp) or -200) > LOUD, 10)
        page.close()
        udp.close()
        tcp.close()
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    heard = np.abs(soundfile.read(sound)[0]).max(axis=1)
    blocks = heard[: len(heard) // 2048 * 2048].reshape(-1, 2048).max(axis=1)
    silent = blocks < 1e-4
    assert np.count_nonzero(np.diff(silent.astype(int)) == 1) >= len(senders)
