"""Steer a playing engine: ask what it plays, move a control, and listen to what comes back.

    distill-engine &
    python examples/steer_over_osc.py --control brightness

Any program that sends OSC over UDP can do the same; in Python the package python-osc can. This one uses Distill's client.
"""

import argparse
import math
import time

from distill_control.osc.client import OscClient


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9000, help="the engine's OSC port")
    parser.add_argument("--control", default="brightness", help="the control to move")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long")
    args = parser.parse_args()

    with OscClient(port=args.port) as engine:
        engine.send("/distill/status")
        status = answer(engine, "/distill/status.reply")
        figures = dict(zip(status[::2], status[1::2], strict=True))  # name, value, name, value ...
        print(f"latency {figures['latency_ms']:.0f} ms, {figures['underruns']:.0f} underruns")

        address = f"/distill/control/{args.control}"
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < args.seconds:
            value = math.sin(2.0 * math.pi * elapsed / 4.0)  # up and down within four seconds
            engine.send(address, value, 0.05)  # the second argument: get there within 0.05 s
            time.sleep(0.05)
        engine.send(address, 0.0, 1.0)  # back to the middle within a second

        engine.send("/distill/ping", "done")  # the answer shows that everything before has arrived
        answer(engine, "/distill/pong")
        print(f"moved {args.control} for {args.seconds:g} s")


def answer(engine: OscClient, address: str, seconds: float = 3.0) -> tuple:
    """Return the arguments of the next message to `address`; stop with the reason where the engine refuses or is silent."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        message = engine.receive(left)
        if message is not None and message.address == "/distill/error":
            raise SystemExit(f"refused: {message.arguments[1]}")
        if message is not None and message.address == address:
            return message.arguments
    raise SystemExit("the engine does not answer: is distill-engine running?")


if __name__ == "__main__":
    main()
