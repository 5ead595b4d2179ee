"""OSCQuery: HTTP and WebSocket clients of a real control process."""

import asyncio
import contextlib
import http.client
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from distill_control.osc.clients import Clients
from distill_control.osc.packet import decode, encode, encode_bundle
from distill_control.osc.query_server.listener import Listener
from distill_control.settings.origins import is_ours
from distill_engine.vocabulary import table as vocabulary


def fetch(engine, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{engine.oscquery_port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=3) as answer:
        return json.loads(answer.read() or b"null")


def status_of(engine, path, **headers):
    try:
        fetch(engine, path, **headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return 200


def listen(engine, path="/", **options):
    return connect(f"ws://127.0.0.1:{engine.oscquery_port}{path}", proxy=None, **options)


def leaves(node):
    for child in node.get("CONTENTS", {}).values():
        yield from leaves(child)
    if "TYPE" in node:
        yield node


def test_the_tree_publishes_every_row_and_nothing_else(engine):
    found = {node["FULL_PATH"]: node for node in leaves(fetch(engine, "/"))}
    expected = {row.address for row in vocabulary.ROWS if row.family is None}
    expected |= {f"/distill/control/{name}" for name in ("brightness", "roughness", "density")}
    expected |= {f"/distill/latent/{index}" for index in range(16)} | {f"/distill/blend/{index}" for index in range(4)}
    expected |= {f"/distill/codes/{kind}/{index}" for kind in ("level", "shift") for index in range(4)}
    places = ("azimuth", "elevation", "distance")
    expected |= {f"/distill/space/{kind}/{index}" for kind in places for index in range(4)}
    assert set(found) == expected
    for address, node in found.items():
        row = vocabulary.row(address)
        if not address.startswith("/distill/control/"):
            assert node["DESCRIPTION"] == row.description
        assert node["ACCESS"] == {"both": 3, "write": 2, "read": 1}[row.access]
        if row.kind == "parameter":
            assert node["RANGE"] == [{"MIN": row.minimum, "MAX": row.maximum}]
            assert node["TYPE"] == ("i" if row.value_argument.type == "toggle" else "f")
            assert row.minimum <= node["VALUE"][0] <= row.maximum
            assert node.get("UNIT", [""]) == [row.unit]
    assert found["/distill/source"]["RANGE"] == [{"VALS": list(vocabulary.SOURCES)}]
    assert found["/distill/map"]["TYPE"] == "fff"


def test_attributes_and_host_info_are_answered_alone(engine, tools):
    with engine.client() as client:
        client.send("/distill/width", 0.5)
        assert tools.ask(client, "/distill/width") == (0.5,)
    assert fetch(engine, "/distill/width?VALUE") == {"VALUE": [0.5]}
    info = fetch(engine, "/?HOST_INFO")
    assert info["OSC_PORT"] == engine.port
    assert info["WS_PORT"] == engine.oscquery_port
    assert info["EXTENSIONS"]["LISTEN"]
    assert status_of(engine, "/distill/width?CONTENTS") == 200
    assert status_of(engine, "/distill/nothing") == 404
    assert status_of(engine, "/distill/width?NONSENSE") == 400


def test_pages_of_other_sites_are_kept_out(engine):
    assert status_of(engine, "/", Host="evil.example.com") == 403
    assert status_of(engine, "/", Origin="https://evil.example.com") == 403
    assert status_of(engine, "/", Origin="http://localhost:3000") == 200
    for origin in ("https://evil.example.com", "null"):
        with pytest.raises(InvalidStatus):
            listen(engine, origin=origin)


@pytest.mark.parametrize(
    "origin",
    ["null", "http://203.0.113.9", "http://192.168.1.77:9001", "http://router", "http://evil.local", "file://"],
)
def test_pages_from_elsewhere_are_kept_out_however_they_are_called(engine, origin):
    assert status_of(engine, "/", Origin=origin) == 403


def test_the_host_and_the_page_of_a_request_are_checked_apart(make_engine):
    engine = make_engine(allow=("192.168.1.0/24",))
    name = socket.gethostname().partition(".")[0]
    for host, origin, status in (
        ("127.0.0.1", "http://[::1]:3000", 200),
        ("127.0.0.1", "http://desk.localhost", 200),
        ("10.1.2.3:9001", "http://10.1.2.3:80", 200),
        ("10.1.2.3:9001", "http://10.1.2.4:80", 403),
        ("127.0.0.1", "http://192.168.1.77", 200),
        (f"{name}.local", f"http://{name}.local:3000", 200),
        (name, f"http://{name}", 200),
        ("elsewhere", "http://elsewhere", 403),
        ("elsewhere.local", "http://elsewhere.local", 403),
        ("null", "null", 403),
    ):
        assert status_of(engine, "/", Host=host, Origin=origin) == status, (host, origin)
    for host in ("192.168.1.2", "[fd00::1]:9001", f"{name.upper()}.local.:9001", "desk.localhost:9001"):
        assert status_of(engine, "/", Host=host) == 200, host
    for host in (
        "elsewhere",
        "elsewhere.local:9001",
        f"{name}.evil.example.com",
        f"{name}.local.evil.example.com",
        "local",
    ):
        assert status_of(engine, "/", Host=host) == 403, host
        with pytest.raises(InvalidStatus) as refused:
            listen(engine, additional_headers={"Host": host})
        assert refused.value.response.status_code == 403
    assert status_of(engine, "/", Host="evil.example.com", Origin="http://localhost") == 403


def test_a_name_that_the_user_opened_is_one_of_this_machine():
    given = (["stage.home:9001"], ["http://stage.home:9003"], lambda host: False)
    assert is_ours(*given, "Stage.home")
    assert not is_ours(*given, "127.0.0.1")
    assert not is_ours(["desk.home"], [], lambda host: True, "stage.home")


def test_listeners_get_the_value_then_changes_and_steer_without_echo(engine, tools):
    with listen(engine) as page, engine.client() as client:
        page.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/distill/gain"}))
        assert decode(page.recv(timeout=2))[0].address == "/distill/gain"
        client.send("/distill/gain", -9.0)
        assert decode(page.recv(timeout=2))[0].arguments == (-9.0,)
        client.send("/distill/width", 0.1)
        page.send(encode("/distill/gain", -12.0))
        tools.eventually(lambda: engine.value(0) == -12.0)
        with pytest.raises(TimeoutError):
            page.recv(timeout=0.15)
        page.send(json.dumps({"COMMAND": "IGNORE", "DATA": "/distill/gain"}))
        page.send(encode("/distill/ping", 1))
        assert decode(page.recv(timeout=2))[0].address == "/distill/pong"
        client.send("/distill/gain", -3.0)
        with pytest.raises(TimeoutError):
            page.recv(timeout=0.15)


def test_a_listener_that_asks_for_bundles_gets_what_changes_at_one_moment_in_one(engine):
    addresses = ("/distill/gain", "/distill/width", "/distill/map/x")
    with listen(engine, "/?BUNDLES") as page, engine.client() as client:
        for address in addresses:
            page.send(json.dumps({"COMMAND": "LISTEN", "DATA": address}))
        heard: dict[str, Any] = {}
        while len(heard) < 3:
            heard |= {message.address: message.arguments for message in decode(page.recv(timeout=2))}
        client.send_packet(encode_bundle([encode(address, 0.5) for address in addresses]))
        assert [(one.address, one.arguments) for one in decode(page.recv(timeout=2))] == [
            (one, (0.5,)) for one in addresses
        ]
        client.send("/distill/gain", -7.0)
        assert page.recv(timeout=2) == encode("/distill/gain", -7.0), "a single one comes as it is"


def test_a_listener_gets_its_control_however_it_is_moved_under_the_name_it_asked_for(engine, tools):
    with listen(engine) as page, engine.client() as client:
        for asked, moved, value in (
            ("/distill/control/roughness", "/distill/control/1", 0.25),
            ("/distill/control/2", "/distill/control/density", 0.75),
        ):
            page.send(json.dumps({"COMMAND": "LISTEN", "DATA": asked}))
            assert decode(page.recv(timeout=2))[0].address == asked
            client.send(moved, value)
            message = decode(page.recv(timeout=2))[0]
            assert (message.address, message.arguments) == (asked, (value,))
            page.send(json.dumps({"COMMAND": "IGNORE", "DATA": asked}))
            page.send(encode("/distill/ping"))
            page.recv(timeout=2)
            client.send(moved, 0.0)
        with pytest.raises(TimeoutError):
            page.recv(timeout=0.15)


def test_strain_is_given_to_a_query_and_to_those_who_listen_to_it(engine):
    assert fetch(engine, "/distill/strain?VALUE") == {"VALUE": [0.0]}
    with listen(engine) as page:
        page.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/distill/strain"}))
        (message,) = decode(page.recv(timeout=2))
        assert (message.address, message.arguments) == ("/distill/strain", (0.0,))


def test_a_path_that_does_not_exist_is_answered_with_those_that_do(engine):
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(engine, "/distill/latent/77")
    with refused.value as error:
        assert "below /distill/latent there are: 0, 1, 2" in json.loads(error.read())["ERROR"]


def test_wrong_texts_are_answered_and_the_connection_lives(engine):
    with listen(engine) as page:
        for text in (
            "",
            "{}",
            "[1]",
            '{"COMMAND": "LISTEN", "DATA": 5}',
            '{"COMMAND": "LISTEN", "DATA": "/distill/no"}',
            "[" * 60000,
        ):
            page.send(text)
            assert decode(page.recv(timeout=2))[0].address == "/distill/error"
        page.send(encode("/distill/ping"))
        assert decode(page.recv(timeout=2))[0].address == "/distill/pong"


def test_another_model_is_announced_path_by_path(make_engine, tools):
    engine = make_engine()
    with listen(engine) as page:
        page.send(encode("/distill/ping"))
        page.recv(timeout=2)
        engine.channel.send({"event": "model", "name": "sea", "controls": ["roughness", "size"], "latents": 15})
        announced: set[Any] = set()
        while len(announced) < 6:
            given = json.loads(page.recv(timeout=2))
            announced.add((given["COMMAND"], given["DATA"]))
    assert announced == {
        ("PATH_REMOVED", "/distill/control/brightness"),
        ("PATH_REMOVED", "/distill/control/density"),
        ("PATH_REMOVED", "/distill/latent/15"),
        ("PATH_ADDED", "/distill/control/size"),
        ("PATH_CHANGED", "/distill/control"),
        ("PATH_CHANGED", "/distill/latent"),
    }
    assert "size" in fetch(engine, "/distill/control")["CONTENTS"]


def test_a_measured_control_has_its_unit_and_its_range_of_sound(make_engine, tools):
    engine = make_engine()
    facts = {"unit": "Cam", "low": 10.66, "high": 17.83, "rho": 0.97, "description": "spectral centroid"}
    analysis = {"brightness": {**facts, "measured": True}, "density": {**facts, "measured": False}}
    engine.channel.send(
        {"event": "model", "name": "sea", "controls": [*analysis, "size"], "latents": 4, "analysis": analysis}
    )
    tools.eventually(lambda: status_of(engine, "/distill/control/size") == 200)
    controls = fetch(engine, "/distill/control")["CONTENTS"]
    assert controls["brightness"]["UNIT"] == ["Cam"]
    described = "spectral centroid: 10.7 to 17.8 Cam, rank correlation 0.97"
    assert controls["brightness"]["DESCRIPTION"] == described
    assert controls["density"]["DESCRIPTION"] == "spectral centroid"
    assert "UNIT" not in controls["density"]
    assert controls["size"]["DESCRIPTION"] == vocabulary.row("/distill/control/0").description


def test_a_listener_hears_notices_and_changed_presets_without_subscribing(engine, tools):
    with listen(engine) as page, engine.client() as client:
        page.send(encode("/distill/ping"))
        page.recv(timeout=2)
        client.send("/distill/subscribe")
        tools.collect(client)
        engine.channel.send({"event": "notice", "level": "warning", "text": "the ring ran empty"})
        notice = ("/distill/notice", ("warning", "the ring ran empty"))
        heard = decode(page.recv(timeout=2))[0]
        assert (heard.address, heard.arguments) == notice
        assert notice in [(message.address, message.arguments) for message in tools.collect(client)]


def test_only_get_is_answered(engine):
    for method in ("POST", "HEAD", "DELETE", "OPTIONS"):
        browser = http.client.HTTPConnection("127.0.0.1", engine.oscquery_port, timeout=3)
        browser.request(method, "/distill/gain", headers={"Content-Length": "0"})
        answer = browser.getresponse()
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")
        browser.close()


def test_a_flood_of_requests_is_held_back_and_osc_is_answered(engine, tools):
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as opened:
        connections = [
            opened.enter_context(socket.create_connection(("127.0.0.1", engine.oscquery_port), 20)) for _ in range(200)
        ]
        for connection in connections:
            connection.sendall(request)
        with engine.client() as client:
            assert tools.ask(client, "/distill/width", timeout=20.0) is not None
        statuses = {connection.recv(4096).split()[1] for connection in connections}
    assert statuses == {b"200", b"429"}
    tools.eventually(lambda: status_of(engine, "/distill/gain") == 200)


def test_malformed_requests_end_their_own_connection_only(engine):
    for request in (
        b"\x00" * 100,
        b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x" * 9000,
    ):
        with socket.create_connection(("127.0.0.1", engine.oscquery_port), 2) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(3)
            try:
                while connection.recv(4096):
                    pass
            except ConnectionError:
                pass
    browser = http.client.HTTPConnection("127.0.0.1", engine.oscquery_port, timeout=3)
    browser.request("GET", "/distill/gain")
    assert browser.getresponse().status == 200
    browser.close()


def test_pages_that_are_let_in_may_read_the_answer(engine):
    page = {"Origin": "http://localhost:3000"}
    for path in ("/", "/distill/gain", "/?HOST_INFO"):
        request = urllib.request.Request(f"http://127.0.0.1:{engine.oscquery_port}{path}", headers=page)
        with urllib.request.urlopen(request, timeout=3) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == page["Origin"]
            assert answer.headers["Vary"] == "Origin"


def test_a_client_that_pings_and_never_reads_is_cut_off(engine):
    ping = b"\x89\xfd" + b"\x00" * 4 + b"p" * 125
    request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    request += "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"

    def flood(connection: socket.socket) -> None:
        for _ in range(500):
            connection.sendall(ping * 1000)

    with socket.create_connection(("127.0.0.1", engine.oscquery_port), 20) as connection:
        connection.sendall(request.encode())
        assert b"101 Switching" in connection.recv(4096)
        with pytest.raises(ConnectionError):
            flood(connection)


def test_an_unexpected_error_in_a_message_does_not_close_the_connection(rain):
    class Fails:
        """A receiver and clients of which nothing works but the answer."""

        clients = property(lambda self: self)
        receiver = property(lambda self: self)

        def seen(self, *arguments):
            return self

        def receive(self, packet, client):
            raise ZeroDivisionError

        def reply(self, *arguments):
            said.append(arguments)

    async def run() -> None:
        nothing: Any = Fails()
        listener = Listener(nothing, "ws:me#1", "me", rain, nothing)
        listener._receive(b"packet")
        listener._receive("{}")

    said: list[Any] = []
    asyncio.run(run())
    assert "ZeroDivisionError" in said[0][-1]
    assert "LISTEN" in said[1][-1]


def test_the_address_space_is_built_without_numpy():
    code = (
        "import sys, distill_control.session, distill_control.osc.query_server\n"
        "from distill_control.arguments import known_choices\n"
        "from distill_engine.vocabulary.table import ROWS\n"
        "[known_choices(argument) for row in ROWS for argument in row.arguments]\n"
        "print('numpy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False", "its import holds up the control process for 0.15 s"


def test_requests_of_pages_leave_time_for_messages():
    clients = Clients(10.0)
    first, second, sender = (clients.seen(f"{host}", host, lambda packet: None) for host in ("a", "b", "c"))
    assert first.has_time()
    for limit in first.work:
        limit.charge(0.045)
    assert not second.has_time(), "its own time is left, but what all have is for messages"
    assert all(limit.open() for limit in sender.work)
    clients.flush()
    assert second.has_time()
