"""A real control process, with clients over UDP and TCP."""

import asyncio
import socket
import struct
import time
from typing import Any

import pytest

from distill_control.osc.client import OscClient
from distill_control.osc.framing import frame, slip
from distill_control.osc.osc_service import OscService
from distill_control.osc.packet import Message, decode, encode, encode_bundle
from distill_control.osc.ports import open_sockets
from distill_control.session import Session
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary
from support_control import RecordingLink

pytestmark = [pytest.mark.realtime, pytest.mark.listens]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_message_moves_the_parameter_and_is_no_news_to_its_sender(engine, tools, tcp):
    with engine.client(tcp=tcp) as client, engine.client() as other:
        for listener in (client, other):
            listener.send("/distill/subscribe")
            values = {message.address: message.arguments for message in tools.collect(listener)}
            assert values["/distill/control/brightness"]
            assert values["/distill/source"]
        wanted = -20.0 - tcp
        client.send("/distill/gain", wanted, 0.5)
        tools.eventually(lambda: engine.value(0) == wanted)
        assert ("/distill/gain", (wanted,)) in [(m.address, m.arguments) for m in tools.collect(other)]
        assert "/distill/gain" not in [message.address for message in tools.collect(client)]
        assert tools.ask(client, "/distill/gain") == (wanted,)
        for listener in (client, other):
            listener.send("/distill/unsubscribe")


def test_strain_is_left_out_of_a_subscription_and_answered_when_asked_for(engine, tools):
    with engine.client() as client:
        client.send("/distill/subscribe")
        sent = {message.address for message in tools.collect(client)}
        assert {"/distill/gain", "/distill/blend/space"} <= sent
        assert "/distill/strain" not in sent
        assert tools.ask(client, "/distill/strain") == (0.0,)
        client.send("/distill/unsubscribe")


def test_an_address_that_does_not_exist_is_answered_with_those_that_do(engine, tools):
    with engine.client() as client:
        assert "has 16 latent dimensions, 0 to 15" in tools.ask(client, "/distill/latent/77", 0.5)[-1]
        assert "brightness, roughness, density" in tools.ask(client, "/distill/control/warmth", 0.5)[-1]


def test_every_address_answers(engine, tools):
    """Send every row of the vocabulary: values are clipped, wrong types are errors, commands are done."""
    addresses = [p.address for p in vocabulary.PARAMETERS if p.row.family is None and not p.toggle]
    addresses += ["/distill/control/density", "/distill/latent/15", "/distill/blend/3"]
    with engine.client() as client:
        for address in addresses:
            row = vocabulary.row(address)
            assert tools.ask(client, address, 1e6) == (pytest.approx(row.maximum),), address
            assert tools.ask(client, address, -1e6) == (pytest.approx(row.minimum),), address
    for row in vocabulary.ROWS:
        if row.address == "/distill/ping":
            continue
        wrong = True if row.arguments and row.arguments[0].type in ("text", "name", "choice") else "no such thing"
        with engine.client() as client:
            address = row.address.replace("{name}", "brightness").replace("{index}", "0")
            assert tools.ask(client, address, wrong)[0] == "error", address
            time.sleep(0.01)  # the whole table is more errors than a second allows


def test_commands_are_answered_with_done_or_why_not(engine, tools):
    with engine.client() as client:
        client.send("/distill/play", 1.0)
        assert client.receive(2.0).arguments == ("/distill/play",)
        engine.fail["vocoder"] = "bigvgan runs at 0.19 x real time here"
        client.send("/distill/vocoder", "bigvgan")
        answer = client.receive(2.0)
        assert (answer.address, *answer.arguments) == ("/distill/error", "/distill/vocoder", engine.fail["vocoder"])
        assert tools.ask(client, "/distill/vocoder") == ("auto",)
        client.send("/distill/source", "corpus")
        assert client.receive(2.0).address == "/distill/done"
        assert ("source", ["corpus"]) in engine.commands


def test_patterns_reach_parameters_and_never_commands(engine, tools):
    with engine.client() as client:
        before = len(engine.commands)
        client.send("/distill/control/*ness", 0.25)
        parameters = [vocabulary.index_of(f"/distill/control/{index}") for index in range(2)]
        tools.eventually(lambda: [engine.value(parameter_index) for parameter_index in parameters] == [0.25, 0.25])
        client.send("/distill/{panic,stop}")
        assert client.receive(2.0).address == "/distill/error"
        assert len(engine.commands) == before


