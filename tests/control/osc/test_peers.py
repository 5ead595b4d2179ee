"""Clients that musicians use, headless: liblo's oscsend, Pure Data, SuperCollider's sclang."""

import os
import shutil
import subprocess

import pytest

from distill_engine.vocabulary import table as vocabulary

pytestmark = [pytest.mark.peer, pytest.mark.listens]

WIDTH = vocabulary.index_of("/distill/width")
BRIGHTNESS = vocabulary.index_of("/distill/control/0")


def need(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("scheme", ["", "osc.udp://127.0.0.1:", "osc.tcp://127.0.0.1:"], ids=["plain", "udp", "tcp"])
def test_oscsend_moves_a_parameter(engine, tools, scheme):
    need("oscsend")
    engine_value = {"": 0.25, "osc.udp://127.0.0.1:": 0.5, "osc.tcp://127.0.0.1:": 0.75}[scheme]
    place = [f"{scheme}{engine.port}/"] if scheme else ["127.0.0.1", str(engine.port)]
    subprocess.run(["oscsend", *place, "/distill/width", "f", str(engine_value)], check=True, timeout=10)
    tools.eventually(lambda: engine.value(WIDTH) == engine_value)
    subprocess.run(["oscsend", *place, "/distill/width", "i", "1"], check=True, timeout=10)
    tools.eventually(lambda: engine.value(WIDTH) == 1.0)


PATCH = """#N canvas 0 0 400 300 10;
#X obj 10 10 loadbang;
#X msg 10 40 connect 127.0.0.1 {port};
#X obj 10 160 netsend -u -b;
#X obj 150 10 delay 300;
#X msg 150 40 0.625;
#X obj 150 70 oscformat distill control brightness;
#X obj 150 100 list prepend send;
#X obj 150 130 list trim;
#X msg 250 40 {listen};
#X obj 250 70 oscformat distill subscribe;
#X obj 10 200 netreceive -u -b {listen};
#X obj 10 230 oscparse;
#X obj 10 260 print got;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 0 0 3 0;
#X connect 3 0 4 0;
#X connect 3 0 8 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 6 0 7 0;
#X connect 7 0 2 0;
#X connect 8 0 9 0;
#X connect 9 0 6 0;
#X connect 10 0 11 0;
#X connect 11 0 12 0;
"""


def test_pure_data_sets_parameters_and_receives_changes(engine, tools, tmp_path, free_port):
    need("pd")
    patch = tmp_path / "peer.pd"
    patch.write_text(PATCH.format(port=engine.port, listen=free_port))
    output = tmp_path / "pd.log"
    with output.open("w") as log:
        process = subprocess.Popen(["pd", "-nogui", "-noaudio", "-stderr", str(patch)], stderr=log, stdout=log)
    try:
        tools.eventually(lambda: engine.value(BRIGHTNESS) == 0.625, 10)
        tools.eventually(lambda: "control brightness 0.625" in output.read_text(), 10)
        with engine.client() as client:
            client.send("/distill/width", 0.375)
        tools.eventually(lambda: "distill width 0.375" in output.read_text(), 5)
    finally:
        process.terminate()
        process.wait(5)


SCRIPT = """
(
var engine = NetAddr("127.0.0.1", {port});
OSCdef(\\value, {{ |message| ("GOT" + message[1]).postln; }}, "/distill/width");
OSCdef(\\pong, {{ |message| ("PONG" + message[1]).postln; }}, "/distill/pong");
{{
    engine.sendMsg("/distill/control/brightness", 0.875);
    engine.sendBundle(0.2, ["/distill/control/roughness", -0.5]);
    engine.sendMsg("/distill/ping", 42);
    engine.sendMsg("/distill/subscribe");
    5.0.wait;
    0.exit;
}}.fork;
)
"""


@pytest.mark.slow
def test_supercollider_sets_parameters_and_receives_changes(engine, tools, tmp_path):
    need("sclang")
    script = tmp_path / "peer.scd"
    script.write_text(SCRIPT.format(port=engine.port))
    output = tmp_path / "sclang.log"
    surroundings = os.environ | {
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
    }
    with output.open("w") as log:
        command = ["sclang", "-i", "none", str(script)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings)
    try:
        tools.eventually(lambda: engine.value(BRIGHTNESS) == 0.875, 60)
        tools.eventually(lambda: engine.value(BRIGHTNESS + 1) == -0.5, 5)
        tools.eventually(lambda: "PONG 42" in output.read_text(), 5)
        with engine.client() as client:
            client.send("/distill/width", 0.125)
        tools.eventually(lambda: "GOT 0.125" in output.read_text(), 5)
    finally:
        process.terminate()
        process.wait(10)
