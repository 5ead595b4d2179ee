"""Run a control process whose engine is the benchmark itself: it holds the engine's end."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import psutil

from distill_control.osc.client import OscClient
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.realtime.message_channel import Channel, ChannelClosed
from distill_engine.realtime.shared_memory import ParameterReader, SharedBlock
from distill_engine.realtime.status import STATUS_FIELDS
from distill_engine.vocabulary import table as vocabulary

MIDI_PORT = "fuzz"
"""Name of the virtual MIDI port that the benchmarks play on."""


class ControlProcess:
    """A control process and the engine's end of its connections.

    `environment` may name a JACK server for its MIDI.
    """

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        midi = environment is not None
        settings = ControlSettings(
            osc_port=0, oscquery_port=0, midi=midi, midi_port=MIDI_PORT if midi else None, announce=False, view="quiet"
        )
        self.block = SharedBlock.create(vocabulary.default_values(), len(STATUS_FIELDS))
        self.parameters = ParameterReader(self.block)
        self.channel, connection = Channel.pair()
        command = [sys.executable, "-m", "distill_control.session", "--channel-fd", str(connection.fileno())]
        command += ["--shared", self.block.name, "--settings", settings.to_json()]
        began = time.monotonic()
        with connection:
            descriptors = (connection.fileno(), self.block.descriptor)
            quiet = subprocess.DEVNULL
            self.process = subprocess.Popen(command, pass_fds=descriptors, env=environment, stdout=quiet, stderr=quiet)
        ready = self.channel.receive(20.0) or {}
        self.start_seconds = time.monotonic() - began
        self.port, self.oscquery_port = int(ready["osc_port"]), int(ready["oscquery_port"])
        self.usage = psutil.Process(self.process.pid)
        self.channel.send({"event": "model", "name": "bench", "controls": ["brightness"], "latents": 16})
        threading.Thread(target=self._answer, daemon=True).start()

    def status(self) -> dict[str, float]:
        """Return the figures of the control process. Raises ControlError without an answer."""
        with OscClient(port=self.port) as client:
            client.send("/distill/status")
            while (message := client.receive(10.0)) is not None:
                if message.address == "/distill/status.reply":
                    pairs = zip(message.arguments[::2], message.arguments[1::2], strict=True)
                    return {str(name): float(value) for name, value in pairs if isinstance(value, int | float)}
        raise ControlError("the control process does not answer")

    def memory_mb(self) -> float:
        """Return its resident memory in MB (10^6 bytes)."""
        return float(self.usage.memory_info().rss / 1e6)

    def stop(self) -> None:
        """End it."""
        self.channel.send({"event": "end"})
        self.process.wait(10)

    def _answer(self) -> None:
        try:
            while (message := self.channel.receive(None)) is not None:
                if "id" in message:
                    self.channel.send({"id": message["id"], "status": "done"})
        except ChannelClosed:
            return


def open_midi() -> Any:
    """Open a virtual rtmidi output on the JACK server of this environment."""
    import rtmidi

    output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=MIDI_PORT)
    output.open_virtual_port(MIDI_PORT)
    return output