def test_bundles_act_at_their_time_past_ones_at_once_far_ones_never(engine, tools):
    parameter_index = vocabulary.index_of("/distill/width")
    with engine.client() as client:
        client.send_packet(encode_bundle([encode("/distill/width", 0.25)], time.time() - 100))
        tools.eventually(lambda: engine.value(parameter_index) == 0.25)
        sent = time.time()
        client.send_packet(encode_bundle([encode("/distill/width", 0.75)], sent + 0.3))
        tools.eventually(lambda: engine.value(parameter_index) == 0.75)
        assert time.time() - sent > 0.29
        client.send_packet(encode_bundle([encode("/distill/width", 0.5)], sent + 366 * 86400))
        answer = client.receive(2.0)
        assert answer.address == "/distill/error"
        assert "ahead" in answer.arguments[1]
        later = [encode_bundle([encode("/distill/width", 0.1)] * 1000, time.time() + 1.0)] * 2
        for packet in later:
            client.send_packet(packet)
        assert "wait for their time" in client.receive(2.0).arguments[1]
        tools.eventually(lambda: engine.value(parameter_index) == pytest.approx(0.1))


def test_errors_come_at_a_bounded_rate_and_say_how_many_were_held_back(engine, tools):
    with engine.client() as client:
        for _ in range(300):
            client.send("/distill/nothing", 1)
        errors = tools.collect(client, 0.2)
        assert 5 <= len(errors) <= 25
        time.sleep(0.3)
        client.send("/distill/nothing", 1)
        assert "more errors" in client.receive(2.0).arguments[1]


def test_a_subscriber_may_listen_at_another_port_and_vanish(make_engine, tools):
    engine = make_engine(client_timeout_seconds=0.8)
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(2.0)
    with engine.client() as client:
        client.send("/distill/subscribe", listener.getsockname()[1])
        assert decode(listener.recv(65536))[0].address.startswith("/distill/")
        assert _status(tools, client)["subscribers"] == 1
        listener.close()
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            client.send("/distill/gain", -time.monotonic() % 10)
            time.sleep(0.02)
        assert _status(tools, client)["subscribers"] == 1
    with engine.client() as client:
        tools.eventually(lambda: _status(tools, client)["subscribers"] == 0)


def test_a_client_that_listens_elsewhere_gets_its_errors_and_its_status_there(engine, tools):
    """Max's `udpsend` cannot receive: errors and answers go to the port of its `udpreceive`."""
    with _listener() as listener, engine.client() as udpsend, engine.client() as chop, engine.client() as script:
        udpsend.send("/distill/subscribe", listener.getsockname()[1])
        script.send("/distill/subscribe")
        _received(listener), tools.collect(script)
        udpsend.send("/distill/control/warmth", 0.5)
        assert ("/distill/error", "/distill/control/warmth") in [
            (m.address, m.arguments[0]) for m in _received(listener)
        ]
        udpsend.send("/distill/status")
        assert "/distill/status.reply" in [m.address for m in _received(listener)]
        udpsend.send("/distill/strain")
        assert Message("/distill/strain", (0.0,)) in _received(listener)
        assert Message("/distill/strain", (0.0,)) in tools.collect(udpsend), "and at the port that asks"
        chop.send("/distill/latent/40", 0.5)
        assert ("/distill/error", "/distill/latent/40") in [(m.address, m.arguments[0]) for m in _received(listener)]
        assert chop.receive(2.0).address == "/distill/error"
        script.send("/distill/nothing", 1)
        assert [m.address for m in tools.collect(script)].count("/distill/error") == 1
        assert "/distill/error" not in [m.address for m in _received(listener)]
        udpsend.send("/distill/unsubscribe", listener.getsockname()[1])
        script.send("/distill/unsubscribe")


def test_subscribers_may_get_controls_by_number_and_their_names_come_first(engine, tools):
    with _listener() as listener, engine.client() as client, engine.client() as other:
        client.send("/distill/subscribe", listener.getsockname()[1], "numbers")
        first = _received(listener)
        assert first[0] == Message("/distill/controls", ("brightness", "roughness", "density"))
        assert "/distill/control/2" in [m.address for m in first]
        assert "/distill/control/density" not in [m.address for m in first]
        other.send("/distill/control/density", 0.375)
        assert ("/distill/control/2", (0.375,)) in [(m.address, m.arguments) for m in _received(listener)]
        other.send("/distill/subscribe", 0, "names")
        tools.collect(other)
        client.send("/distill/control/2", 0.5)
        assert ("/distill/control/density", (0.5,)) in [(m.address, m.arguments) for m in tools.collect(other)]
        client.send("/distill/unsubscribe", listener.getsockname()[1])
        other.send("/distill/unsubscribe", 0)


