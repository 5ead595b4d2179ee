"""Published vocoder weights on this machine, by name: added by the user, or downloaded BigVGANs."""

from __future__ import annotations

from distill_engine.errors import VocoderError, WeightsError
from distill_engine.library.folders import vocoders_dir
from distill_engine.system.names import printable
from distill_engine.vocoders.bigvgan import PINS
from distill_engine.vocoders.weights.records import NAME, WeightsRecord, added, hub_folder, read_record


def find_weights(name: str) -> WeightsRecord:
    """Return the weights called `name`.

    Raises WeightsError if they are missing or damaged, VocoderError for an unknown name.
    """
    pin = PINS.get(name)
    if pin is not None:
        record = read_record(hub_folder(pin.hub))
        if record is None:
            raise WeightsError(
                f"{name}: its weights are not on this machine: run `distill vocoder download {name}` once while online, "
                "or give it a local file with --weights"
            )
        return record
    record = read_record(vocoders_dir() / name, name) if NAME.fullmatch(name) else None
    if record is None:
        raise VocoderError(f"vocoder '{printable(name, 40)}' was not added; see `distill vocoder list`")
    return record


def published_names() -> tuple[str, ...]:
    """Return the names of added vocoders and of downloaded BigVGANs beside "bigvgan"."""
    variants = [pin.name for pin in PINS.values() if pin.name != "bigvgan" and _is_here(pin.hub)]
    return (*variants, *(record.name for record in added(vocoders_dir())))


def describe(record: WeightsRecord) -> str:
    """Return kind, rate and mel bands in words."""
    mel = record.mel_config
    return f"{record.kind} at {mel.sample_rate} Hz with {mel.bands} bands"


def _is_here(hub: str) -> bool:
    try:
        return read_record(hub_folder(hub)) is not None
    except WeightsError:
        return False
