"""Floods, fuzzing and crashes: a short form of benchmarks/control.py."""

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from distill_control.osc.packet import encode
from distill_engine.vocabulary import table as vocabulary

pytestmark = pytest.mark.realtime

FLOOD = """
import socket, struct, sys, time
port, count, rate = map(int, sys.argv[1:])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", port))
head = b"/distill/width\\0\\0,f\\0\\0"
begin = time.perf_counter()
for number in range(count):
    while time.perf_counter() < begin + number / rate:
        time.sleep(0.0005)
    s.send(head + struct.pack(">f", number / count))
s.send(head + struct.pack(">f", 0.625))
"""


def status(tools, engine):
    with engine.client() as client:
        answer = tools.ask(client, "/distill/status")
        return dict(zip(answer[::2], answer[1::2], strict=True))


def flood(engine, count, rate):
    subprocess.run([sys.executable, "-c", FLOOD, str(engine.port), str(count), str(rate)], check=True, timeout=60)


def test_two_thousand_a_second_are_all_handled(make_engine, tools):
    engine = make_engine()
    before = status(tools, engine)["messages"]
    flood(engine, 3000, 2000)
    parameter_index = vocabulary.index_of("/distill/width")
    tools.eventually(lambda: engine.value(parameter_index) == 0.625)
    figures = status(tools, engine)
    assert figures["messages"] - before == 3000 + 1 + 1
    assert figures["osc_lost"] == 0


def test_ten_thousand_a_second_leave_the_last_value_and_no_memory(make_engine, tools):
    engine = make_engine()
    flood(engine, 2000, 10000)
    process = psutil.Process(engine.process.pid)
    before = process.memory_info().rss
    flood(engine, 20000, 10000)
    parameter_index = vocabulary.index_of("/distill/width")
    tools.eventually(lambda: engine.value(parameter_index) == 0.625)
    assert process.memory_info().rss - before < 4e6


def mutations(count):
    source = random.Random(7)
    good = [
        encode("/distill/gain", -6.0, 0.1),
        encode("/distill/preset/recall", "x"),
        encode("/distill/{gain,width}", 1),
    ]
    for _ in range(count):
        packet = bytearray(source.choice(good))
        for _ in range(source.randint(0, 8)):
            packet[source.randrange(len(packet))] = source.randrange(256)
        yield (
            bytes(packet[: source.randint(0, len(packet))])
            if source.random() < 0.5
            else source.randbytes(source.randint(0, 200))
        )


def test_malformed_datagrams_frames_and_requests_do_no_harm(make_engine, tools):
    engine = make_engine()
    target = ("127.0.0.1", engine.port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        for number, packet in enumerate(mutations(1600)):
            datagrams.sendto(packet, target)
            if number % 100 == 0:
                time.sleep(0.01)
    for port in (engine.port, engine.oscquery_port):
        for packet in mutations(200):
            with socket.create_connection(("127.0.0.1", port), 2) as stream:
                stream.sendall(b"\xc0" + packet + b"\xc0" if port == engine.port else b"GET " + packet + b"\r\n\r\n")
    with engine.client() as client:
        client.send("/distill/ping", 1)
        assert client.receive(5.0).address == "/distill/pong"
    assert engine.process.poll() is None
    assert all(value == value for _, value, _ in engine.parameters.current())


def test_a_control_process_started_again_goes_on_where_the_old_one_stood(make_engine, tools):
    engine = make_engine()
    with engine.client() as client:
        client.send("/distill/control/roughness", -0.25)
        client.send("/distill/width", 0.5)
        tools.eventually(lambda: engine.value(vocabulary.index_of("/distill/width")) == 0.5)
    engine.process.kill()
    engine.process.wait()
    engine.process.stderr.close()
    engine.channel.close()
    engine.start(again=True)
    with engine.client() as client:
        assert tools.ask(client, "/distill/width") == (0.5,)
        assert tools.ask(client, "/distill/control/roughness") == (-0.25,)
    assert engine.value(vocabulary.index_of("/distill/control/1")) == -0.25


def test_the_process_reports_that_the_engine_is_gone_and_ends(make_engine):
    engine = make_engine()
    engine.channel.close()
    assert engine.process.wait(5) == 1
    assert engine.process.stderr.read() == "error: the engine is gone; start distill-engine again\n"


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_it_starts_without_torch(make_engine):
    engine = make_engine()
    assert engine.first["event"] == "ready"
    assert "torch" not in Path(f"/proc/{engine.process.pid}/maps").read_text()
    assert os.path.exists(f"/proc/{engine.process.pid}")
