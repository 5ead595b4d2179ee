"""Wait for an engine's port, connect, and print the Unix time of the first sample that is not 0."""

from __future__ import annotations

import time

import jack
import numpy as np

from live_support.engine_process import OUTPUTS

WAIT_SECONDS = 30.0


def main() -> None:
    """Print "watching" once the client runs, then the time, or NaN if nothing sounds."""
    client = jack.Client("watcher", no_start_server=True)
    port = client.inports.register("in")
    found: list[float] = []

    @client.set_process_callback
    def process(frames: int) -> None:
        if not found and np.frombuffer(port.get_buffer(), np.float32).any():
            found.append(time.time())

    with client:
        print("watching", flush=True)
        while not client.get_ports(OUTPUTS[0]):
            time.sleep(0.002)
        client.connect(OUTPUTS[0], port)
        end = time.monotonic() + WAIT_SECONDS
        while not found and time.monotonic() < end:
            time.sleep(0.01)
    print(found[0] if found else float("nan"), flush=True)


if __name__ == "__main__":
    main()
