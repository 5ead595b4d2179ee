"""What one sender may take of the control process: each turn of the loop is bounded, and others are answered."""

import asyncio
import itertools
import json
import socket
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.sync.client import ClientConnection, connect

from distill_control.osc.clients import WORK, Client, Clients
from distill_control.osc.framing import Deframer, frame, slip
from distill_control.osc.limits import AllowList
from distill_control.osc.packet import decode, encode
from distill_control.osc.ports import open_sockets
from distill_control.osc.query_server.service import CONNECTION_LIMIT, OscQueryService
from distill_control.osc.receiver import MALFORMED_IN_A_ROW, SURCHARGES_SECONDS, Receiver
from distill_control.osc.server import FRAMES_AT_ONCE, TcpServer
from distill_control.osc.server_context import ServerContext
from distill_control.session.presets.service import PresetController
from distill_control.settings import ControlSettings
from distill_engine.library.presets import PresetStore

WIDTH = "/distill/width"
PAGE = "http://localhost:3000"


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def stopwatch(seconds: float) -> Callable[[], float]:
    """A watch by which each thing that is measured takes `seconds`."""
    return itertools.count(0.0, seconds).__next__


def test_malformed_packets_are_paid_for_by_their_sender_and_never_overdrawn(rain, loop) -> None:
    rain.register("/distill/ping", lambda arguments, origin: arguments)
    receiver = Receiver(rain, ControlSettings(), loop, stopwatch=stopwatch(0.011))
    clients, sent = Clients(1000.0), list[bytes]()
    one, other = (clients.seen(f"udp:here:{number}", "here", sent.append) for number in range(2))
    for _ in range(1000):
        assert not receiver.receive(b"x", one)
    assert receiver.malformed == 1000
    sent.clear()
    receiver.receive(encode("/distill/*", 0.5), one)
    assert b"too much at once" in sent[-1]
    receiver.receive(encode("/distill/ping"), one)
    assert decode(sent[-1])[0].address == "/distill/pong"
    receiver.receive(encode("/distill/wid*", 0.5), other)
    assert rain.get(WIDTH) == 0.5, "another client has its own time"
    clients.flush()
    receiver.receive(encode("/distill/wid*", 0.25), one)
    assert rain.get(WIDTH) == 0.25, "and so it has at the next tick"


def test_a_thousand_presets_at_once_are_limited_and_each_is_answered(rain, loop, tmp_path: Path) -> None:
    store = PresetStore(tmp_path)
    PresetController(rain, store).register()
    rain.register("/distill/ping", lambda arguments, origin: arguments)
    receiver = Receiver(rain, ControlSettings(), loop, stopwatch=lambda: 0.0)
    clients, sent = Clients(5000.0), list[bytes]()
    client = clients.seen("udp:here:1", "here", sent.append)

    def answers(client: Client, *packets: bytes) -> Counter[str]:
        sent.clear()
        for packet in packets:
            receiver.receive(packet, client)
        return Counter(decode(answer)[0].address for answer in sent)

    burst = [encode("/distill/preset/save", f"preset {number}") for number in range(1000)]
    ping = encode("/distill/ping", 7)
    allowed = int(WORK[1] / SURCHARGES_SECONDS["/distill/preset/save"]) + 1
    found = answers(client, *burst[:500], ping, *burst[500:])
    assert found == {"/distill/done": allowed, "/distill/error": 1000 - allowed, "/distill/pong": 1}
    assert len(store.all()) == allowed
    for _ in range(4):
        clients.flush()
    assert answers(client, *burst)["/distill/done"] <= allowed, "however long the burst goes on"


@pytest.mark.parametrize("framing", ["slip", "length"])
def test_frames_are_cut_a_few_at_a_time_in_their_order(framing) -> None:
    packets = [b"%04d" % number for number in range(1000)]
    deframer = Deframer()
    found = deframer.feed(b"".join(frame(packet, framing) for packet in packets) * 40, 64)
    assert 0 < len(found) <= 64
    while deframer.pending:
        more = deframer.feed(b"", 64)
        assert len(more) <= 64
        found += more
    assert found == packets * 40
    assert not deframer.unfinished


