"""Silence an engine, open it at random moments, and print the delays until the first sample in ms.

    python -m live_support.osc_listener PORT COUNT CHANGE

It is a JACK client of its own, so that sender and listener share the server's clock of frames.
"""

from __future__ import annotations

import argparse
import socket
import time

import jack
import numpy as np

from live_support.engine_process import OUTPUTS
from live_support.messages import CHANGES
from live_support.osc import packet

LISTEN_SECONDS = 1.0
"""Time after which a change counts as not heard."""


class Ear:
    """A JACK client that keeps blocks of the engine's output with their frame times."""

    def __init__(self) -> None:
        self.client = jack.Client("listener", no_start_server=True)
        self._port = self.client.inports.register("in")
        self._size = 4 + 4 * self.client.blocksize
        self._ring = jack.RingBuffer(1 << 22)
        self.client.set_process_callback(self._process)

    def connect(self) -> None:
        """Connect to the engine."""
        self.client.connect(OUTPUTS[0], self._port)

    def forget(self) -> None:
        """Drop the blocks kept so far."""
        self._ring.read(self._ring.read_space // self._size * self._size)

    def first_sound(self, after: int, threshold: float) -> int | None:
        """Return the frame of the first sample above `threshold` that follows the frame `after`."""
        end = time.monotonic() + LISTEN_SECONDS
        while time.monotonic() < end:
            while self._ring.read_space >= self._size:
                data = bytes(self._ring.read(self._size))
                frame = int.from_bytes(data[:4], "little")
                loud = np.flatnonzero(np.abs(np.frombuffer(data[4:], np.float32)) > threshold)
                if len(loud) and frame + loud[0] > after:
                    return frame + int(loud[0])
            time.sleep(0.002)
        return None

    def _process(self, frames: int) -> None:
        if self._ring.write_space >= self._size:
            frame = (self.client.last_frame_time & 0xFFFFFFFF).to_bytes(4, "little")
            self._ring.write(frame + bytes(self._port.get_buffer()))


def main() -> None:
    """Print one delay a line."""
    parser = argparse.ArgumentParser(description="delays from an OSC message to its sound")
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("change", choices=CHANGES)
    options = parser.parse_args()
    change, ear = CHANGES[options.change], Ear()
    on, off = packet(change.address, change.loud, 0.0), packet(change.address, change.silent, 0.0)
    rng, sender = np.random.default_rng(0), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with ear.client:
        ear.connect()
        for _ in range(options.count):
            sender.sendto(off, ("127.0.0.1", options.port))
            time.sleep(0.5 + 0.1 * rng.random())
            ear.forget()
            sent = ear.client.frame_time
            sender.sendto(on, ("127.0.0.1", options.port))
            heard = ear.first_sound(sent, change.threshold)
            if heard is not None:
                print(1e3 * (heard - sent) / ear.client.samplerate, flush=True)


if __name__ == "__main__":
    main()
