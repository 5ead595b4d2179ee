"""Send width messages at a steady rate, then a last width and silence; print how many.

    python -m live_support.paced_sender PORT RATE SECONDS

The messages are packed by hand: encoding them would limit the rate.
"""

from __future__ import annotations

import argparse
import socket
import struct
import time

LAST_WIDTH = 0.625
SILENT_DB = -90.0
_WIDTH = b"/distill/width\0\0,f\0\0"
_GAIN = b"/distill/gain\0\0\0,f\0\0"


def main() -> None:
    """Send, then print the number of messages sent."""
    parser = argparse.ArgumentParser(description="send OSC messages at a steady rate")
    parser.add_argument("port", type=int)
    parser.add_argument("rate", type=int)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("127.0.0.1", options.port))
    begin, count = time.perf_counter(), 0
    while (now := time.perf_counter() - begin) < options.seconds:
        while count < now * options.rate:
            sender.send(_WIDTH + struct.pack(">f", count % 1000 / 1000))
            count += 1
        time.sleep(0.001)
    sender.send(_WIDTH + struct.pack(">f", LAST_WIDTH))
    sender.send(_GAIN + struct.pack(">f", SILENT_DB))
    print(count + 2)


if __name__ == "__main__":
    main()
