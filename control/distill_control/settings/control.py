"""Settings of the control process, written to and read from JSON.

The engine passes them on the control process's command line.
"""

import ipaddress
import json
from dataclasses import asdict, dataclass, fields

from distill_control.settings.addresses import LOOPBACK, is_loopback
from distill_engine.errors import ConfigError


@dataclass(frozen=True)
class ControlSettings:
    """Ports, permissions and limits of the control process.

    A port 0 lets the system choose a free one; None turns the service off. `bind` is the address
    that the ports listen on. `allow` are the addresses and networks (`192.168.1.0/24`) whose
    messages are accepted; this machine's always are. `midi_port` is a part of a port's name,
    `midi_map` the path of a map file. `link` follows Ableton Link. With `announce`,
    zeroconf announces the ports; None announces them only if other machines can reach `bind`.
    `view` is live, quiet or json.

    * `client_timeout_seconds`: a UDP subscriber that sends nothing for this time is unsubscribed.
    * `bundle_limit`: most messages that wait for the time tag of their bundle.
    * `bundle_horizon_seconds`: bundles dated further ahead are refused.
    * `errors_per_second`: most error messages sent to one client.
    * `retry_ports`: try a port that is in use again, instead of failing to start.
    * `keep_going`: what cannot be had is a warning and does not end the start.

    Raises:
        ConfigError: if a port, the view or an entry of `allow` is wrong.
    """

    osc_port: int | None = 9000
    oscquery_port: int | None = 9001
    bind: str = LOOPBACK
    allow: tuple[str, ...] = ()
    allow_paths: bool = False
    midi_port: str | None = None
    midi_map: str | None = None
    midi: bool = True
    link: bool = False
    announce: bool | None = None
    name: str = "Distill"
    view: str = "live"
    client_timeout_seconds: float = 60.0
    subscriber_limit: int = 64
    bundle_limit: int = 1024
    bundle_horizon_seconds: float = 60.0
    errors_per_second: float = 10.0
    retry_ports: bool = False
    keep_going: bool = False

    def __post_init__(self) -> None:
        for label, port in (("osc_port", self.osc_port), ("oscquery_port", self.oscquery_port)):
            if port is not None and not 0 <= port <= 65535:
                raise ConfigError(f"{label} {port} is not a port; use 1 to 65535, or 0 for any free one")
        if self.osc_port and self.osc_port == self.oscquery_port:
            raise ConfigError(f"OSC and OSCQuery cannot share TCP port {self.osc_port}; choose another --oscquery-port")
        if self.view not in ("live", "quiet", "json"):
            raise ConfigError(f"view {self.view!r} is not one of live, quiet, json")
        self.networks()

    @property
    def announced(self) -> bool:
        """Whether the ports are announced by zeroconf."""
        return not is_loopback(self.bind) if self.announce is None else self.announce

    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Return `allow` as networks.

        Raises:
            ConfigError: if an entry is neither an address nor a network.
        """
        try:
            return tuple(ipaddress.ip_network(entry, strict=False) for entry in self.allow)
        except ValueError as error:
            raise ConfigError(f"--allow: {error}; give addresses or networks such as 192.168.1.0/24") from None

    def to_json(self) -> str:
        """Return the settings as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ControlSettings":
        """Read the settings that `to_json` has written.

        Raises:
            ConfigError: if the text is not a JSON object of known settings.
        """
        try:
            values = dict(json.loads(text))
            unknown = set(values) - {field.name for field in fields(cls)}
            if unknown:
                raise ConfigError(f"unknown control settings: {', '.join(sorted(unknown))}")
            values["allow"] = tuple(values.get("allow", ()))
            return cls(**values)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"control settings cannot be read: {error}") from None
