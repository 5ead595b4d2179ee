"""Send attacks into the engine's input and print the delays until they are heard, in ms.

    python -m live_support.echo_listener COUNT

An attack is noise that dies within a tenth of a second. It counts as heard where the output has
half of its peak.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from live_support.messages import SETTLED_SECONDS
from live_support.osc_listener import BEFORE_SECONDS, Ear

LEVEL, DECAY_SECONDS, LENGTH_SECONDS = 0.5, 0.02, 0.1
LEAST_RISE = 4.0
"""Of the peak after an attack above the highest level before it, for it to count."""


class Source(Ear):
    """An ear that also plays attacks into the engine."""

    def __init__(self) -> None:
        super().__init__()
        self._out = self.client.outports.register("out")
        count = round(LENGTH_SECONDS * self.client.samplerate)
        noise = np.random.default_rng(0).uniform(-LEVEL, LEVEL, count)
        self._attack = (noise * np.exp(-np.arange(count) / (DECAY_SECONDS * self.client.samplerate))).astype(np.float32)
        self._left = self._attack[:0]
        self.began: int | None = None
        self._asked = False

    def connect(self) -> None:
        """Connect both ways."""
        super().connect()
        for port in self.client.get_ports("PortAudio.*", is_input=True, is_audio=True):
            self.client.connect(self._out, port)

    def strike(self) -> None:
        """Play one attack from the next block on; `began` is its first frame."""
        self.began, self._asked = None, True

    def _process(self, frames: int) -> None:
        if self._asked:
            self._asked, self._left = False, self._attack
            self.began = self.client.last_frame_time
        out = np.zeros(frames, np.float32)
        part, self._left = self._left[:frames], self._left[frames:]
        out[: len(part)] = part
        self._out.get_array()[:] = out
        super()._process(frames)


def delay_ms(source: Source) -> float | None:
    """Play one attack; return the delay until half of its peak is heard, None if it was not."""
    source.forget()
    time.sleep(BEFORE_SECONDS)
    source.strike()
    time.sleep(SETTLED_SECONDS)
    first, samples = source.heard()
    assert source.began is not None
    at, level = (source.began - first) & 0xFFFFFFFF, np.abs(samples)
    after = level[at:]
    if after.max() < LEAST_RISE * level[:at].max():
        return None
    return 1e3 * int(np.argmax(after >= after.max() / 2)) / source.client.samplerate


def main() -> None:
    """Print one delay a line."""
    parser = argparse.ArgumentParser(description="delays from an attack at the input to the output")
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    rng, source = np.random.default_rng(0), Source()
    with source.client:
        source.connect()
        for _ in range(options.count):
            time.sleep(0.3 + 0.1 * rng.random())
            delay = delay_ms(source)
            if delay is not None:
                print(delay, flush=True)


if __name__ == "__main__":
    main()
