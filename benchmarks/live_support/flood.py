"""Send OSC messages to an engine at a steady rate, for ever.

    python -m live_support.flood PORT RATE

The sender runs as a process of its own, so that it takes no time from the one that measures.
"""

from __future__ import annotations

import argparse
import time

from live_support.osc import Osc, packet

ADDRESSES = tuple(f"/distill/source/{name}" for name in ("rate", "range", "position", "jitter"))
"""What a held sound does not follow, so that a flood leaves what is measured alone."""
BURSTS_HZ = 500
"""Bursts of messages a second."""


def flood(port: int, rate: int) -> None:
    """Send `rate` messages a second."""
    osc = Osc(port)
    packets = [packet(address, value / 16) for value in range(16) for address in ADDRESSES]
    began, sent = time.perf_counter(), 0
    while True:
        for _ in range(max(1, rate // BURSTS_HZ)):
            osc.send_packet(packets[sent % len(packets)])
            sent += 1
        time.sleep(max(0.0, began + sent / rate - time.perf_counter()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("rate", type=int)
    flood(**vars(parser.parse_args()))
