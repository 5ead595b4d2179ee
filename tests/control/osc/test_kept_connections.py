"""Several HTTP requests on one connection of the OSCQuery server, and what ends such a connection."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from typing import Any, BinaryIO

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import State

from distill_control.osc.clients import Clients
from distill_control.osc.limits import AllowList
from distill_control.osc.packet import encode
from distill_control.osc.query_server import connection as connections
from distill_control.osc.query_server.connection import KeptConnections
from distill_control.osc.query_server.service import OscQueryService
from distill_control.osc.receiver import Receiver
from distill_control.osc.server_context import ServerContext
from distill_control.settings import ControlSettings

UPGRADE = "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13"


def get(path: str, *headers: str, version: str = "1.1", method: str = "GET") -> bytes:
    lines = (f"{method} {path} HTTP/{version}", "Host: localhost", *headers, "", "")
    return "\r\n".join(lines).encode()


def answer(stream: BinaryIO) -> tuple[int, dict[str, str], bytes]:
    """Read one answer as a client does that keeps its connection: as many bytes as its head says."""
    status = int(stream.readline().split()[1])
    headers = {}
    while line := stream.readline().strip().decode():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, stream.read(int(headers.get("content-length", 0)))


def opened(engine) -> socket.socket:
    return socket.create_connection(("127.0.0.1", engine.oscquery_port), 5)


def test_a_client_that_keeps_its_connection_asks_again_on_it(engine) -> None:
    browser = http.client.HTTPConnection("127.0.0.1", engine.oscquery_port, timeout=5)
    browser.connect()
    kept = browser.sock
    for path, status in (
        ("/distill/width", 200),
        ("/distill/nothing", 404),
        ("/distill/ping?VALUE", 204),
        ("/ui", 302),
        ("/ui/", 200),
        ("/?NONSENSE", 400),
        ("/?HOST_INFO", 200),
    ):
        browser.request("GET", path)
        found = browser.getresponse()
        body = found.read()
        assert (found.status, found.headers["Connection"]) == (status, "keep-alive"), path
        assert found.headers["Content-Length"] == (None if status == 204 else str(len(body))), path
        assert browser.sock is kept
    browser.close()


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_requests_sent_at_once_are_answered_in_their_order(engine, step: int) -> None:
    paths = ["/distill/gain", "/distill/no", "/?HOST_INFO", "/distill/width"]
    sent = b"".join(map(get, paths)) + get("/distill/width?VALUE", "Connection: close")
    with opened(engine) as connection, connection.makefile("rb") as stream:
        for start in range(0, len(sent), step):
            connection.sendall(sent[start : start + step])
        found = [answer(stream) for _ in range(5)]
        assert stream.read() == b""
    assert [status for status, _, _ in found] == [200, 404, 200, 200, 200]
    bodies = [json.loads(body) for _, _, body in found]
    assert bodies[0]["FULL_PATH"] == "/distill/gain"
    assert "/distill/no" in bodies[1]["ERROR"]
    assert "OSC_PORT" in bodies[2]
    assert bodies[3]["FULL_PATH"] == "/distill/width"
    assert list(bodies[4]) == ["VALUE"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/distill/gain", "Connection: close"), 200),
        (get("/distill/gain", "Connection: keep-alive, Close"), 200),
        (get("/distill/gain", "Connection: x", "Connection: close"), 200),
        (get("/distill/gain", version="1.0"), 200),
        (get("/distill/gain", "Connection: keep-alive", version="1.0"), 200),
        (get("/distill/gain", method="POST"), 405),
        (get("/distill/gain", method="OPTIONS"), 405),
        (get("/distill/gain", "Origin: https://evil.example.com"), 403),
        (get("/distill/gain", "Host: evil.example.com"), 403),
        (get("/distill/gain", "Upgrade: websocket", "Connection: Upgrade"), 400),
        (get("/" + "x" * 9000), 414),
        (get("/", "X: " + "x" * 9000), 431),
    ],
)
def test_other_requests_end_the_connection_and_nothing_after_them_is_answered(
    engine, request_: bytes, status: int
) -> None:
    with opened(engine) as connection, connection.makefile("rb") as stream:
        connection.sendall(get("/distill/width") + request_ + get("/distill/width") * 500)
        assert answer(stream)[0] == 200
        found, headers, body = answer(stream)
        assert (found, headers["connection"]) == (status, "close")
        assert headers["content-length"] == str(len(body))
        assert stream.read() == b""


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x00" * 100 + b"\r\n",
        b"\r\n" + get("/distill/gain"),
        get("/distill/gain").replace(b"\r\n", b"\n"),
        get("/distill/gain", "Content-Length: 30") + get("/distill/width"),
        get("/distill/gain", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + get("/distill/width"),
        get("/distill/gain", "Content-Length: 30", method="POST") + b"x" * 30,
        "GET /\u00e9 HTTP/1.1\r\n\r\n".encode(),
    ],
)
def test_what_is_no_request_ends_the_connection_with_the_reason(engine, wrong: bytes) -> None:
    with opened(engine) as connection, connection.makefile("rb") as stream:
        connection.sendall(get("/distill/width"))
        assert answer(stream)[0] == 200
        connection.sendall(wrong)
        status, headers, body = answer(stream)
        assert (status, headers["connection"]) == (400, "close")
        assert b"send GET in HTTP/1.1" in body
        assert stream.read() == b""


def test_another_protocol_that_a_client_offers_is_ignored(engine) -> None:
    offer = "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"
    with opened(engine) as connection, connection.makefile("rb") as stream:
        for _ in range(2):
            connection.sendall(get("/distill/width", *offer))
            status, headers, _ = answer(stream)
            assert (status, headers["connection"]) == (200, "keep-alive")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_client_that_sends_no_more_gets_every_answer(engine, count: int) -> None:
    with opened(engine) as connection, connection.makefile("rb") as stream:
        connection.sendall(get("/distill/width") * count)
        connection.shutdown(socket.SHUT_WR)
        assert [answer(stream)[0] for _ in range(count)] == [200] * count
        assert stream.read() == b""


def test_each_request_of_a_connection_is_checked(engine) -> None:
    page = "http://localhost:3000"
    with opened(engine) as connection, connection.makefile("rb") as stream:
        connection.sendall(get("/distill/width", f"Origin: {page}"))
        assert answer(stream)[1]["access-control-allow-origin"] == page
        connection.sendall(get("/distill/width"))
        assert "access-control-allow-origin" not in answer(stream)[1]
        connection.sendall(get("/distill/width", "Origin: null"))
        status, headers, _ = answer(stream)
    assert status == 403
    assert "access-control-allow-origin" not in headers


def test_a_kept_connection_becomes_a_websocket_and_what_came_with_the_request_is_heard(engine) -> None:
    frames = b"".join(
        b"\x82" + bytes([0x80 | len(packet)]) + bytes(4) + packet
        for packet in (encode("/distill/ping", number) for number in range(40))
    )
    upgrade = get("/", *UPGRADE, "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==")
    with opened(engine) as connection, connection.makefile("rb") as stream:
        connection.sendall(get("/distill/width") * 3 + upgrade + frames)
        assert [answer(stream)[0] for _ in range(3)] == [200] * 3
        assert stream.readline().split()[1] == b"101"
        while stream.readline().strip():
            pass
        for number in range(40):
            pong = encode("/distill/pong", number)
            assert stream.read(2 + len(pong)) == b"\x82" + bytes([len(pong)]) + pong


class Member:
    """A connection whose state the test sets."""

    state = State.CONNECTING


def test_the_places_are_limited_and_those_of_closed_connections_are_free() -> None:
    kept = KeptConnections(2)
    members: list[Any] = [Member() for _ in range(3)]

    def settled(member: Any) -> str:
        response = Response(200, "OK", Headers())
        kept.settle(member, Request("/", Headers()), response)
        return response.headers["Connection"]

    assert [settled(member) for member in members] == ["keep-alive", "keep-alive", "close"]
    assert settled(members[0]) == "keep-alive", "it has its place"
    members[0].state = State.CLOSED
    assert settled(members[2]) == "keep-alive"
    members[1].state = State.OPEN
    assert settled(Member()) == "keep-alive", "a WebSocket has a place of its own"


def context_of(rain) -> ServerContext:
    receiver = Receiver(rain, ControlSettings(), asyncio.get_running_loop())
    return ServerContext(receiver, Clients(10.0), AllowList(()), lambda host: None, lambda origin: None)


@pytest.mark.parametrize("started", [b"", b"GET / HT", get("/distill/width")[:-2]])
def test_a_connection_without_a_whole_request_is_closed(rain, monkeypatch: pytest.MonkeyPatch, started: bytes) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.05)

    async def run() -> None:
        service = OscQueryService(rain, ControlSettings(oscquery_port=0), context_of(rain), 9000)
        await service.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(get("/distill/width") + started)
        assert (await reader.read()).count(b"HTTP/1.1 200") == 1
        writer.close()
        await service.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


@pytest.mark.parametrize("started", [b"", b"GET /distill"])
def test_a_connection_that_has_asked_nothing_does_not_hold_up_the_end(rain, started: bytes) -> None:
    async def run() -> None:
        service = OscQueryService(rain, ControlSettings(oscquery_port=0), context_of(rain), 9000)
        await service.start()
        _reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(started)
        await asyncio.sleep(0.05)
        await asyncio.wait_for(service.stop(), connections.FIRST_SECONDS / 2)
        writer.close()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_kept_connection_does_not_hold_up_the_end(rain) -> None:
    async def run() -> None:
        service = OscQueryService(rain, ControlSettings(oscquery_port=0), context_of(rain), 9000)
        await service.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(get("/distill/width"))
        assert b"keep-alive" in await reader.readuntil(b"\r\n\r\n")
        await service.stop()
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.readexactly(100_000)
        writer.close()

    asyncio.run(asyncio.wait_for(run(), 20))
