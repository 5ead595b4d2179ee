"""The command channel: bounded, never waiting, and plain about the end."""

import socket
import threading

import pytest

from distill_engine.errors import ControlError
from distill_engine.realtime.message_channel import LINE_LIMIT_BYTES, Channel, ChannelClosed


@pytest.fixture
def ends():
    here, there = Channel.pair()
    other = Channel(there)
    yield here, other
    here.close()
    other.close()


def test_messages_arrive_in_order(ends):
    here, there = ends
    for number in range(100):
        assert here.send({"id": number, "command": "play", "arguments": [1, "ü"]})
    assert [there.receive(5)["id"] for _ in range(100)] == list(range(100))


def test_no_message_in_time_is_none(ends):
    assert ends[0].receive(0.01) is None


def test_a_full_queue_is_refused_without_waiting(ends):
    here, _ = ends
    large = {"text": "x" * 100_000}
    accepted = [here.send(large) for _ in range(600)]
    assert accepted[0]
    assert not accepted[-1]


def test_a_message_that_is_too_long_is_refused(ends):
    assert not ends[0].send({"text": "x" * LINE_LIMIT_BYTES})


def test_the_other_end_going_away_is_said(ends):
    here, there = ends
    here.send({"event": "last"})
    assert here.flush()
    here.close()
    assert there.receive(5) == {"event": "last"}
    with pytest.raises(ChannelClosed, match="is gone"):
        there.receive(5)
    assert not there.send({"event": "x"})


def test_closing_wakes_who_waits(ends):
    here, _ = ends
    outcome = []

    def wait() -> None:
        try:
            here.receive(None)
        except ChannelClosed:
            outcome.append("closed")

    thread = threading.Thread(target=wait)
    thread.start()
    here.close()
    thread.join(5)
    assert outcome == ["closed"]


@pytest.mark.parametrize("line", [b"not json\n", b"[1]\n", b"\xff\xfe\n", b"x" * (LINE_LIMIT_BYTES + 2)])
def test_what_is_no_message_ends_the_connection(line):
    here, raw = socket.socketpair()
    channel = Channel(here)
    threading.Thread(target=raw.sendall, args=(line,), daemon=True).start()
    with pytest.raises(ChannelClosed):
        channel.receive(5)
    channel.close()
    raw.close()


def test_a_descriptor_that_is_no_socket_is_one_line(tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(ControlError, match="start distill-engine instead"):
        Channel.from_descriptor(file.fileno())
