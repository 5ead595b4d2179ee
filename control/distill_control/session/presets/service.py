"""The preset commands: save the session's state, recall it, interpolate between two presets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from distill_control.arguments import Value
from distill_control.session.engine_protocol import ModelInfo
from distill_control.session.presets.pair import PresetPair
from distill_control.session.service import Notify
from distill_control.session.session import PRESET_ORIGIN, Handler, Session
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError, DistillError, PresetError
from distill_engine.library.presetformat import Preset
from distill_engine.library.presets import PresetStore
from distill_engine.vocabulary import table as vocabulary

_BY_NUMBER = {
    "latents by number": tuple(f"/distill/latent/{index}" for index in range(vocabulary.LATENT_COUNT)),
    "the place on the map": ("/distill/map/amount",),
}
PREFIX = "/distill/preset/"
CHANGED = "/distill/preset/changed"
MORPH = "/distill/morph"
NEARLY_ZERO = 1e-9
"""A parameter value that sounds like 0, but is not the 0 that `wakes` sets to the maximum.

No unit.
"""


class PresetController:
    """Carry out the `/distill/preset/...` commands.

    `notify(level, text)` shows a line to the user.
    """

    def __init__(self, session: Session, store: PresetStore, notify: Notify = lambda level, text: None) -> None:
        self.session = session
        self.store = store
        self._notify = notify
        self._keys: tuple[str | int, str | int] | None = None  # of the last morph
        self._pair: PresetPair | None = None  # what they named, until something changes
        self._place = float(session.get(MORPH))
        self._told: set[tuple[str, str]] = set()  # presets and digests of the model, of which _find has told

    def register(self) -> None:
        """Register the commands and `/distill/preset/list` with the session."""
        handlers: dict[str, Callable[[tuple[Value, ...]], None]] = {
            "save": lambda a: self.save(str(a[0])),
            "recall": lambda a: self.recall(_key(a[0]), float(a[1]) if len(a) > 1 else 0.0),
            "morph": lambda a: self.morph(_key(a[0]), _key(a[1]), float(a[2])),
            "delete": lambda a: self.delete(_key(a[0])),
            "rename": lambda a: self.rename(_key(a[0]), str(a[1])),
            "move": lambda a: self.move(_key(a[0]), int(a[1])),
            "exclude": lambda a: self.exclude(str(a[0]), bool(a[1]) if len(a) > 1 else True),
        }
        for name, handler in handlers.items():
            self.session.register(PREFIX + name, _without_origin(handler))
        self.session.register(PREFIX + "list", lambda arguments, origin: self.names())
        self.session.register(PREFIX + "excluded", lambda arguments, origin: sorted(self.store.excluded()))
        self.session.on_tick(self.follow_place)

    async def stop(self) -> None:
        """Do nothing: presets are files, and no file stays open."""

    def status(self) -> dict[str, float | int | str]:
        """Return no figures: counting presets would read the folder for every status."""
        return {}

    def names(self) -> Sequence[Value]:
        """Return the names of the loaded model's presets, in the order of their indices."""
        return [preset.name for preset in self._presets()]

    def save(self, name: str) -> None:
        """Save the current values under a name. Raises PresetError, also before a model plays."""
        model = self.session.model
        if not model.name:
            raise PresetError("no model plays yet, and a preset belongs to one: save it once there is sound")
        self.store.save(name, model.name, model.digest, self.session.snapshot(), model.skeleton)
        self._changed()

    def recall(self, key: str | int, glide_seconds: float = 0.0) -> None:
        """Recall a preset by name or index: settings at once, parameters over `glide_seconds`.

        Parameters that it does not name go to their default, so that it always sounds the same.

        Raises:
            PresetError: if there is no such preset, or it belongs to another model.
        """
        preset = self._find(key)
        values = self._usable(replace(preset, values={**self._moved(), **preset.values}))
        for address, value in values.items():
            if vocabulary.row(address).kind == "setting" and self.session.state.requested_value(address) != value:
                self._set(address, (value,))
        self._glide({a: v for a, v in values.items() if vocabulary.row(a).kind == "parameter"}, glide_seconds)

    def morph(self, first: str | int, second: str | int, x: float) -> None:
        """Set the parameters that two presets share to a linear interpolation between them.

        `x` = 0 is the first preset, 1 the second. Raises PresetError.
        """
        pair = self._read_pair((first, second))
        self._glide(pair.between(x), 0.0)
        self._keys, self._pair, self._place = (first, second), pair, x
        self._set(MORPH, (x,))

    def follow_place(self) -> None:
        """Morph to where `/distill/morph` has been moved since. Called at each tick."""
        place = float(self.session.get(MORPH))
        if place == self._place:
            return
        self._place = place
        if self._pair is None or not self._pair.holds(self.session.model, self.store):
            self._pair = self._pair_or_warning()
        self._glide(self._pair.between(place), 0.0)

    def delete(self, key: str | int) -> None:
        """Delete a preset of the loaded model. Raises PresetError."""
        self.store.delete(key, self.session.model.name, self.session.model.digest)
        self._changed()

    def rename(self, key: str | int, new_name: str) -> None:
        """Rename a preset of the loaded model. Raises PresetError."""
        self.store.rename(key, new_name, self.session.model.name, self.session.model.digest)
        self._changed()

    def move(self, key: str | int, number: int) -> None:
        """Give a preset of the loaded model another number. Raises PresetError."""
        self.store.move(key, number, self.session.model.name, self.session.model.digest)
        self._changed()

    def exclude(self, address: str, excluded: bool) -> None:
        """Exclude an address from presets, or include it again.

        Raises:
            ControlError: if presets never hold the address.
        """
        row = vocabulary.row(address)
        if row.kind not in ("parameter", "setting"):
            raise ControlError(f"{address} is a {row.kind}: presets hold parameters and settings")
        if row.excluded_from_presets:
            raise ControlError(f"{address} is never part of presets")
        self.store.exclude(address, excluded)
        self._changed()

    # ---- private

    def _changed(self) -> None:
        """Tell that a preset has changed, and read the pair again before it moves."""
        self._pair = None
        self.session.broadcast(CHANGED)

    def _pair_or_warning(self) -> PresetPair:
        """Return the pair of the last morph; an empty one, and a warning, if it cannot be read."""
        try:
            if self._keys is None:
                raise PresetError(f"{MORPH} needs two presets: send {PREFIX}morph a b x first")
            return self._read_pair(self._keys)
        except PresetError as error:
            self._notify("warning", str(error))
            return PresetPair(self.session.model, (), (), self.store.stamps(()))

    def _read_pair(self, keys: tuple[str | int, str | int]) -> PresetPair:
        presets = tuple(self._find(key) for key in keys)
        stamps = self.store.stamps(presets)
        return PresetPair(self.session.model, presets, tuple(map(self._usable, presets)), stamps)

    def _presets(self) -> list[Preset]:
        return self.store.of_model(self.session.model.name, self.session.model.digest)

    def _find(self, key: str | int) -> Preset:
        """Return a preset; say once what does not hold in it if it is from another training.

        Raises PresetError.
        """
        model = self.session.model
        preset = self.store.find(key, model.name, model.digest)
        if (preset.name, model.digest) not in self._told and (text := _held(preset, model)):
            self._told.add((preset.name, model.digest))
            self._notify("info", text)
        return preset

    def _moved(self) -> dict[str, Value]:
        """Return the defaults of all parameters of presets that have another value now."""
        rows = ((address, vocabulary.row(address), value) for address, value in self.session.snapshot().items())
        return {
            address: row.default
            for address, row, value in rows
            if row.kind == "parameter" and row.default is not None and row.default != value
        }

    def _usable(self, preset: Preset) -> Mapping[str, Value]:
        """Return the values that apply to the loaded model, in the vocabulary's order.

        Leaves out excluded addresses, and with a warning those that the model does not have. Raises
        PresetError for a text as a parameter's value.
        """
        excluded = self.store.excluded()
        parameters: list[tuple[int, str, Value]] = []
        missing = []
        for address, value in preset.values.items():
            try:
                row, parameter_index = self.session.resolve(address)
            except ControlError:
                missing.append(address)
                continue
            if address in excluded or row.excluded_from_presets or row.kind not in ("parameter", "setting"):
                continue
            if row.kind == "parameter" and isinstance(value, str):
                raise PresetError(f"the preset {preset.name} is damaged: the value of {address} is not a number")
            parameters.append(
                (len(vocabulary.PARAMETERS) if parameter_index is None else parameter_index, address, value)
            )
        if missing:
            self._notify("warning", f"preset {preset.name}: left out, the model has no {', '.join(missing[:5])}")
        return {address: value for _, address, value in sorted(parameters, key=lambda item: item[:2])}

    def _glide(self, values: Mapping[str, Value], glide_seconds: float) -> None:
        """Set parameters; those that are ramped glide."""
        self._prevent_wake(values)
        for address, value in values.items():
            ramped = vocabulary.row(address).ramped and glide_seconds > 0.0
            self._set(address, (value, glide_seconds) if ramped else (value,))

    def _prevent_wake(self, values: Mapping[str, Value]) -> None:
        """Keep `wakes` from raising a parameter at 0 for which the preset has a value."""
        for address in {vocabulary.row(address).wakes for address in values} & values.keys():
            if address is not None and self.session.get(address) == 0.0:
                self._set(address, (NEARLY_ZERO,))

    def _set(self, address: str, values: tuple[Value, ...]) -> None:
        try:
            self.session.set(address, values, PRESET_ORIGIN)
        except DistillError as error:
            self._notify("warning", f"preset: {error}")


def _key(value: Value) -> str | int:
    return value if isinstance(value, str) else int(value)


def _held(preset: Preset, model: ModelInfo) -> str:
    """Return what does not hold in a preset of another training of the model; empty if all does.

    The same skeleton means the same latents and named controls, however long it was trained.
    """
    if not preset.digest or not model.digest or preset.digest == model.digest:
        return ""
    if preset.skeleton and preset.skeleton == model.skeleton:
        return ""
    made = f"preset {preset.name} was made with an earlier training of {model.name}"
    used = [name for name, addresses in _BY_NUMBER.items() if any(preset.values.get(a) for a in addresses)]
    if not used:
        return made
    return f"{made}: named controls hold, but {' and '.join(used)} may mean other sounds now"


def _without_origin(handler: Callable[[tuple[Value, ...]], None]) -> Handler:
    return lambda arguments, origin: handler(arguments)


async def start(session: Session, settings: ControlSettings, notify: Notify) -> PresetController:
    """Start the service with the presets of the library."""
    controller = PresetController(session, PresetStore(), notify)
    controller.register()
    return controller
