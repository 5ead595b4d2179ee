"""Four OSC clients, a WebSocket client, a MIDI controller and a page play at random, for ever.

    python -m live_support.players PORT QUERY_PORT

What they do a take can play again: parameters, sources, seeds, presets, notes. The controller plays
through JACK. The page is a real Chromium where there is one; bars are dragged on it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import socket
import sys
import time
import urllib.request

import mido
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from distill_engine.vocabulary import table as vocabulary
from live_support.browser import CHROMIUM, Browser, Page
from live_support.control_process import MIDI_PORT
from live_support.osc import packet

CLIENTS = 4
PAUSE_SECONDS = (0.01, 0.2)
PAGE_SHARE = 0.05
"""Of the turns, how many drag a bar on the page too."""
BAR = ".control .bar"
PAGES = ("/", "/ui/", "/ui/model.json", "/distill/gain?VALUE")
STILL = ("/distill/gain", "/distill/gate", "/distill/source/gate", "/distill/source/freeze")
"""What could make silence, in which nothing can be compared."""
MIDI_MAP = f'port = "{MIDI_PORT}"\n' + "".join(
    f'[[bind]]\ncontrol = "cc {number}"\ntarget = "{target}"\n'
    for number, target in ((16, "/distill/width"), (17, "/distill/control/brightness"), (18, "/distill/source/rate"))
)
"""What the controller's knobs move."""


def message(chance: random.Random) -> bytes:
    """Return one message."""
    kind = chance.random()
    if kind < 0.8:
        parameter = chance.choice([row for row in vocabulary.PARAMETERS if row.address not in STILL])
        return packet(parameter.address, chance.uniform(parameter.minimum, parameter.maximum))
    if kind < 0.85:
        return packet("/distill/source", chance.choice(["walk", "drift", "hold", "corpus"]))
    if kind < 0.9:
        return packet("/distill/seed", chance.randrange(100))
    if kind < 0.95:
        return packet(f"/distill/preset/{chance.choice(['save', 'recall', 'recall'])}", f"p{chance.randrange(5)}")
    return packet("/distill/note", float(chance.randrange(48, 72)), float(chance.choice([0, 100])))


def turn(chance: random.Random) -> mido.Message:
    """Return a move of the controller: a knob, a key, the wheel."""
    kind = chance.random()
    if kind < 0.8:
        return mido.Message("control_change", control=chance.randrange(16, 20), value=chance.randrange(128))
    if kind < 0.9:
        return mido.Message("pitchwheel", pitch=chance.randrange(-8192, 8192))
    return mido.Message("note_on", note=chance.randrange(48, 72), velocity=chance.choice([0, 100]))


def play(port: int, query_port: int) -> None:
    """Play until this process is ended."""
    chance, clients = random.Random(0), [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(CLIENTS)]
    for client in clients:
        client.connect(("127.0.0.1", port))
        client.setblocking(False)
        client.send(packet("/distill/subscribe"))
    knobs = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output(MIDI_PORT, virtual=True, client_name=MIDI_PORT)
    browser = Browser() if CHROMIUM else None
    page = browser.page(f"http://127.0.0.1:{query_port}/ui/") if browser else None
    try:
        with connect(f"ws://127.0.0.1:{query_port}/", proxy=None) as listener:
            for name in ("level/peak", "source/position", "width"):
                listener.send(json.dumps({"COMMAND": "LISTEN", "DATA": f"/distill/{name}"}))
            while True:
                _play_once(chance, chance.choice(clients), listener, query_port)
                knobs.send(turn(chance))
                if page is not None and chance.random() < PAGE_SHARE:
                    _drag(chance, page)
                time.sleep(chance.uniform(*PAUSE_SECONDS))
    finally:
        if browser is not None:
            browser.close()


def _play_once(chance: random.Random, client: socket.socket, listener: ClientConnection, query_port: int) -> None:
    """Send one message, sometimes ask for a page, and read what has come."""
    with contextlib.suppress(OSError):
        client.send(message(chance))
        for _ in range(100):
            client.recv(1 << 16)
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        listener.recv(timeout=0)
    if chance.random() < 0.02:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{query_port}{chance.choice(PAGES)}", timeout=5).close()


def _drag(chance: random.Random, page: Page) -> None:
    """Drag the bar of a control to another place; do nothing while the page draws none."""
    page.events.clear()
    if not (count := page.run(f"document.querySelectorAll('{BAR}').length")):
        return
    left, top, width, height = page.run(
        f"(b => [b.left, b.top, b.width, b.height])(document.querySelectorAll('{BAR}')[{chance.randrange(count)}].getBoundingClientRect())"
    )
    page.mouse("mousePressed", left + chance.random() * width, top + height / 2)
    for _ in range(5):
        page.mouse("mouseMoved", left + chance.random() * width, top + height / 2)
    page.mouse("mouseReleased", left + chance.random() * width, top + height / 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("query_port", type=int)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    play(**vars(parser.parse_args()))
