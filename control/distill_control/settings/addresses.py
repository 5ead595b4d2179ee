"""What an address to listen on means, however it is spelled."""

import ipaddress
import socket

from distill_engine.errors import ControlError

LOOPBACK = "127.0.0.1"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolve(bind: str) -> tuple[socket.AddressFamily, str]:
    """Return the family and the numeric address of `bind`: a name, or any spelling that the system takes ("0", "127.1", "::").

    Raises ControlError where there is none.
    """
    try:
        found = socket.getaddrinfo(bind, 0, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ControlError(f"--bind {bind}: no such address") from None
    family, _, _, _, address = found[0]
    return family, str(address[0])


def is_loopback(bind: str) -> bool:
    """Return whether only this machine can reach `bind`; False for what is no address."""
    address = _numeric(bind)
    return address is not None and address.is_loopback


def is_everywhere(bind: str) -> bool:
    """Return whether `bind` means all addresses of this machine, in any spelling: 0.0.0.0, 0, ::, ::ffff:0.0.0.0, the empty text."""
    address = _numeric(bind)
    return not bind.strip() or (address is not None and address.is_unspecified)


def _numeric(bind: str) -> Address | None:
    try:
        address: Address = ipaddress.ip_address(resolve(bind)[1].partition("%")[0])
    except (ControlError, ValueError):
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
