"""Open sockets for the servers, and explain why one cannot be opened."""

import contextlib
import errno
import os
import socket
from pathlib import Path

from distill_control.settings.addresses import LOOPBACK, LOOPBACK_IPV6, resolve
from distill_engine.errors import ControlError

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
_BACKLOG = 64  # TCP connections that wait to be accepted


def open_sockets(bind: str, port: int, protocol: str, *, label: str, option: str) -> list[socket.socket]:
    """Return the sockets for `bind`, as `open_socket` does.

    127.0.0.1 gets a second one at the same port of ::1 where the system has it, because clients may
    take `localhost` for either. Raises ControlError.
    """
    opened = [open_socket(bind, port, protocol, label=label, option=option)]
    if opened[0].getsockname()[0] == LOOPBACK:
        with contextlib.suppress(ControlError):
            port = opened[0].getsockname()[1]
            opened.append(open_socket(LOOPBACK_IPV6, port, protocol, label=label, option=option))
    return opened


def open_socket(bind: str, port: int, protocol: str, *, label: str, option: str) -> socket.socket:
    """Return a bound, non-blocking socket; `protocol` is udp or tcp (a TCP socket listens).

    `label` names the server in errors, `option` the command-line option that changes the port.

    Raises:
        ControlError: if the address is not one of this machine's, or the port cannot be opened.
            Names the program that holds the port, if it is known.
    """
    try:
        family, numeric = resolve(bind)
    except ControlError as error:
        raise ControlError(f"{error}; this machine has {_own_list()}") from None
    address = (numeric, port)
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    opened = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6 and address[0] == "::":
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if protocol == "tcp" and os.name == "posix":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if protocol == "udp":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        opened.bind(address)
        if protocol == "tcp":
            opened.listen(_BACKLOG)
        opened.setblocking(False)
    except OSError as error:
        opened.close()
        raise ControlError(_explain(error, bind, port, protocol, label, option)) from None
    return opened


def _explain(error: OSError, bind: str, port: int, protocol: str, label: str, option: str) -> str:
    where = f"{label} {protocol.upper()} port {port}"
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
        holder = port_holder(port, protocol)
        by = f" by {holder}" if holder else ""
        return f"{where} is in use{by}; end that program or choose another with {option}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--bind {bind} is not an address of this machine; it has {_own_list()}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{where} needs administrator rights; choose one above 1023 with {option}"
    return f"{where} cannot be opened: {error.strerror or error}"


def own_addresses() -> frozenset[str]:
    """Return the numeric addresses of this machine's interfaces."""
    import ifaddr

    found = set()
    for adapter in ifaddr.get_adapters():
        for address in adapter.ips:
            found.add(str(address.ip[0] if isinstance(address.ip, tuple) else address.ip))
    return frozenset(found)


def _own_list() -> str:
    return ", ".join(sorted(own_addresses(), key=lambda text: (":" in text, text))) or "none"


def port_holder(port: int, protocol: str) -> str | None:
    """Return `name (process 123)` of the program that holds a port; None if it is unknown."""
    inodes = _inodes(port, protocol)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if _sockets(process) & inodes:
            with contextlib.suppress(OSError):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return None


def _sockets(process: Path) -> set[str]:
    """Return the inodes of a process's sockets, as far as this user may read them."""
    found = set()
    with contextlib.suppress(OSError):
        for entry in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                kind, _, inode = os.readlink(entry).partition(":[")
                if kind == "socket":
                    found.add(inode.rstrip("]"))
    return found


def _inodes(port: int, protocol: str) -> set[str]:
    """Return the inodes of the sockets bound to a port, from the kernel's tables (Linux)."""
    found = set()
    for table in (f"/proc/net/{protocol}", f"/proc/net/{protocol}6"):
        for fields in _table(table):
            listening = protocol == "udp" or fields[3] == "0A"
            if listening and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _table(path: str) -> list[list[str]]:
    try:
        lines = Path(path).read_text().splitlines()[1:]
    except OSError:
        return []
    return [fields for fields in (line.split() for line in lines) if len(fields) > 9]


def datagrams_lost(opened: socket.socket) -> int | None:
    """Return the datagrams dropped because the socket's buffer was full; None if it is unknown."""
    try:
        inode = str(os.fstat(opened.fileno()).st_ino)
    except OSError:
        return None
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        for fields in _table(table):
            if fields[9] == inode:
                return int(fields[-1])
    return None
