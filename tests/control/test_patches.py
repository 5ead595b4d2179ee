"""The patches: generated as they lie there, every address in the table, and the ones that can be run are run."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import time
import types
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from distill_control.client_patches import Panel, generate
from distill_control.midi.maps.mapfile import parse_map
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary
from support_ports import free_ports

FOLDER = Path(__file__).parents[2] / "patches"
FILES = generate()
WITH_ADDRESSES = [path for path in FILES if not path.endswith("README.md")]


def text_of(path: str, data: bytes) -> str:
    return (zlib.decompress(data) if path.endswith(".tosc") else data).decode()


def addresses_in(path: str, text: str) -> set[str]:
    if path.endswith(".pd"):
        found = re.findall(r"oscformat (distill(?: [\w-]+)+)", text)
        return {"/" + words.replace(" ", "/") for words in found}
    if path.endswith("_setup.py"):
        return {"/" + word for word in re.findall(r'\("(distill/[\w/]+)"', text)}
    return set(re.findall(r"/distill/[\w/]*\w", text))


@pytest.mark.parametrize("path", sorted(FILES))
def test_each_file_is_what_the_generator_writes(path: str) -> None:
    assert (FOLDER / path).read_bytes() == FILES[path], "run `distill patches patches --force`"


def test_nothing_else_lies_among_the_patches() -> None:
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()} == set(FILES)


@pytest.mark.parametrize("path", WITH_ADDRESSES)
def test_every_address_in_a_patch_is_in_the_vocabulary(path: str) -> None:
    found = addresses_in(path, text_of(path, FILES[path]))
    assert found
    replies = {address for address, _ in vocabulary.REPLIES}
    families = {row.prefix.rstrip("/") for row in vocabulary.ROWS if row.family}
    for address in found - replies - families:
        vocabulary.row(address)


@pytest.mark.parametrize(
    "path", [path for path in WITH_ADDRESSES if not path.startswith(("midi", "super")) and "callbacks" not in path]
)
def test_every_static_parameter_and_command_has_a_place_in_each_patch(path: str) -> None:
    found = addresses_in(path, text_of(path, FILES[path]))
    panel = Panel()
    assert {fader.address for fader in panel.faders} <= found
    if not path.endswith((".pd", "_setup.py")):
        assert {gauge.address for gauge in panel.gauges} <= found
    if "touchdesigner" not in path:
        assert {item.address for item in panel.menus} | {item.address for item in panel.commands} <= found


def test_a_stale_address_is_noticed() -> None:
    with pytest.raises(ControlError):
        vocabulary.row("/distill/gian")


def test_the_max_patcher_is_well_formed() -> None:
    patcher = json.loads(FILES["max/distill.maxpat"])["patcher"]
    boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
    assert len(boxes) == len(patcher["boxes"])
    for line in patcher["lines"]:
        (source, outlet), (target, inlet) = line["patchline"]["source"], line["patchline"]["destination"]
        assert outlet < boxes[source]["numoutlets"]
        assert inlet < boxes[target]["numinlets"]
    shown = [box["presentation_rect"] for box in boxes.values() if box.get("presentation")]
    for index, (x, y, width, height) in enumerate(shown):
        for other_x, other_y, other_width, other_height in shown[index + 1 :]:
            apart_x = x + width <= other_x or other_x + other_width <= x
            assert apart_x or y + height <= other_y or other_y + other_height <= y


def test_max_and_pure_data_ask_for_the_readings_that_a_subscription_leaves_out() -> None:
    patcher = json.loads(FILES["max/distill.maxpat"])["patcher"]
    texts = {box["box"]["id"]: box["box"].get("text", "") for box in patcher["boxes"]}
    cords = [[texts[line["patchline"][end][0]] for end in ("source", "destination")] for line in patcher["lines"]]
    for gauge in Panel().polled:
        assert ["metro 100", gauge.address] in cords
        assert [gauge.address, "udpsend 127.0.0.1 9000"] in cords
        assert "oscformat " + gauge.address.strip("/").replace("/", " ") in FILES["puredata/distill.pd"].decode()
    assert [gauge.address for gauge in Panel().polled] == ["/distill/strain"]


def test_the_touchosc_layout_is_well_formed_and_within_its_page() -> None:
    root = ElementTree.fromstring(zlib.decompress(FILES["touchosc/distill.tosc"]))
    nodes = list(root.iter("node"))
    assert root.tag == "lexml"
    assert len({node.get("ID") for node in nodes}) == len(nodes)
    for frame in root.iter("property"):
        if frame.findtext("key") == "frame":
            x, y, width, height = (int(frame.findtext(f"value/{key}") or "") for key in "xywh")
            assert x >= 0
            assert y >= 0
            assert x + width <= 1280
            assert y + height <= 800


def test_open_stage_control_names_each_widget_once() -> None:
    tabs = json.loads(FILES["open-stage-control/distill.json"])["content"]["tabs"]
    names = [widget["id"] for tab in tabs for widget in tab["widgets"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", [path for path in FILES if path.endswith(".toml")])
def test_the_midi_maps_are_read_without_complaint_and_use_each_control_once(path: str) -> None:
    midi_map = parse_map(FILES[path].decode(), path)
    controls = [binding.control for binding in midi_map.bindings]
    assert len(set(controls)) == len(controls)
    assert len(controls) >= 24


def test_touchdesigner_callbacks_keep_the_table_and_set_up_builds_the_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: dict[str, list[Any]] = {}
    table = types.SimpleNamespace(row=rows.get, appendRow=lambda row: rows.update({row[0]: row}), clear=rows.clear)
    table.replaceRow = lambda address, row: rows.update({address: row})
    dat = types.SimpleNamespace(parent=lambda: types.SimpleNamespace(op=lambda name: table))
    callbacks: dict[str, Any] = {}
    exec(FILES["touchdesigner/distill_callbacks.py"].decode(), callbacks)
    for value in (-3.0, -6.0):
        callbacks["onReceiveOSC"](dat, 0, "", b"", 0.0, "/distill/gain", [value], None)
    assert rows == {"/distill/gain": ["/distill/gain", -6.0]}
    callbacks["onReceiveOSC"](dat, 0, "", b"", 0.0, "/distill/error", ["/distill/x", "no such thing"], None)
    assert capsys.readouterr().out == "Distill: /distill/x no such thing\n"
    assert rows["/distill/error"][2] == "no such thing"
    sent: list[tuple[str, list[Any]]] = []
    callbacks["op"] = {"distill_send": types.SimpleNamespace(sendOSC=lambda *words: sent.append(words))}.get
    callbacks["send"]("/distill/preset/recall", 0, 1.0)
    assert sent == [("/distill/preset/recall", [0, 1.0])]
    made: dict[str, Any] = {}

    def create(kind: str, name: str) -> Any:
        connector = types.SimpleNamespace(connect=lambda other: None)
        parameters = types.SimpleNamespace(const0name="")
        made[name] = types.SimpleNamespace(par=parameters, inputConnectors=[connector], clear=lambda: None)
        return made[name]

    setup: dict[str, Any] = {name: name for name in ("constantCHOP", "oscoutCHOP", "oscoutDAT", "tableDAT", "oscinDAT")}
    exec(FILES["touchdesigner/distill_setup.py"].decode(), setup)
    setup["build"](types.SimpleNamespace(op=lambda name: None, create=create))
    assert made["distill_values"].par.const0name == "distill/gain"
    assert made["distill_out"].par.port == made["distill_send"].par.port == 9000
    assert made["distill_in"].par.port == 9002


def test_the_max_patcher_shows_what_was_refused_and_the_names_of_the_controls() -> None:
    patcher = json.loads(FILES["max/distill.maxpat"])["patcher"]
    boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
    cords: dict[tuple[str, int], list[str]] = {}
    for line in patcher["lines"]:
        cords.setdefault(tuple(line["patchline"]["source"]), []).append(line["patchline"]["destination"][0])
    router = next(name for name, box in boxes.items() if box.get("text", "").startswith("route /distill"))
    outlets = boxes[router]["text"].split()[1:]
    setter = next(name for name in cords[router, outlets.index("/distill/error")] if "prepend" in boxes[name]["text"])
    assert boxes[setter]["text"] == "prepend set"
    shown = boxes[cords[setter, 0][0]]
    assert (shown["maxclass"], shown["presentation"]) == ("message", 1)
    (names,) = cords[router, outlets.index("/distill/controls")]
    labels = [boxes[cords[cords[names, index][0], 0][0]]["text"] for index in range(boxes[names]["numoutlets"])]
    assert labels == [f"control {index}" for index in range(8)]


def test_a_models_own_controls_get_the_faders() -> None:
    files = generate(Panel(controls=("brightness", "grain-size"), latents=4))
    for path in WITH_ADDRESSES:
        if not path.startswith("super") and "callbacks" not in path:
            found = addresses_in(path, text_of(path, files[path]).replace("grain-size", "grain_size"))
            assert "/distill/control/brightness" in found
            assert "/distill/latent/9" not in found


# ---- the programs themselves


class Peer:
    """A UDP socket where the engine would be."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.messages: list[tuple[str, list[Any], Any]] = []

    def wait_for(self, address: str, seconds: float = 20.0) -> tuple[list[Any], Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for found, arguments, sender in self.messages:
                if found == address:
                    return arguments, sender
            try:
                data, sender = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            message = OscMessage(data)
            self.messages.append((message.address, list(message.params), sender))
        raise AssertionError(f"{address} did not come; there came {[m[:2] for m in self.messages[:20]]}")

    def send(self, target: Any, address: str, *arguments: Any) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        self.socket.sendto(builder.build().dgram, target)


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.socket.close()


@pytest.mark.peer
@pytest.mark.listens
@pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed")
def test_pure_data_plays_and_is_shown_what_others_move(peer: Peer, tmp_path: Path) -> None:
    listen = free_ports(1)
    (tmp_path / "distill.pd").write_bytes(generate(Panel(port=peer.port, listen=listen))["puredata/distill.pd"])
    watched = ("gain", "control-0", "latent-3", "source-rate", "source", "strain")
    objects = [
        f"#X obj 10 {n * 60} r distill-{key}-shown;\n#X obj 10 {n * 60 + 20} print {key};"
        for n, key in enumerate(watched)
    ]
    objects.append("#X obj 500 10 r distill-control-1;\n#X obj 500 30 print label;")
    cords = [f"#X connect {2 * n} 0 {2 * n + 1} 0;" for n in range(len(objects))]
    script = ["#X obj 300 10 loadbang;", "#X obj 300 40 delay 1500;"]
    moves = "\\; distill-gain -6 \\; distill-latent-3 2 \\; distill-play bang \\; distill-preset-2 bang \\; distill-vocoder symbol vocos"
    script.append(f"#X msg 300 70 {moves};")
    first = 2 * len(objects)
    cords += [f"#X connect {first} 0 {first + 1} 0;", f"#X connect {first + 1} 0 {first + 2} 0;"]
    (tmp_path / "watch.pd").write_text("\n".join(["#N canvas 0 0 400 300 10;", *objects, *script, *cords]) + "\n")
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", "distill.pd", "-open", "watch.pd"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        assert peer.wait_for("/distill/subscribe")[0] == [listen, "numbers"]
        assert peer.wait_for("/distill/strain")[0] == [], "a question: a subscription leaves it out"
        assert peer.wait_for("/distill/gain")[0] == [-6.0]
        assert peer.wait_for("/distill/latent/3")[0] == [2.0]
        assert peer.wait_for("/distill/vocoder")[0] == ["vocos"]
        assert peer.wait_for("/distill/preset/recall")[0] == [2.0, 1.0]
        peer.wait_for("/distill/play")
        sent = len(peer.messages)
        there = ("127.0.0.1", listen)
        for address, value in (
            ("gain", -12.0),
            ("control/0", 0.5),
            ("latent/3", 1.5),
            ("source/rate", 3.0),
            ("source", "corpus"),
            ("strain", 0.25),
        ):
            peer.send(there, f"/distill/{address}", value)
        peer.send(there, "/distill/controls", "brightness", "density")
        peer.send(there, "/distill/error", "/distill/x", "no such thing")
        time.sleep(1.0)
    finally:
        process.terminate()
        shown = process.communicate(timeout=10)[1]
    for line in ("gain: -12", "control-0: 0.5", "latent-3: 1.5", "source-rate: 3", "source: corpus", "strain: 0.25"):
        assert line in shown
    assert "label: label density" in shown
    assert "distill: error /distill/x no\\ such\\ thing" in shown
    assert "couldn't create" not in shown
    assert "connection failed" not in shown
    assert "error: what" not in shown
    assert len(peer.messages) == sent, "what is shown must not be sent back"


@pytest.mark.peer
@pytest.mark.listens
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("sclang") is None, reason="sclang is not installed")
def test_sclang_plays_hears_and_warns(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "distill.scd").write_bytes(generate(Panel(port=peer.port))["supercollider/distill.scd"])
    (tmp_path / "test.scd").write_text(
        f'"{tmp_path}/distill.scd".load;\n'
        '~distillChanged = { |address, values| ("CHANGED" + address + values).postln };\n'
        '~distill.("gain", -6.0, 0.5); ~distill.("/distill/control/brightness", 1.0); ~distill.("gian", 1);\n'
        '~distill.("source", "corpus"); { 3.wait; ("VALUE" + ~distillValues["/distill/width"]).postln; 0.exit }.fork(AppClock);\n'
    )
    environment = {
        **os.environ,
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
    }
    command = ["sclang", "-i", "none", str(tmp_path / "test.scd")]
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        _, sender = peer.wait_for("/distill/subscribe", 60.0)
        assert peer.wait_for("/distill/gain")[0] == [-6.0, 0.5]
        assert peer.wait_for("/distill/source")[0] == ["corpus"]
        peer.wait_for("/distill/control/brightness")
        peer.send(sender, "/distill/width", 0.25)
        peer.send(sender, "/distill/error", "/distill/x", "no such thing")
        output = process.communicate(timeout=60)[0]
    finally:
        process.kill()
    assert "CHANGED /distill/width [ 0.25 ]" in output
    assert "VALUE 0.25" in output
    assert "Distill has no address /distill/gian" in output
    assert "no such thing" in output
    assert "/distill/gian" not in [message[0] for message in peer.messages]


@pytest.mark.parametrize("host", ['1"+__import__("os").getcwd()+"', "a\\", 'x" ++ "', "a; b, $1", "{port}", "ü"])
def test_a_host_is_quoted_by_each_format(host: str) -> None:
    """A text in a patch stays a text, whatever it holds."""
    files = generate(Panel(host=host))
    setup = ast.parse(files["touchdesigner/distill_setup.py"].decode())
    assigned = next(node for node in setup.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(assigned.value)[0] == host
    assert json.loads(files["max/distill.maxpat"])
    code = files["supercollider/distill.scd"].decode()
    literal = re.search(r'NetAddr\("((?:[^"\\]|\\.)*)", \d+\)', code)
    assert literal
    assert re.sub(r"\\(.)", r"\1", literal[1]) == host
    message = re.search(r"connect ((?:\\.|[^ ;\\])+) \d+;", files["puredata/distill.pd"].decode())
    assert message
    assert re.sub(r"\\(.)", r"\1", message[1]) == host
