"""`distill monitor`: print every change of a playing instrument as it happens."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from distill_control.cli.send import add_connection, format_argument
from distill_control.cli.support.options import seconds
from distill_engine.errors import ControlError

if TYPE_CHECKING:
    from distill_control.osc.client import OscClient
    from distill_control.osc.packet import Message

RENEW_SECONDS = 10.0
"""Time between pings, which keep the subscription alive."""
ANSWER_SECONDS = 2.0
"""Time after a ping in which the instrument must send something."""


def register(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser
) -> None:
    """Add the command `monitor`."""
    parser = subparsers.add_parser("monitor", parents=[common])
    parser.add_argument(
        "pattern", nargs="*", metavar="PATTERN", help="addresses to show, such as /distill/control/* (all)"
    )
    add_connection(parser)
    parser.add_argument("--seconds", type=seconds("10"), metavar="S", help="end after S seconds")
    parser.add_argument("--levels", action="store_true", help="show the level meter's messages too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Subscribe and print until Ctrl-C, or until --seconds are over. Raises ControlError."""
    from distill_control.osc.client import OscClient
    from distill_control.osc.pattern import match

    end = time.monotonic() + args.seconds if args.seconds is not None else float("inf")
    with OscClient(args.host, args.port, tcp=args.tcp) as client:
        try:
            for message in _messages(client, end):
                wanted = not args.pattern or any(match(pattern, [message.address]) for pattern in args.pattern)
                if wanted and (args.levels or message.address != "/distill/level"):
                    _print(args, message)
        except KeyboardInterrupt:
            return 0
        finally:
            try:
                client.send("/distill/unsubscribe")
            except ControlError:
                return 1
    return 0


def _messages(client: "OscClient", end: float) -> Iterator["Message"]:
    """Yield messages until `end`, an instant of `time.monotonic`.

    Regular pings keep the subscription alive. Raises ControlError if one is not answered in
    ANSWER_SECONDS.
    """
    client.send("/distill/subscribe")
    last_message = last_ping = time.monotonic()
    while (now := time.monotonic()) < end:
        if now - last_ping >= RENEW_SECONDS:
            client.send("/distill/ping", "monitor")
            last_ping = now
        message = client.receive(min(0.25, max(0.0, end - now)))
        if message is None:
            if now - max(last_ping, last_message) > ANSWER_SECONDS and last_message <= last_ping:
                raise ControlError("the instrument does not answer; is distill-engine running there?")
            continue
        last_message = time.monotonic()
        if message.address != "/distill/pong" and message.arguments != ("/distill/subscribe",):
            yield message


def _print(args: argparse.Namespace, message: "Message") -> None:
    """Print one message with the local time, as text or as a line of JSON."""
    now = datetime.now()
    if args.json:
        line = json.dumps({"time": now.isoformat(), "address": message.address, "arguments": list(message.arguments)})
    else:
        words = [
            now.strftime("%H:%M:%S.%f")[:-3],
            format_argument(message.address),
            *map(format_argument, message.arguments),
        ]
        line = " ".join(words)
    print(line, flush=True, file=sys.stdout)
