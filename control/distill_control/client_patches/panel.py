"""The contents of every patch, taken from the vocabulary: faders, menus, gauges, buttons."""

from dataclasses import dataclass

from distill_engine.errors import ConfigError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row

POLL_MS = 100
"""How often a patch asks for a value that a subscription leaves out."""


@dataclass(frozen=True)
class Item:
    """One address with a value. `label` is a short text for the screen."""

    address: str
    label: str

    @property
    def key(self) -> str:
        """Return the address as a name for objects, without slashes."""
        return key_of(self.address)


@dataclass(frozen=True)
class Fader(Item):
    """A parameter as a fader or, for a toggle, a switch. The range is in `unit`."""

    minimum: float
    maximum: float
    default: float
    unit: str
    toggle: bool
    description: str


@dataclass(frozen=True)
class Menu(Item):
    """A setting with its choices."""

    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True)
class Gauge(Item):
    """A number that is shown and cannot be set."""

    minimum: float
    maximum: float
    description: str


@dataclass(frozen=True)
class Button:
    """A message to send: an address and its arguments."""

    label: str
    address: str
    arguments: tuple[str | int | float, ...] = ()


@dataclass(frozen=True)
class Panel:
    """All items of a patch.

    Attributes:
        host, port: address and OSC port of the engine.
        listen: OSC port of the patch, for changes.
        query_port: OSCQuery port of the engine.
        controls: names of the model's controls, or their numbers for a patch that fits every model.
        latents: latent dimensions that get a fader.
        presets: presets that get a button.

    Raises:
        ConfigError: if a number is out of range.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    listen: int = 9002
    query_port: int = 9001
    controls: tuple[str, ...] = tuple(str(index) for index in range(8))
    latents: int = 16
    presets: int = 8

    def __post_init__(self) -> None:
        if not all(0 < port < 65536 for port in (self.port, self.listen, self.query_port)):
            raise ConfigError(f"ports {self.port}, {self.listen}, {self.query_port}: give 1 to 65535")
        if len(self.controls) > vocabulary.CONTROL_COUNT or not 0 <= self.latents <= vocabulary.LATENT_COUNT:
            raise ConfigError(f"at most {vocabulary.CONTROL_COUNT} controls and {vocabulary.LATENT_COUNT} latents")

    @property
    def common_faders(self) -> tuple[Fader, ...]:
        """Return the faders of the parameters that every model has, and of the place of slot 0."""
        rows = (row for row in vocabulary.ROWS if row.kind == "parameter")
        own = {row.address: row for row in rows if row.family is None}
        own |= {
            f"{row.prefix}0": row for row in vocabulary.ROWS if row.prefix.startswith("/distill/space/") and row.family
        }
        return tuple(
            _fader(row, address, address.removeprefix("/distill/").replace("/", " ")) for address, row in own.items()
        )

    @property
    def control_faders(self) -> tuple[Fader, ...]:
        """Return the faders of the model's named controls."""
        row = vocabulary.row("/distill/control/0")
        return tuple(
            _fader(row, f"{row.prefix}{name}", f"control {name}" if name.isdigit() else name) for name in self.controls
        )

    @property
    def latent_faders(self) -> tuple[Fader, ...]:
        """Return the faders of the first latent dimensions."""
        row = vocabulary.row("/distill/latent/0")
        return tuple(_fader(row, f"{row.prefix}{index}", f"latent {index}") for index in range(self.latents))

    @property
    def faders(self) -> tuple[Fader, ...]:
        """Return all faders."""
        return self.common_faders + self.control_faders + self.latent_faders

    @property
    def menus(self) -> tuple[Menu, ...]:
        """Return the settings that have choices: source and vocoder."""
        return tuple(
            Menu(row.address, row.address.removeprefix("/distill/"), row.value_argument.choices, str(row.default))
            for row in vocabulary.ROWS
            if row.kind == "setting" and row.value_argument.choices
        )

    @property
    def gauges(self) -> tuple[Gauge, ...]:
        """Return the readings that are numbers, without meters: a patch gets `/distill/level`."""
        numbers = (row for row in vocabulary.ROWS if row.kind == "reading" and row.value_argument.numeric)
        rows = (row for row in numbers if not row.interval)
        return tuple(
            Gauge(
                row.address,
                row.address.removeprefix("/distill/").replace("/", " "),
                float(row.minimum or 0.0),
                float(1.0 if row.maximum is None else row.maximum),
                row.description,
            )
            for row in rows
        )

    @property
    def polled(self) -> tuple[Gauge, ...]:
        """Return the gauges that a subscription leaves out: a patch has to ask for their values."""
        return tuple(gauge for gauge in self.gauges if vocabulary.row(gauge.address).on_request)

    @property
    def items(self) -> tuple[Fader | Menu | Gauge, ...]:
        """Return all faders, menus and gauges."""
        return (*self.faders, *self.menus, *self.gauges)

    @property
    def commands(self) -> tuple[Button, ...]:
        """Return a button for every command without arguments."""
        rows = (row for row in vocabulary.ROWS if row.kind == "command" and not row.arguments)
        return tuple(Button(row.address.removeprefix("/distill/").replace("/", " "), row.address) for row in rows)

    @property
    def recalls(self) -> tuple[Button, ...]:
        """Return buttons that glide to the first presets within a second."""
        return tuple(Button(f"preset {n}", "/distill/preset/recall", (n, 1.0)) for n in range(self.presets))

    @property
    def numbered(self) -> bool:
        """Return whether the controls are addressed by number.

        Such a patch subscribes to changes by number and shows the model's names beside the numbers.
        """
        return bool(self.controls) and all(name.isdigit() for name in self.controls)

    @property
    def subscribe(self) -> Button:
        """Return the button that subscribes to changes, with controls addressed as in the patch."""
        return Button("connect", "/distill/subscribe", (self.listen, *(("numbers",) if self.numbered else ())))

    @property
    def status(self) -> Button:
        """Return the button that asks for the status."""
        return Button("status", "/distill/status")


def key_of(address: str) -> str:
    """Return an address as a name without slashes, such as `source-rate`."""
    return address.removeprefix("/distill/").replace("/", "-").replace("_", "-").replace(" ", "-")


def _fader(row: Row, address: str, label: str) -> Fader:
    """Return the fader of a parameter; `address` may be one of the family that `row` describes."""
    argument = row.value_argument
    default = next((p.default for p in vocabulary.PARAMETERS if p.address == address), float(row.default or 0.0))
    return Fader(
        address,
        label,
        float(argument.minimum or 0.0),
        float(1.0 if argument.maximum is None else argument.maximum),
        default,
        argument.unit,
        argument.type == "toggle",
        row.description,
    )
