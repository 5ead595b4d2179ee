"""Zeroconf (mDNS) announcements, so that clients find the engine.

Failures are reported, never fatal.
"""

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from distill_control.settings.addresses import is_everywhere, resolve

if TYPE_CHECKING:
    from zeroconf import Zeroconf


class Discovery:
    """Announce `_osc._udp` and `_oscjson._tcp` from a thread of its own."""

    def __init__(
        self, name: str, bind: str, osc_port: int | None, oscquery_port: int | None, notify: Callable[[str, str], None]
    ) -> None:
        self._name = name
        self._bind = bind
        self._ports = {"_osc._udp.local.": osc_port, "_oscjson._tcp.local.": oscquery_port}
        self._notify = notify
        self._zeroconf: Zeroconf | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._announce, name="discovery", daemon=True)
        self.announced = 0

    def start(self) -> None:
        """Start announcing; return at once."""
        self._thread.start()

    def stop(self) -> None:
        """Withdraw the announcements; return after two seconds at most."""
        self._stopped.set()
        self._thread.join(timeout=1.0)
        if self._zeroconf is not None and not self._thread.is_alive():
            closing = threading.Thread(target=self._zeroconf.close, daemon=True)
            closing.start()
            closing.join(timeout=1.0)

    def _announce(self) -> None:
        if self._stopped.wait(0.5):
            return
        try:
            self._register()
        except Exception as error:
            self._notify(
                "info", f"not announced on the network ({error or type(error).__name__}); enter the port in each client"
            )

    def _register(self) -> None:
        from zeroconf import InterfaceChoice, ServiceInfo, Zeroconf

        all_interfaces, numeric = is_everywhere(self._bind), resolve(self._bind)[1]
        self._zeroconf = Zeroconf(interfaces=InterfaceChoice.Default if all_interfaces else [numeric])
        addresses = _network_addresses() if all_interfaces else [numeric]
        for kind, port in self._ports.items():
            if port and not self._stopped.is_set():
                info = ServiceInfo(
                    kind,
                    f"{self._name}.{kind}",
                    parsed_addresses=addresses,
                    port=port,
                    server=f"{socket.gethostname().partition('.')[0] or 'distill'}.local.",
                )
                self._zeroconf.register_service(info, allow_name_change=True)
                self.announced += 1


def _network_addresses() -> list[str]:
    from distill_control.osc.ports import own_addresses

    found = sorted(address for address in own_addresses() if ":" not in address and not address.startswith("127."))
    return found or ["127.0.0.1"]
