"""Resolve and classify the address that the ports listen on, in any spelling."""

import ipaddress
import socket

from distill_engine.errors import ControlError

LOOPBACK, LOOPBACK_IPV6 = "127.0.0.1", "::1"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolve(bind: str) -> tuple[socket.AddressFamily, str]:
    """Return the family and the numeric address of `bind`.

    `bind` is a host name or any spelling that the system accepts ("0", "127.1", "::").

    Raises:
        ControlError: if `bind` has no address.
    """
    try:
        found = socket.getaddrinfo(bind, 0, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ControlError(f"--bind {bind}: no such address") from None
    family, _, _, _, address = found[0]
    return family, str(address[0])


def is_loopback(bind: str) -> bool:
    """Return whether only this machine can reach `bind`; False if it is not an address."""
    address = _numeric(bind)
    return address is not None and address.is_loopback


def is_everywhere(bind: str) -> bool:
    """Return whether `bind` means every address of this machine.

    That is 0.0.0.0, 0, ::, ::ffff:0.0.0.0 or empty text.
    """
    address = _numeric(bind)
    return not bind.strip() or (address is not None and address.is_unspecified)


def _numeric(bind: str) -> Address | None:
    try:
        address: Address = ipaddress.ip_address(resolve(bind)[1].partition("%")[0])
    except (ControlError, ValueError):
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