class Turns:
    """A TCP server whose receiver counts the packets that it gets in each turn of the loop."""

    def __init__(self, rain) -> None:
        self.now, self.packets = 0, Counter[int]()
        self.loop = asyncio.get_running_loop()
        self.receiver = Receiver(rain, ControlSettings(), self.loop)
        receive = self.receiver.receive

        def counted(packet: bytes, client: Client) -> bool:
            self.packets[self.now] += 1
            return receive(packet, client)

        self.receiver.receive = counted
        clients = Clients(10.0)
        self.context = ServerContext(self.receiver, clients, AllowList(()), lambda host: None, lambda origin: None)

    async def send(self, data: bytes, done: Callable[[], bool]) -> bytes:
        """Send to a new connection; return what was answered when `done`, or when it was closed."""
        opened = open_sockets("127.0.0.1", 0, "tcp", label="OSC", option="--osc-port")
        server = await TcpServer.start(opened, self.context)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(data)
        answered = asyncio.ensure_future(reader.read())
        while not done() and not answered.done():
            self.now += 1
            await asyncio.sleep(0)
        writer.close()
        await server.close()
        return await answered if answered.done() else b""


def test_a_connection_gets_some_packets_a_turn_and_all_are_handled(rain, tools) -> None:
    async def run() -> None:
        turns = Turns(rain)
        values = b"".join(slip(encode(WIDTH, number / 5000)) for number in range(5000))
        await turns.send(values + slip(encode(WIDTH, 0.625)), lambda: turns.receiver.packets == 5001)
        assert max(turns.packets.values()) <= FRAMES_AT_ONCE

    asyncio.run(asyncio.wait_for(run(), 30))
    assert rain.get(WIDTH) == 0.625


def test_a_connection_of_malformed_packets_is_closed_with_one_line(rain) -> None:
    async def run() -> tuple[Turns, bytes]:
        turns = Turns(rain)
        return turns, await turns.send(b"\xc0" + b"x\xc0" * (MALFORMED_IN_A_ROW + 10), lambda: False)

    turns, answer = asyncio.run(asyncio.wait_for(run(), 30))
    assert turns.receiver.malformed == MALFORMED_IN_A_ROW
    assert answer.count(b"malformed packets in a row; the connection is closed") == 1


@pytest.mark.realtime
@pytest.mark.listens
def test_packets_that_are_no_osc_end_a_stream_and_others_go_on(engine) -> None:
    def flood(stream: socket.socket) -> None:
        for _ in range(1000):
            stream.sendall(b"x\xc0" * 32768)

    with socket.create_connection(("127.0.0.1", engine.port), 5) as stream, engine.client() as client:
        stream.sendall(b"\xc0")
        with pytest.raises(ConnectionError):
            flood(stream)
        client.send("/distill/ping", 1)
        assert client.receive(5.0).address == "/distill/pong"


@pytest.mark.realtime
def test_messages_that_are_no_osc_end_a_websocket(engine) -> None:
    def flood(page: ClientConnection) -> None:
        for _ in range(10 * MALFORMED_IN_A_ROW):
            page.send(b"x")
        while True:
            page.recv(timeout=5)

    with connect(f"ws://127.0.0.1:{engine.oscquery_port}/", proxy=None) as page:
        with pytest.raises(ConnectionClosed) as closed:
            flood(page)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.reason == f"{MALFORMED_IN_A_ROW} packets are no OSC"


def answer_of(engine, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    url = f"http://127.0.0.1:{engine.oscquery_port}{path}"
    try:
        opened = urllib.request.urlopen(urllib.request.Request(url, headers=headers, method=method), timeout=5)
    except urllib.error.HTTPError as error:
        opened = error
    with opened:
        return opened.status, dict(opened.headers), opened.read()


def test_pages_that_are_let_in_may_read_errors_and_others_may_not(engine) -> None:
    for path, method, status in (("/distill/no", "GET", 404), ("/?NO", "GET", 400), ("/", "POST", 405)):
        found, headers, body = answer_of(engine, path, method, Origin=PAGE)
        assert (found, headers.get("Access-Control-Allow-Origin")) == (status, PAGE)
        assert json.loads(body)["ERROR"]
    for wrong in ({"Origin": "https://evil.example.com"}, {"Origin": PAGE, "Host": "evil.example.com"}):
        found, headers, _ = answer_of(engine, "/", **wrong)
        assert found == 403
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(("host", "status"), [("203.0.113.9", 403), ("127.0.0.1", 429)])
def test_a_host_that_is_refused_learns_why_on_its_page(rain, host: str, status: int) -> None:
    async def run() -> Any:
        context = Turns(rain).context
        service = OscQueryService(rain, ControlSettings(), context, 9000)
        service._waiting = CONNECTION_LIMIT
        connection: Any = SimpleNamespace(remote_address=(host, 5))
        return await service._process_request(connection, Request("/", Headers(Host="127.0.0.1", Origin=PAGE)))

    response = asyncio.run(run())
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
