"""Who may speak, and how often they are answered."""

import ipaddress
from collections.abc import Callable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CACHE_LIMIT = 1024


class AllowList:
    """Hosts that are heard: this machine, and the networks given. Others are counted by host."""

    def __init__(self, networks: Sequence[Network], own_addresses: frozenset[str] = frozenset()) -> None:
        self._networks = tuple(networks)
        self._own = own_addresses
        self._known: dict[str, bool] = {}
        self.dropped = 0
        self.dropped_hosts: dict[str, int] = {}

    def allows(self, host: str) -> bool:
        """Whether a host (a numeric address) is heard."""
        known = self._known.get(host)
        if known is None:
            known = self._decide(host)
            if len(self._known) >= _CACHE_LIMIT:
                self._known.clear()
            self._known[host] = known
        return known

    def drop(self, host: str) -> bool:
        """Counts something that came from a host that is not heard; True the first time."""
        self.dropped += 1
        first = host not in self.dropped_hosts
        if first and len(self.dropped_hosts) >= 64:
            return False
        self.dropped_hosts[host] = self.dropped_hosts.get(host, 0) + 1
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
    """Lets `rate` things a second pass, `burst` at once; counts what it held back since the last one that passed."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._last = clock()
        self.held_back = 0
        self.held_back_total = 0

    def take(self) -> bool:
        """Whether one more may pass now."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate)
        self._last = now
        if self._tokens < 1.0:
            self.held_back += 1
            self.held_back_total += 1
            return False
        self._tokens -= 1.0
        return True

    def release(self) -> int:
        """How many were held back before the one that passes now."""
        held_back, self.held_back = self.held_back, 0
        return held_back
