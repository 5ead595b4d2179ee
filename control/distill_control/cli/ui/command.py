"""The command `distill ui`: serve the workshop, with an engine beside it."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.options import integer_in
from distill_engine.errors import ConfigError
from distill_engine.system.signals import ending_signals

if TYPE_CHECKING:
    import socket

    from distill_control.workshop.guard import Guard
    from distill_control.workshop.workshop import Workshop

NEEDED = ("fcntl", "starlette", "uvicorn")
WAYS = "install distill-audio anew; Windows has no fcntl, the workshop runs on Linux and macOS"
PORT_LIMIT = 65535
STOP_SECONDS = 10.0  # for the engine to end
CONNECT_SECONDS = 0.3  # to find out whether an engine listens


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `ui`."""
    ui = subparsers.add_parser(
        "ui",
        parents=[common],
        description="Serve the workshop's pages on this machine, start an engine if none plays, and open a browser. "
        "Jobs that it has started go on when it ends; the next one finds them.",
    )
    ui.add_argument("model", nargs="?", metavar="MODEL", help="model that a started engine plays")
    port = integer_in(0, PORT_LIMIT, "a port")
    ui.add_argument("--port", type=port, default=9003, metavar="PORT", help="HTTP port (default 9003)")
    ui.add_argument("--engine-port", type=port, default=9001, metavar="PORT", help="the engine's OSCQuery port (9001)")
    ui.add_argument(
        "--bind", default="127.0.0.1", metavar="ADDR", help="address to listen on (default 127.0.0.1: this machine)"
    )
    ui.add_argument("--allow", action="append", default=[], metavar="ADDR", help="address or network that may use it")
    ui.add_argument("--no-browser", action="store_true", help="open no browser")
    ui.add_argument("--no-engine", action="store_true", help="start no engine")
    ui.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `distill ui` until it is stopped. Raises DistillError."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ConfigError(f"the workshop needs {' and '.join(missing)}, which this Python lacks: {WAYS}")
    from distill_control.cli.support.output import emit
    from distill_control.osc.limits import AllowList
    from distill_control.osc.ports import open_sockets, own_addresses
    from distill_control.settings import ControlSettings
    from distill_control.settings.addresses import is_everywhere, is_loopback
    from distill_control.web.access import PageToken, page_address
    from distill_control.workshop.app import make_app
    from distill_control.workshop.workshop import Commands, Workshop

    if is_everywhere(args.bind) and not args.allow:
        raise ConfigError(
            f"--bind {args.bind} opens the workshop to the network: name who may use it with --allow ADDR"
        )
    networks = ControlSettings(allow=tuple(args.allow)).networks()
    local = is_loopback(args.bind)
    sockets = open_sockets(args.bind, args.port, "tcp", label="workshop", option="--port")
    address = page_address(args.bind, sockets[0].getsockname()[1], "/")
    commands = Commands(
        (sys.executable, "-m", "distill_control.cli.main"), (sys.executable, "-m", "distill_control.cli.ui.child")
    )
    workshop = Workshop(commands, args.engine_port)
    app = make_app(
        workshop,
        AllowList(networks, frozenset() if local else own_addresses()),
        None if local else PageToken.of_library(),
        args.bind,
    )
    with _engine(args):
        emit(
            args, {"url": address}, lambda console: console.print(f"workshop: {address}   to end: Ctrl-C", markup=False)
        )
        if not args.no_browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            _serve(app, workshop, sockets)
    return 0


def _serve(app: Guard, workshop: Workshop, sockets: list[socket.socket]) -> None:
    """Serve until a signal asks for the end; the second one ends the process."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:  # uvicorn's own leave SIGHUP out
            with ending_signals(self._end):
                yield

        def _end(self, number: int) -> None:
            workshop.closing = True  # ends the streams, which would keep the server open
            self.should_exit = True

    config = uvicorn.Config(
        app, log_config=None, log_level="critical", access_log=False, server_header=False, timeout_graceful_shutdown=2,
        ws="none", lifespan="on",
    )  # fmt: skip
    Server(config).run(sockets=sockets)


@contextlib.contextmanager
def _engine(args: argparse.Namespace) -> Iterator[None]:
    """Start an engine unless one listens already or none is wanted; it ends with the block."""
    if args.no_engine or _listens(args.engine_port):
        yield
        return
    words = [sys.executable, "-m", "distill_control.cli.engine", "--quiet", "--oscquery-port", str(args.engine_port)]
    process = subprocess.Popen([*words, *([args.model] if args.model else [])], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


def _listens(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
