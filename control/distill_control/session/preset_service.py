"""Presets at work: saved from the session, recalled into it with a glide, and everything between two of them."""

from collections.abc import Callable, Mapping, Sequence

from distill_control.arguments import Value
from distill_control.session.service import Notify
from distill_control.session.session import Handler, Session
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError, DistillError, PresetError
from distill_engine.library.presets import Preset, PresetStore
from distill_engine.vocabulary import table as vocabulary

PREFIX = "/distill/preset/"
ORIGIN = "preset"
ASLEEP = 1e-9
"""As good as 0, but not the 0 from which a parameter is woken."""


class PresetController:
    """Carries out the `/distill/preset/...` commands, whoever sends them. `notify(level, text)` tells the user."""

    def __init__(self, session: Session, store: PresetStore, notify: Notify = lambda level, text: None) -> None:
        self.session = session
        self.store = store
        self._notify = notify

    def register(self) -> None:
        """Take the commands on."""
        handlers: dict[str, Callable[[tuple[Value, ...]], None]] = {
            "save": lambda a: self.save(str(a[0])),
            "recall": lambda a: self.recall(_key(a[0]), float(a[1]) if len(a) > 1 else 0.0),
            "morph": lambda a: self.morph(_key(a[0]), _key(a[1]), float(a[2])),
            "delete": lambda a: self.delete(_key(a[0])),
            "rename": lambda a: self.rename(_key(a[0]), str(a[1])),
            "exclude": lambda a: self.exclude(str(a[0]), bool(a[1]) if len(a) > 1 else True),
        }
        for name, handler in handlers.items():
            self.session.register(PREFIX + name, _taking_arguments(handler))
        self.session.register(PREFIX + "list", lambda arguments, origin: self.names())

    async def stop(self) -> None:
        """Nothing to end: presets are files."""

    def status(self) -> dict[str, float | int | str]:
        """No figures: counting presets would read the folder at every look."""
        return {}

    def names(self) -> Sequence[Value]:
        """Names of the loaded model's presets, in the order of their numbers."""
        return [preset.name for preset in self._presets()]

    def save(self, name: str) -> None:
        """Keep the present state under a name. Raises PresetError."""
        model = self.session.model
        self.store.save(name, model.name, model.digest, self.session.snapshot())

    def recall(self, key: str | int, glide_seconds: float = 0.0) -> None:
        """Bring a preset back; parameters glide there, the source changes with its cross-fade.

        Raises:
            PresetError: if there is none such, or it is another model's.
        """
        preset = self._find(key)
        values = self._usable(preset)
        for address, value in values.items():
            if vocabulary.row(address).kind == "setting" and self._wanted(address) != value:
                self._set(address, (value,))
        self._glide({a: v for a, v in values.items() if vocabulary.row(a).kind == "parameter"}, glide_seconds)

    def morph(self, first: str | int, second: str | int, x: float) -> None:
        """Put the parameters that both presets have between them: x = 0 is the first, 1 the second. Raises PresetError."""
        one, other = self._usable(self._find(first)), self._usable(self._find(second))
        between: dict[str, Value] = {}
        for address, start in one.items():
            end = other.get(address)
            if isinstance(start, str) or isinstance(end, str) or end is None:
                continue
            if vocabulary.row(address).kind == "parameter":
                between[address] = float(start) + (float(end) - float(start)) * x
        self._glide(between, 0.0)

    def delete(self, key: str | int) -> None:
        """Delete a preset of the loaded model. Raises PresetError."""
        self.store.delete(key, self.session.model.name, self.session.model.digest)

    def rename(self, key: str | int, new_name: str) -> None:
        """Rename a preset of the loaded model. Raises PresetError."""
        self.store.rename(key, new_name, self.session.model.name, self.session.model.digest)

    def exclude(self, address: str, excluded: bool) -> None:
        """Leave an address out of presets, or take it in again.

        Raises:
            ControlError: if it is no address that presets hold.
        """
        row = vocabulary.row(address)
        if row.kind not in ("parameter", "setting"):
            raise ControlError(f"{address} is a {row.kind}: presets hold parameters and settings")
        if row.excluded_from_presets and not excluded:
            raise ControlError(f"{address} is never part of presets")
        self.store.exclude(address, excluded)

    # ---- inside

    def _presets(self) -> list[Preset]:
        return self.store.of_model(self.session.model.name, self.session.model.digest)

    def _find(self, key: str | int) -> Preset:
        model = self.session.model
        preset = self.store.find(key, model.name, model.digest)
        if preset.digest and model.digest and preset.digest != model.digest:
            self._notify("info", f"preset {preset.name} was made with an earlier training of {model.name}")
        return preset

    def _usable(self, preset: Preset) -> Mapping[str, Value]:
        """Values that the loaded model has a place for and presets may touch, in the vocabulary's order."""
        excluded = self.store.excluded()
        parameters: list[tuple[int, str, Value]] = []
        left_out = []
        for address, value in preset.values.items():
            try:
                row, parameter_index = self.session.resolve(address)
            except ControlError:
                left_out.append(address)
                continue
            if address in excluded or row.excluded_from_presets or row.kind not in ("parameter", "setting"):
                continue
            if row.kind == "parameter" and isinstance(value, str):
                raise PresetError(f"the preset {preset.name} is damaged: {address} is no number")
            parameters.append(
                (len(vocabulary.PARAMETERS) if parameter_index is None else parameter_index, address, value)
            )
        if left_out:
            self._notify("warning", f"preset {preset.name}: the model has no {', '.join(left_out[:5])}; left out")
        return {address: value for _, address, value in sorted(parameters, key=lambda item: item[:2])}

    def _wanted(self, address: str) -> Value:
        """What a setting is, or what it was last asked to be, while that is not answered."""
        with self.session.lock:
            asked = self.session.requests.asked(address)
            return asked[0] if asked else self.session.get(address)

    def _glide(self, values: Mapping[str, Value], glide_seconds: float) -> None:
        self._keep_asleep(values)
        for address, value in values.items():
            ramped = vocabulary.row(address).ramped and glide_seconds > 0.0
            self._set(address, (value, glide_seconds) if ramped else (value,))

    def _keep_asleep(self, values: Mapping[str, Value]) -> None:
        """Hands wake some parameters by moving others; a preset says itself where those are to be."""
        for address in {vocabulary.row(address).wakes for address in values} & values.keys():
            if address is not None and self.session.get(address) == 0.0:
                self._set(address, (ASLEEP,))

    def _set(self, address: str, values: tuple[Value, ...]) -> None:
        try:
            self.session.set(address, values, ORIGIN)
        except DistillError as error:
            self._notify("warning", f"preset: {error}")


def _key(value: Value) -> str | int:
    return value if isinstance(value, str) else int(value)


def _taking_arguments(handler: Callable[[tuple[Value, ...]], None]) -> Handler:
    return lambda arguments, origin: handler(arguments)


async def start(session: Session, settings: ControlSettings, notify: Notify) -> PresetController:
    """Serve the library's presets."""
    controller = PresetController(session, PresetStore(), notify)
    controller.register()
    return controller
