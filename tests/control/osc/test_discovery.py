"""Zeroconf: services are announced; without a network there is one message and no failure."""

import gc
import time

import pytest
from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

from distill_control.osc.discovery import Discovery

pytestmark = [pytest.mark.realtime, pytest.mark.listens]


class Found(ServiceListener):
    def __init__(self):
        self.ports = {}

    def add_service(self, zeroconf, kind, name):
        info = zeroconf.get_service_info(kind, name, 2000)
        if info is not None and name.startswith("Distill test"):
            self.ports[kind] = info.port

    update_service = add_service

    def remove_service(self, zeroconf, kind, name):
        self.ports.pop(kind, None)


@pytest.mark.slow
def test_both_services_are_announced_and_withdrawn():
    notes = []
    discovery = Discovery("Distill test", "127.0.0.1", 9123, 9124, lambda level, text: notes.append(text))
    found = Found()
    try:
        browser_side = Zeroconf(interfaces=["127.0.0.1"])
    except OSError:
        pytest.skip("no multicast on the loopback here")
    browser = ServiceBrowser(browser_side, ["_osc._udp.local.", "_oscjson._tcp.local."], found)
    discovery.start()
    try:
        deadline = time.monotonic() + 10
        while len(found.ports) < 2 and not notes and time.monotonic() < deadline:
            time.sleep(0.05)
        if notes:
            pytest.skip(notes[0])
        assert found.ports == {"_osc._udp.local.": 9123, "_oscjson._tcp.local.": 9124}
    finally:
        discovery.stop()
        browser.cancel()
        browser_side.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_no_network_is_one_note_and_nothing_else():
    notes = []
    discovery = Discovery("Distill test", "192.0.2.7", 9123, 9124, lambda level, text: notes.append((level, text)))
    discovery.start()
    deadline = time.monotonic() + 10
    while not notes and time.monotonic() < deadline:
        time.sleep(0.02)
    discovery.stop()
    del discovery
    gc.collect()  # zeroconf leaves a socket behind when its start fails
    assert notes[0][0] == "info"
    assert "not announced" in notes[0][1]


def test_what_is_stopped_before_it_began_is_never_announced():
    discovery = Discovery("Distill test", "127.0.0.1", 1, 2, lambda level, text: None)
    discovery.start()
    discovery.stop()
    assert discovery.announced == 0
