"""Ports for what a test starts."""

from __future__ import annotations

import random
import socket

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 10_000, 32_000  # below the ports that the system gives to whoever asks for any


def free_ports(count: int = 2) -> int:
    """Return the first of `count` adjacent ports that nobody has, for UDP and for TCP.

    They are drawn by chance. A port that the system gave and that was closed again may be given to
    the next one who asks, so two such calls can return the same port.
    """
    for _ in range(200):
        first = random.SystemRandom().randrange(LOWEST, HIGHEST, count)
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise OSError("no free ports")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True
