"""Which web pages may ask this machine's servers: no foreign ones, and no rebound names."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit


def is_ours(hosts: Sequence[str], origins: Sequence[str], allows: Callable[[str], bool]) -> bool:
    """Return whether a request may come from a local program or page.

    `hosts` and `origins` are the values of its headers Host and Origin. Origin shows the page that
    a browser's request comes from (`null` if the browser hides it); other programs send none. A
    Host with a public name shows DNS rebinding: a page elsewhere whose name has been pointed at
    this address. `allows(host)` says whether a host is on the allow list.
    """
    names = [_host_name(f"//{value}") for value in hosts if value]
    pages = [_host_name(value) for value in origins if value]
    return all(map(_is_local, names)) and all(_page_is_ours(page, names, allows) for page in pages)


def _page_is_ours(page: str, hosts: Sequence[str], allows: Callable[[str], bool]) -> bool:
    """Return whether pages from host `page` may send requests.

    Pages from this machine may, under any of its names, and those from hosts on the allow list.
    """
    if page == "localhost" or page.endswith(".localhost") or allows(page):
        return True
    return page in hosts and (_is_address(page) or page.removesuffix(".local") == _own_name())


def _host_name(url: str) -> str:
    """Return the host in a URL; empty if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _own_name() -> str:
    return socket.gethostname().partition(".")[0].lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_local(name: str) -> bool:
    """Return whether a host is a numeric address or a name of the local network."""
    return _is_address(name) or name.endswith((".local", ".localhost")) or ("." not in name and name != "")
