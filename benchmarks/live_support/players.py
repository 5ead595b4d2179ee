"""Four OSC clients, a WebSocket client and a browser play at random, for ever.

    python -m live_support.players PORT QUERY_PORT

What they do a take can play again: parameters, sources, seeds, presets, notes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import time
import urllib.request

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from distill_engine.vocabulary import table as vocabulary
from live_support.osc import packet

CLIENTS = 4
PAUSE_SECONDS = (0.01, 0.2)
PAGES = ("/", "/ui/", "/ui/model.json", "/distill/gain?VALUE")
STILL = ("/distill/gain", "/distill/gate", "/distill/source/gate", "/distill/source/freeze")
"""What could make silence, in which nothing can be compared."""


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


def play(port: int, query_port: int) -> None:
    """Play until this process is ended."""
    chance, clients = random.Random(0), [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(CLIENTS)]
    for client in clients:
        client.connect(("127.0.0.1", port))
        client.setblocking(False)
        client.send(packet("/distill/subscribe"))
    with connect(f"ws://127.0.0.1:{query_port}/", proxy=None) as page:
        for name in ("level/peak", "source/position", "width"):
            page.send(json.dumps({"COMMAND": "LISTEN", "DATA": f"/distill/{name}"}))
        while True:
            _play_once(chance, chance.choice(clients), page, query_port)
            time.sleep(chance.uniform(*PAUSE_SECONDS))


def _play_once(chance: random.Random, client: socket.socket, page: ClientConnection, query_port: int) -> None:
    """Send one message, sometimes ask for a page, and read what has come."""
    with contextlib.suppress(OSError):
        client.send(message(chance))
        for _ in range(100):
            client.recv(1 << 16)
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        page.recv(timeout=0)
    if chance.random() < 0.02:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{query_port}{chance.choice(PAGES)}", timeout=5).close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("query_port", type=int)
    play(**vars(parser.parse_args()))
