"""The OSC service of the control process: UDP, TCP, OSCQuery and Zeroconf."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from distill_control.arguments import Value
from distill_control.osc.clients import Clients
from distill_control.osc.discovery import Discovery
from distill_control.osc.limits import AllowList
from distill_control.osc.packet import encode
from distill_control.osc.ports import open_sockets, own_addresses
from distill_control.osc.queries import SubscriptionQueries
from distill_control.osc.query_server.service import OscQueryService
from distill_control.osc.receiver import Receiver
from distill_control.osc.server import TcpServer, UdpServer
from distill_control.osc.server_context import ServerContext
from distill_control.session import Session
from distill_control.session.service import Notify
from distill_control.settings import ControlSettings
from distill_control.settings.addresses import is_loopback
from distill_engine.errors import ControlError

RETRY_SECONDS = 2.0
FREE_PORT_ATTEMPTS = 20  # ports tried until one is free for UDP and TCP


async def start(session: Session, settings: ControlSettings, notify: Notify) -> "OscService":
    """Open the ports that the settings name.

    Raises:
        ControlError: if a port cannot be opened, except with `retry_ports`.
    """
    service = OscService(session, settings, notify)
    try:
        await service.open()
    except ControlError:
        await service.stop()
        raise
    return service


class OscService:
    """The UDP, TCP and OSCQuery servers, which share one `ServerContext`."""

    def __init__(self, session: Session, settings: ControlSettings, notify: Notify) -> None:
        self.session = session
        self.settings = settings
        self.notify = notify
        self.allow = AllowList(settings.networks(), frozenset() if is_loopback(settings.bind) else own_addresses())
        self.clients = Clients(settings.errors_per_second)
        self.receiver = Receiver(session, settings, asyncio.get_running_loop())
        self.queries = SubscriptionQueries(session, self.clients, settings.client_timeout_seconds, notify)
        self.context = ServerContext(self.receiver, self.clients, self.allow, self._refused, self.queries.closed)
        self.udp: UdpServer | None = None
        self.tcp: TcpServer | None = None
        self.oscquery: OscQueryService | None = None
        self.discovery: Discovery | None = None
        self._retries: set[asyncio.Task[None]] = set()
        session.on_tick(self.queries.tick)
        self._loop = asyncio.get_running_loop()
        session.on_broadcast(self._broadcast)

    async def open(self) -> None:
        """Open the ports that the settings name. Raises ControlError."""
        if not is_loopback(self.settings.bind) and not self.settings.allow:
            self.notify(
                "warning", f"--bind {self.settings.bind} without --allow: messages from other machines are dropped"
            )
        if self.settings.osc_port == 0:
            await self._open_free()
        elif self.settings.osc_port is not None:
            await self._open_or_retry(self._open_udp)
            await self._open_or_retry(self._open_tcp)
        if self.settings.oscquery_port is not None:
            await self._open_or_retry(self._open_oscquery)
        if self.settings.announced:
            self.notify("info", "announced by zeroconf: UDP port 5353 is open on all interfaces")
            ports = (self.udp.port if self.udp else None, self.oscquery.port if self.oscquery else None)
            self.discovery = Discovery(self.settings.name, self.settings.bind, *ports, self.notify)
            self.discovery.start()

    async def stop(self) -> None:
        """Close every port."""
        for task in list(self._retries):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self.discovery is not None:
            await asyncio.to_thread(self.discovery.stop)
        self.receiver.stop()
        if self.oscquery is not None:
            await self.oscquery.stop()
        if self.udp is not None:
            self.udp.close()
        if self.tcp is not None:
            await self.tcp.close()

    def status(self) -> dict[str, float | int | str]:
        """Return the ports and the counters of packets."""
        figures: dict[str, float | int | str] = {
            "osc_packets": self.receiver.packets,
            "osc_malformed": self.receiver.malformed,
            "osc_echoed": self.receiver.echoed,
            "osc_refused": self.allow.refused,
            "osc_scheduled": self.receiver.waiting,
            "osc_clients": len(self.clients),
        }
        if self.udp is not None:
            figures |= {"osc_port": self.udp.port, "osc_lost": self.udp.lost(), "osc_unsent": self.udp.unsent}
        if self.oscquery is not None:
            figures["oscquery_port"] = self.oscquery.port
        return figures

    async def _open_or_retry(self, opener: Callable[[], Awaitable[None]]) -> None:
        """Open a port; with `retry_ports`, try again every two seconds until it opens."""
        try:
            await opener()
        except ControlError as error:
            if not self.settings.retry_ports:
                raise
            self.notify("error", f"{error} (trying again)")
            task = asyncio.get_running_loop().create_task(self._retry(opener))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)

    async def _retry(self, opener: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            with contextlib.suppress(ControlError):
                await opener()
                return

    async def _open_free(self) -> None:
        """Open UDP and TCP on one port, which the system chooses: free for UDP, tried for TCP."""
        for attempt in range(1, FREE_PORT_ATTEMPTS + 1):
            await self._open_udp()
            try:
                await self._open_tcp()
                return
            except ControlError:
                if self.udp is None or attempt == FREE_PORT_ATTEMPTS:
                    raise
                self.udp.close()

    async def _open_udp(self) -> None:
        port = self.settings.osc_port or 0
        opened = open_sockets(self.settings.bind, port, "udp", label="OSC", option="--osc-port")
        self.udp = UdpServer(opened, self.context)
        self.queries.send_to = self.udp.send_to
        self.notify("info", f"OSC on udp {self.settings.bind}:{self.udp.port}")

    async def _open_tcp(self) -> None:
        port = self.settings.osc_port or (self.udp.port if self.udp else 0)
        opened = open_sockets(self.settings.bind, port, "tcp", label="OSC", option="--osc-port")
        self.tcp = await TcpServer.start(opened, self.context)
        self.notify("info", f"OSC on tcp {self.settings.bind}:{self.tcp.port}")

    async def _open_oscquery(self) -> None:
        osc_port = self.udp.port if self.udp else self.settings.osc_port or 0
        oscquery = OscQueryService(self.session, self.settings, self.context, osc_port)
        await oscquery.start()
        self.oscquery = oscquery
        self.notify("info", f"OSCQuery on http://{self.settings.bind}:{self.oscquery.port}")

    def _broadcast(self, address: str, *arguments: Value) -> None:
        """Send a message to subscribers, and to WebSocket clients whether they subscribe or not."""
        packet = encode(address, *arguments)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._send_to_all, packet)

    def _send_to_all(self, packet: bytes) -> None:
        self.queries.broadcast(packet)
        if self.oscquery is not None:
            self.oscquery.broadcast(packet, besides=self.clients.subscribers)

    def _refused(self, host: str) -> None:
        shown = host.removeprefix("::ffff:")  # an IPv4 host at an IPv6 socket
        self.notify("warning", f"messages from {shown} are dropped; accept them with --allow {shown}")
