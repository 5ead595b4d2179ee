"""What every patch shows, whichever program it is for: faders, menus, buttons; taken from the vocabulary."""

from dataclasses import dataclass

from distill_engine.errors import ConfigError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row


@dataclass(frozen=True)
class Shown:
    """What has a value to show. `label` is short, `key` fit for names of objects."""

    address: str
    label: str

    @property
    def key(self) -> str:
        return key_of(self.address)


@dataclass(frozen=True)
class Fader(Shown):
    """One parameter as a fader or, for a toggle, a switch."""

    minimum: float
    maximum: float
    default: float
    unit: str
    toggle: bool
    description: str


@dataclass(frozen=True)
class Menu(Shown):
    """One setting with its choices."""

    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True)
class Gauge(Shown):
    """One number that is only shown."""

    minimum: float
    maximum: float
    description: str


@dataclass(frozen=True)
class Button:
    """One message to send: an address and its arguments."""

    label: str
    address: str
    arguments: tuple[str | int | float, ...] = ()


@dataclass(frozen=True)
class Panel:
    """The whole of what a patch shows.

    `port` is the instrument's OSC port, `listen` the patch's own, `controls` the names (or numbers) of the controls,
    `latents` how many latent dimensions and `presets` how many presets get a fader or button.

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
            raise ConfigError("ports are 1 to 65535")
        if len(self.controls) > vocabulary.CONTROL_COUNT or not 0 <= self.latents <= vocabulary.LATENT_COUNT:
            raise ConfigError(f"at most {vocabulary.CONTROL_COUNT} controls and {vocabulary.LATENT_COUNT} latents")

    @property
    def statics(self) -> tuple[Fader, ...]:
        """The parameters that every model has."""
        rows = (row for row in vocabulary.ROWS if row.kind == "parameter" and row.family is None)
        return tuple(_fader(row, row.address, row.address.removeprefix("/distill/").replace("/", " ")) for row in rows)

    @property
    def control_faders(self) -> tuple[Fader, ...]:
        """The model's named controls."""
        row = vocabulary.row("/distill/control/0")
        return tuple(
            _fader(row, f"{row.prefix}{name}", f"control {name}" if name.isdigit() else name) for name in self.controls
        )

    @property
    def latent_faders(self) -> tuple[Fader, ...]:
        """The first latent dimensions."""
        row = vocabulary.row("/distill/latent/0")
        return tuple(_fader(row, f"{row.prefix}{index}", f"latent {index}") for index in range(self.latents))

    @property
    def faders(self) -> tuple[Fader, ...]:
        return self.statics + self.control_faders + self.latent_faders

    @property
    def menus(self) -> tuple[Menu, ...]:
        """The settings that have choices: source and vocoder."""
        return tuple(
            Menu(row.address, row.address.removeprefix("/distill/"), row.value_argument.choices, str(row.default))
            for row in vocabulary.ROWS
            if row.kind == "setting" and row.value_argument.choices
        )

    @property
    def gauges(self) -> tuple[Gauge, ...]:
        """The readings that are numbers."""
        rows = (row for row in vocabulary.ROWS if row.kind == "reading" and row.value_argument.numeric)
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
    def valued(self) -> tuple[Fader | Menu | Gauge, ...]:
        """Everything that has a value to show."""
        return (*self.faders, *self.menus, *self.gauges)

    @property
    def commands(self) -> tuple[Button, ...]:
        """Every command that needs no arguments."""
        rows = (row for row in vocabulary.ROWS if row.kind == "command" and not row.arguments)
        return tuple(Button(row.address.removeprefix("/distill/").replace("/", " "), row.address) for row in rows)

    @property
    def recalls(self) -> tuple[Button, ...]:
        """Buttons for the first presets, gliding there in a second."""
        return tuple(Button(f"preset {n}", "/distill/preset/recall", (n, 1.0)) for n in range(self.presets))

    @property
    def numbered(self) -> bool:
        """Whether the controls go by number: then changes are to come that way, and names are shown as they are told."""
        return bool(self.controls) and all(name.isdigit() for name in self.controls)

    @property
    def subscribe(self) -> Button:
        """Asks for changes at the patch's own port, controls spelt as the patch spells them."""
        return Button("connect", "/distill/subscribe", (self.listen, *(("numbers",) if self.numbered else ())))

    @property
    def status(self) -> Button:
        return Button("status", "/distill/status")


def key_of(address: str) -> str:
    """An address as a name without slashes: `source-rate`."""
    return address.removeprefix("/distill/").replace("/", "-").replace("_", "-").replace(" ", "-")


def _fader(row: Row, address: str, label: str) -> Fader:
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
