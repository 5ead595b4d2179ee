"""The objects that all servers share: the UDP, TCP and OSCQuery servers get one `ServerContext`."""

from collections.abc import Callable
from dataclasses import dataclass

from distill_control.osc.clients import Clients
from distill_control.osc.limits import AllowList
from distill_control.osc.receiver import Receiver


@dataclass(frozen=True)
class ServerContext:
    """The receiver of packets, the known clients and the allow list.

    `refused(host)` is called for the first datagram or connection of a host that is not allowed,
    `closed(origin)` when a connection has closed.
    """

    receiver: Receiver
    clients: Clients
    allow: AllowList
    refused: Callable[[str], None]
    closed: Callable[[str], None]

    def admits(self, host: str) -> bool:
        """Return whether a host is allowed; count a refusal, and report a host's first one."""
        if self.allow.allows(host):
            return True
        if self.allow.count_refusal(host):
            self.refused(host)
        return False

    def connection_closed(self, origin: str) -> None:
        """Forget the client of a connection that has closed."""
        self.clients.forget(origin)
        self.closed(origin)
