"""`distill send ADDRESS ARGS...`: send one message to a playing instrument."""

import argparse
import time
from typing import TYPE_CHECKING

from distill_control.cli.support.options import port_number, seconds
from distill_engine.errors import ControlError

if TYPE_CHECKING:
    from rich.console import Console

    from distill_control.osc.client import OscClient
    from distill_control.osc.packet import Message

WAIT_SECONDS = 5.0  # for the answer
CORRECTION_SECONDS = 0.1
"""Time after the pong in which a clipped value may still come back."""


def register(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser
) -> None:
    """Add the command `send`."""
    parser = subparsers.add_parser("send", parents=[common])
    parser.add_argument("address", nargs="?", metavar="ADDRESS", help="such as /distill/gain (or gain)")
    parser.add_argument("arguments", nargs="*", metavar="ARG", help="numbers, true, false or texts")
    parser.add_argument("--list", action="store_true", help="list every address and exit")
    add_connection(parser)
    parser.add_argument(
        "--wait",
        nargs="?",
        type=seconds(f"{WAIT_SECONDS:g}"),
        const=WAIT_SECONDS,
        default=WAIT_SECONDS,
        metavar="S",
        help=f"wait for the answer, S seconds at most (default {WAIT_SECONDS:g})",
    )
    parser.add_argument("--no-wait", action="store_const", const=None, dest="wait", help="send, and wait for nothing")
    parser.set_defaults(run=run)


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the instrument plays."""
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="HOST", help="computer that plays (default 127.0.0.1: this one)"
    )
    parser.add_argument("--port", type=port_number, default=9000, metavar="PORT", help="its OSC port (default 9000)")
    parser.add_argument("--tcp", action="store_true", help="use TCP instead of UDP")


def run(args: argparse.Namespace) -> int:
    """Send the message.

    Return 1 if the message was refused, else 0. Raises ControlError if nobody answers.
    """
    from distill_control.osc.client import OscClient
    from distill_control.osc.pattern import is_pattern
    from distill_engine.vocabulary import table as vocabulary

    if args.list:
        return list_addresses(args)
    if args.address is None:
        raise ControlError("ADDRESS is missing: `distill send --list` lists all of them")
    address = vocabulary.full_address(args.address)
    kind = "parameter" if is_pattern(address) else vocabulary.row(address).kind
    arguments = [parse(text) for text in args.arguments]
    with OscClient(args.host, args.port, tcp=args.tcp) as client:
        client.send(address, *arguments)
        answers = [] if args.wait is None else _wait(client, address, kind, args.wait)
    _show(args, address, answers)
    return 1 if any(answer.address == "/distill/error" for answer in answers) else 0


def parse(text: str) -> int | float | bool | str:
    """Return a word of the command line as an OSC argument."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _wait(client: "OscClient", address: str, kind: str, limit_seconds: float) -> list["Message"]:
    """Return the answers to a message of this kind sent to `address`.

    A ping follows the message: its pong shows that a message without acknowledgement has arrived.
    Raises ControlError if nothing answers within `limit_seconds`.
    """
    client.send("/distill/ping", address)
    deadline, acknowledged = time.monotonic() + limit_seconds, kind in ("setting", "command", "query")
    answers: list[Message] = []
    pong_came = False
    while (left := deadline - time.monotonic()) > 0:
        message = client.receive(left)
        if message is None:
            break
        if message.address == "/distill/pong" and message.arguments == (address,):
            pong_came = True
            if not acknowledged:
                deadline = min(deadline, time.monotonic() + CORRECTION_SECONDS)
            continue
        answers.append(message)
        if kind == "command" and message.address == address:
            continue  # limited arguments come back before the outcome
        if message.address in ("/distill/done", "/distill/error") or message.address.startswith(address):
            return answers
        if address == "/distill/ping":
            return answers
    if not pong_came:
        raise ControlError(f"{address}: no answer within {limit_seconds:g} s; is distill-engine running there?")
    if acknowledged and address != "/distill/ping":
        raise ControlError(f"{address}: taken, and not done within {limit_seconds:g} s; give a longer --wait")
    return answers


def _show(args: argparse.Namespace, address: str, answers: list["Message"]) -> None:
    """Print the answers, one a line, or as JSON."""
    from distill_control.cli.support.output import emit

    def show(console: "Console") -> None:
        for answer in answers:
            console.print(" ".join([answer.address, *map(format_argument, answer.arguments)]), markup=False)

    data = [{"address": answer.address, "arguments": list(answer.arguments)} for answer in answers]
    emit(args, {"sent": address, "answers": data}, show)


def format_argument(argument: object) -> str:
    """Return an OSC argument as text that is safe to show; floats with six digits."""
    from distill_engine.system.names import printable_line

    return f"{argument:.6g}" if isinstance(argument, float) else printable_line(str(argument))


def list_addresses(args: argparse.Namespace) -> int:
    """Print every address of the vocabulary; return exit code 0."""
    from distill_control.arguments.checking import usage
    from distill_control.cli.support.output import emit
    from distill_engine.vocabulary.table import ROWS

    def show(console: "Console") -> None:
        from rich.table import Column, Table

        address = Column("address", no_wrap=True, min_width=max(len(row.address) for row in ROWS))
        table = Table(address, "arguments", "range", "meaning", box=None, pad_edge=False)
        for row in ROWS:
            bounds = f"{row.minimum:g} to {row.maximum:g} {row.unit}" if row.maximum is not None else ""
            table.add_row(row.address, usage(row), bounds.strip(), row.description)
        console.print(table)

    rows = [
        {
            "address": row.address,
            "kind": row.kind,
            "arguments": usage(row),
            "minimum": row.minimum,
            "maximum": row.maximum,
            "unit": row.unit,
            "default": row.default,
            "description": row.description,
        }
        for row in ROWS
    ]
    emit(args, rows, show)
    return 0
