"""The allow list of hosts, and a rate limiter."""

import ipaddress
from collections.abc import Callable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CACHE_LIMIT = 1024
"""Hosts whose decision is kept."""
_REFUSED_HOST_LIMIT = 64
"""Hosts whose refusals are counted one by one."""


class AllowList:
    """Accept this machine and the given networks; count the refusals of other hosts.

    `own_addresses` are the numeric addresses of this machine's interfaces; loopback needs none.
    """

    def __init__(self, networks: Sequence[Network], own_addresses: frozenset[str] = frozenset()) -> None:
        self._networks = tuple(networks)
        self._own = own_addresses
        self._known: dict[str, bool] = {}
        self.refused = 0
        self.refused_hosts: dict[str, int] = {}

    def allows(self, host: str) -> bool:
        """Return whether a host (a numeric address) is accepted."""
        known = self._known.get(host)
        if known is None:
            known = self._decide(host)
            if len(self._known) >= _CACHE_LIMIT:
                self._known.clear()
            self._known[host] = known
        return known

    def count_refusal(self, host: str) -> bool:
        """Count a refused datagram or connection; return True for a host's first (of 64 hosts)."""
        self.refused += 1
        first = host not in self.refused_hosts
        if first and len(self.refused_hosts) >= _REFUSED_HOST_LIMIT:
            return False
        self.refused_hosts[host] = self.refused_hosts.get(host, 0) + 1
        return first

    def _decide(self, host: str) -> bool:
        try:
            address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        own = address.is_loopback or str(address) in self._own
        return own or any(address in network for network in self._networks)


class TokenBucket:
    """A rate limiter: `rate` events per second pass, up to `burst` of them at once.

    `held_back` counts the events refused since the last call of `release`, `held_back_total` all of
    them. `clock` returns seconds. Work whose cost is known only afterwards asks `open` and then
    gives `charge` its cost, which may exceed what is left.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._last = clock()
        self.held_back = 0
        self.held_back_total = 0

    def take(self) -> bool:
        """Return whether one more event may pass now."""
        self._refill()
        if self._tokens < 1.0:
            self.held_back += 1
            self.held_back_total += 1
            return False
        self._tokens -= 1.0
        return True

    def open(self, kept: float = 0.0) -> bool:
        """Return whether anything is left beyond what is kept for others."""
        self._refill()
        return self._tokens > kept

    def charge(self, cost: float) -> None:
        """Take the cost of something that has passed."""
        self._tokens -= cost

    def release(self) -> int:
        """Return `held_back` and reset it."""
        held_back, self.held_back = self.held_back, 0
        return held_back

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate)
        self._last = now
