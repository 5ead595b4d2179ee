"""Change something at random moments and print the delays until it is heard, in ms.

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
from live_support.messages import CHANGES, Change

BEFORE_SECONDS, AFTER_SECONDS = 0.15, 0.7
"""Sound that is looked at before and after the message."""


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

    def heard(self) -> tuple[int, np.ndarray]:
        """Return the frame of the first block kept, and the samples [n] from there on."""
        blocks = []
        while self._ring.read_space >= self._size:
            blocks.append(bytes(self._ring.read(self._size)))
        samples = np.concatenate([np.frombuffer(block[4:], np.float32) for block in blocks])
        return int.from_bytes(blocks[0][:4], "little"), samples

    def _process(self, frames: int) -> None:
        if self._ring.write_space >= self._size:
            frame = (self.client.last_frame_time & 0xFFFFFFFF).to_bytes(4, "little")
            self._ring.write(frame + bytes(self._port.get_buffer()))


def delay_ms(ear: Ear, change: Change, send: socket.socket, pause_seconds: float) -> float | None:
    """Send a change; return the delay until it is heard, None if it was not."""
    for message in change.off:
        send.send(message)
    time.sleep(0.5 + pause_seconds)
    ear.forget()
    time.sleep(BEFORE_SECONDS)
    sent = ear.client.frame_time
    send.send(change.on)
    time.sleep(AFTER_SECONDS)
    first, samples = ear.heard()
    rate = ear.client.samplerate
    found = change.heard(samples, (sent - first) & 0xFFFFFFFF, rate)
    return None if found is None else 1e3 * (first + found - sent) / rate


def main() -> None:
    """Print one delay a line."""
    parser = argparse.ArgumentParser(description="delays from an OSC message to its sound")
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("change", choices=CHANGES)
    options = parser.parse_args()
    change, ear = CHANGES[options.change], Ear()
    rng, send = np.random.default_rng(0), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    send.connect(("127.0.0.1", options.port))
    for message in change.first:
        send.send(message)
        time.sleep(0.2)
    with ear.client:
        ear.connect()
        for _ in range(options.count):
            delay = delay_ms(ear, change, send, 0.1 * rng.random())
            if delay is not None:
                print(delay, flush=True)


if __name__ == "__main__":
    main()
