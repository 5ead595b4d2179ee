"""Which web pages may ask this machine's servers: no foreign ones, and no rebound names."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit


def is_ours(hosts: Sequence[str], origins: Sequence[str], allows: Callable[[str], bool], bind: str) -> bool:
    """Return whether a request may come from a local program or page.

    `hosts` and `origins` are the values of its headers Host and Origin. Origin shows the page that
    a browser's request comes from (`null` if the browser hides it); other programs send none. A
    Host with a name that is not this machine's shows DNS rebinding: a page elsewhere whose name has
    been pointed at this address. `allows(host)` says whether a host is on the allow list; `bind` is
    the address or name that the user has opened.
    """
    names = [_host_name(f"//{value}") for value in hosts if value]
    pages = [_host_name(value) for value in origins if value]
    return all(_is_own(name, bind) for name in names) and all(
        page in names or _is_loopback_name(page) or allows(page) for page in pages
    )


def _host_name(url: str) -> str:
    """Return the host in a URL, without the dot that may end a name; empty if there is none."""
    try:
        return (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_own(name: str, bind: str) -> bool:
    """Return whether a host is a numeric address or a name of this machine.

    No name is looked up: what a foreign name stands for is decided by whoever owns it. The name
    of this machine counts alone and under `.local`, where multicast DNS keeps it unique.
    """
    own = socket.gethostname().lower()
    names = {own, f"{own.partition('.')[0]}.local", own.partition(".")[0], bind.lower()} - {""}
    return name in names or _is_loopback_name(name) or _is_address(name)


def _is_loopback_name(name: str) -> bool:
    """Return whether browsers resolve a name to this machine without asking anyone."""
    return name == "localhost" or name.endswith(".localhost")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
