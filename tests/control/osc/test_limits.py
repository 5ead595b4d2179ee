"""The allow list, the rate limit of errors, and what the system knows about a port."""

import ipaddress
import os
import socket
from typing import Any

import pytest

from distill_control.osc.clients import CLIENT_LIMIT, Clients, Subscriber
from distill_control.osc.limits import AllowList, TokenBucket
from distill_control.osc.packet import decode
from distill_control.osc.places import IDLE_SECONDS, make_place
from distill_control.osc.ports import datagrams_lost, open_socket, own_addresses, port_holder
from distill_engine.errors import ControlError


def allow(*networks, own=()):
    return AllowList([ipaddress.ip_network(network) for network in networks], frozenset(own))


def test_only_this_machine_and_the_listed_hosts_are_allowed():
    listed = allow("192.168.1.0/24", "fd00::/8", own=["10.0.0.5"])
    for host in ("127.0.0.1", "127.1.2.3", "::1", "192.168.1.77", "::ffff:192.168.1.77", "fd00::1%eth0", "10.0.0.5"):
        assert listed.allows(host), host
    for host in ("192.168.2.1", "8.8.8.8", "fe80::1", "", "nonsense", "10.0.0.6"):
        assert not listed.allows(host), host


def test_refusals_are_counted_by_host_and_reported_once():
    listed = allow()
    assert [listed.count_refusal("8.8.8.8") for _ in range(3)] == [True, False, False]
    for number in range(1000):
        listed.count_refusal(f"10.0.{number // 250}.{number % 250}")
    assert listed.refused == 1003
    assert listed.refused_hosts["8.8.8.8"] == 3
    assert len(listed.refused_hosts) <= 65


def test_a_bucket_lets_its_rate_pass_and_counts_the_rest():
    now = [0.0]
    bucket = TokenBucket(10, 5, lambda: now[0])
    assert [bucket.take() for _ in range(7)] == [True] * 5 + [False] * 2
    now[0] = 0.1
    assert bucket.take()
    assert bucket.release() == 2
    assert bucket.release() == 0


def test_a_crowd_of_clients_neither_grows_nor_drives_out_subscribers():
    now = [0.0]
    sent: list[Any] = []
    clients = Clients(10, lambda: now[0])
    clients.seen("udp:me", "127.0.0.1", sent.append)
    clients.subscribers["udp:me"] = Subscriber("udp:me", "127.0.0.1", sent.append, frozenset(["udp:me"]))
    for number in range(3000):
        clients.seen(f"udp:{number}", "127.0.0.1", sent.append).reply("/distill/error", "/x", "no")
    assert len(clients) == CLIENT_LIMIT
    assert clients.silent_for(frozenset(["udp:me"])) == 0.0
    assert len(sent) == 100


def test_corrections_wait_for_the_tick_and_the_last_one_goes_out():
    sent: list[Any] = []
    clients = Clients(10)
    client = clients.seen("udp:me", "127.0.0.1", sent.append)
    for value in (1.0, 2.0, 3.0):
        client.reply("/distill/width", value)
    assert sent == []
    clients.flush()
    assert [message.arguments for packet in sent for message in decode(packet)] == [(3.0,)]


def test_the_holder_of_a_port_is_named():
    opened = open_socket("127.0.0.1", 0, "tcp", label="OSC", option="--osc-port")
    port = opened.getsockname()[1]
    holder = port_holder(port, "tcp")
    if holder is None:
        opened.close()
        pytest.skip("the system does not tell")
    assert f"(process {os.getpid()})" in holder
    with pytest.raises(ControlError, match=rf"OSC TCP port {port} is in use by .*--osc-port"):
        open_socket("127.0.0.1", port, "tcp", label="OSC", option="--osc-port")
    opened.close()
    assert port_holder(port, "tcp") is None


def test_datagrams_that_the_system_loses_are_known():
    opened = open_socket("127.0.0.1", 0, "udp", label="OSC", option="--osc-port")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(200):
            sender.sendto(b"x" * 100, opened.getsockname())
    lost = datagrams_lost(opened)
    opened.close()
    if lost is None:
        pytest.skip("the system does not tell")
    assert lost > 100


def test_this_machines_addresses_are_known():
    assert "127.0.0.1" in own_addresses()


class Member:
    """A connection: when it was heard, and whether it listens or has given up."""

    def __init__(self, heard: float, subscribed: bool = False) -> None:
        self.heard, self.subscribed, self.gone = heard, subscribed, False

    def is_subscribed(self) -> bool:
        return self.subscribed

    def give_up(self) -> None:
        self.gone = True


def test_the_longest_silent_connection_makes_place_and_a_listening_one_never():
    members = [Member(0.0, subscribed=True), Member(20.0), Member(10.0)]
    assert make_place(members, 4, 1000.0)
    assert not make_place(members, 3, 10.0 + IDLE_SECONDS - 1.0)
    assert make_place(members, 3, 10.0 + IDLE_SECONDS)
    assert [member.gone for member in members] == [False, False, True]
