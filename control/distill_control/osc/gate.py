"""Who may come in: what every server of the control process shares."""

from collections.abc import Callable
from dataclasses import dataclass

from distill_control.osc.clients import Clients
from distill_control.osc.limits import AllowList
from distill_control.osc.receiver import Receiver


@dataclass(frozen=True)
class Gate:
    """Packets go to `receiver`, their senders are among `clients`.

    `refused(host)` is called with the host of the first of those datagrams or connections that are not heard, `closed(origin)` when
    a connection has ended.
    """

    receiver: Receiver
    clients: Clients
    allow: AllowList
    refused: Callable[[str], None]
    closed: Callable[[str], None]

    def admits(self, host: str) -> bool:
        """Whether a host is heard; one that is not is counted, and told about the first time."""
        if self.allow.allows(host):
            return True
        if self.allow.drop(host):
            self.refused(host)
        return False

    def ended(self, origin: str) -> None:
        """A connection has ended: its client is forgotten."""
        self.clients.forget(origin)
        self.closed(origin)