def test_two_clients_that_fight_over_one_fader_end_up_showing_the_same(engine, tools):
    with engine.client() as one, engine.client() as other:
        shown = {}
        for client in (one, other):
            client.send("/distill/subscribe")
            tools.collect(client)
        for step in range(150):
            for client, value in ((one, step / 200), (other, 1 - step / 200)):
                client.send("/distill/width", value)
                shown[client] = value
                while (message := client.receive(0.001)) is not None:
                    shown[client] = message.arguments[0] if message.address == "/distill/width" else shown[client]
            time.sleep(0.002)
        received = {
            client: [m.arguments for m in tools.collect(client, 0.5) if m.address == "/distill/width"]
            for client in shown
        }
        value = engine.value(vocabulary.index_of("/distill/width"))
        for client in shown:
            assert (received[client] or [(shown[client],)])[-1] == (pytest.approx(value),)
            assert len(received[client]) <= 3, "a settled fader is quiet"
            client.send("/distill/unsubscribe")


def test_a_client_that_is_started_again_takes_its_place_up(engine, tools):
    with _listener() as listener:
        port = listener.getsockname()[1]
        with engine.client() as before:
            before.send("/distill/subscribe", port)
            assert _received(listener)
        with engine.client() as again, engine.client() as other:
            again.send("/distill/subscribe", port)
            assert "/distill/gain" in [m.address for m in _received(listener)], "present values first, as for a new one"
            assert _status(tools, again)["subscribers"] == 1
            again.send("/distill/width", 0.25)
            assert "/distill/width" not in [m.address for m in _received(listener, 0.15)]
            other.send("/distill/source/speed", 2.0)
            assert "/distill/source/speed" in [m.address for m in _received(listener)]
            again.send("/distill/unsubscribe", port)


def _listener():
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    return listener


def _received(listener, seconds=0.25):
    messages = []
    listener.settimeout(seconds)
    try:
        while True:
            messages += decode(listener.recv(65536))
    except TimeoutError:
        return [message for message in messages if message.address != "/distill/level"]


def _status(tools, client):
    answer = tools.ask(client, "/distill/status")
    return dict(zip(answer[::2], answer[1::2], strict=True))


def test_ten_thousand_subscribers_meet_a_bound(make_engine, tools):
    engine = make_engine(client_timeout_seconds=0.8)
    with engine.client() as client:
        for port in range(20000, 30000):
            client.send("/distill/subscribe", port)
            if port % 200 == 0:
                time.sleep(0.005)
        messages = tools.collect(client, 0.3)
        assert any("too much at once" in str(m.arguments) for m in messages if m.address == "/distill/error")
    with engine.client() as client:
        assert _status(tools, client)["subscribers"] <= 64
        tools.eventually(lambda: _status(tools, client)["subscribers"] == 0)


def test_a_datagram_of_60_kB_gets_one_answer(engine, tools):
    with engine.client() as client:
        client.send_packet(b"/" + b"x" * 60000)
        assert client.receive(2.0).address == "/distill/error"
        client.send_packet(encode("/distill/latents", *[0.5] * 10000))
        assert "arguments" in client.receive(2.0).arguments[1]
        client.send("/distill/ping", 7)
        assert client.receive(2.0).address == "/distill/pong"


def test_tcp_speaks_length_prefixed_osc_too(engine):
    with socket.create_connection(("127.0.0.1", engine.port), 2.0) as connection:
        connection.sendall(frame(encode("/distill/ping", 5), "length"))
        data = connection.recv(4096)
        assert struct.unpack(">i", data[:4])[0] == len(data) - 4
        assert decode(data[4:])[0].arguments == (5,)


