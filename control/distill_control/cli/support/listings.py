"""The listings of `distill-engine`: audio devices and MIDI ports."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distill_engine.audio_io.devices import Device


def list_devices(as_json: bool) -> int:
    """Print the audio devices; return exit code 0."""
    from dataclasses import asdict

    from distill_engine.audio_io.devices import AudioSystem

    with AudioSystem() as system:
        outputs, inputs = system.devices("output"), system.devices("input")
    if as_json:
        print(json.dumps({"outputs": [asdict(d) for d in outputs], "inputs": [asdict(d) for d in inputs]}))
        return 0
    _print_devices("outputs", outputs)
    _print_devices("inputs", inputs)
    return 0


def _print_devices(title: str, devices: "tuple[Device, ...]") -> None:
    print(f"{title}:")
    for device in devices:
        print(f"  {device.describe()}")
    if not devices:
        print("  none (use --device null or file:PATH)" if title == "outputs" else "  none")


def list_midi_ports(as_json: bool) -> int:
    """Print the MIDI ports; return exit code 0."""
    from dataclasses import asdict

    from distill_control.midi.ports import list_midi

    ports = list_midi()
    print(json.dumps(asdict(ports)) if as_json else "\n".join(ports.lines()))
    return 0