def test_a_stream_that_is_no_osc_is_closed_and_others_go_on(engine):
    with socket.create_connection(("127.0.0.1", engine.port), 2.0) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        data = b""
        while piece := connection.recv(4096):
            data += piece
        assert b"not OSC" in data
    with socket.create_connection(("127.0.0.1", engine.port), 2.0) as connection:
        connection.sendall(slip(encode("/distill/ping", 6)))
        assert b"/distill/pong" in connection.recv(4096)


def test_tcp_connections_are_bounded(engine, tools):
    connections = [socket.create_connection(("127.0.0.1", engine.port), 2.0) for _ in range(80)]
    time.sleep(0.2)
    with engine.client() as client:
        client.send("/distill/ping", 1)
        assert client.receive(2.0).address == "/distill/pong"
    for connection in connections:
        connection.close()
    time.sleep(0.2)
    with engine.client(tcp=True) as client:
        client.send("/distill/ping", 1)
        assert client.receive(2.0).address == "/distill/pong"


def test_a_port_in_use_is_named_with_its_process(make_engine):
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 0))
    engine = make_engine(osc_port=taken.getsockname()[1])
    assert engine.first["event"] == "failed"
    assert f"OSC UDP port {taken.getsockname()[1]} is in use by" in engine.first["reason"]
    assert "(process " in engine.first["reason"]
    assert "--osc-port" in engine.first["reason"]
    assert engine.process.wait(5) == 1
    taken.close()


def test_any_free_port_is_one_that_is_free_for_tcp_too(monkeypatch):
    given: list[Any] = []

    def some_taken(bind, port, protocol, **words):
        try:
            opened = open_sockets(bind, port, protocol, **words)
        except ControlError:  # another program holds the TCP port indeed: this try does not count
            given.pop()
            raise
        given.append((protocol, opened[0].getsockname()[1]))
        if protocol == "tcp" and len(given) <= 4:
            for each in opened:
                each.close()
            raise ControlError("in use")
        return opened

    async def start():
        monkeypatch.setattr("distill_control.osc.osc_service.open_sockets", some_taken)
        settings = ControlSettings(osc_port=0, oscquery_port=None, announce=False)
        session = Session(RecordingLink())
        service = OscService(session, settings, lambda level, text: None)
        await service.open()
        await service.stop()

    asyncio.run(start())
    assert [protocol for protocol, _ in given] == ["udp", "tcp"] * 3
    assert given[4][1] == given[5][1]


def test_an_address_of_another_machine_is_named(make_engine):
    engine = make_engine(bind="192.0.2.77")
    assert "192.0.2.77 is not an address of this machine" in engine.first["reason"]
    assert "127.0.0.1" in engine.first["reason"]
    engine = make_engine(bind="no such host")
    assert "no such address" in engine.first["reason"]


def test_feedback_comes_thirty_times_a_second_at_most_and_ends_with_the_last_value(engine, tools):
    with engine.client() as listener, engine.client() as sender:
        listener.send("/distill/subscribe")
        tools.collect(listener)
        began = time.monotonic()
        for step in range(600):
            sender.send("/distill/width", step / 1000)
            time.sleep(0.001)
        values = [m.arguments[0] for m in tools.collect(listener) if m.address == "/distill/width"]
        took = time.monotonic() - began
        assert 3 <= len(values) <= 30 * took + 2
        assert values == sorted(values)
        assert values[-1] == pytest.approx(0.599)
        listener.send("/distill/unsubscribe")


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_both_addresses_of_localhost_are_heard(engine, tools, tcp):
    with OscClient("::1", engine.port, tcp=tcp) as client:
        assert tools.ask(client, "/distill/model") == ("rain",)


def test_a_stream_that_ends_without_framing_is_told_what_was_expected(engine):
    with socket.create_connection(("127.0.0.1", engine.port), 2) as connection:
        connection.sendall(encode("/distill/gain", -6.0))
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"expected SLIP" in answer


def test_an_impulse_presses_a_button_and_a_colour_is_refused_by_its_name(engine):
    with engine.client() as client:
        for tag in (b"I", b"N"):
            client.send_packet(b"/distill/play\x00\x00\x00," + tag + b"\x00\x00")
            assert client.receive(2.0).address == "/distill/done"
        client.send_packet(b"/distill/gain\x00\x00\x00,r\x00\x00\xff\x00\x00\xff")
        assert client.receive(2.0).arguments == ("/distill/gain", "/distill/gain: value must be a number, not a colour")
        client.send("/distill/gain", float("inf"))
        assert "finite" in client.receive(2.0).arguments[1]
