"""Audio devices through PortAudio: list them, choose one by name, and go on after one is lost.

PortAudio lists devices once, when it is initialised. It cannot release a stream whose JACK server
died: stop, abort, close and terminate all wait for a thread of that server for ever. A lost JACK
stream is therefore never touched again. Its PortAudio stays as it is, and a fresh copy of the
library, with variables of its own, is loaded beside it, which takes 0.1 s.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import ctypes.util
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from distill_engine.errors import DeviceError
from distill_engine.system.c_libraries import loaded_files
from distill_engine.system.names import printable

HOST_API_ORDER = ("JACK", "Core Audio", "CoreAudio", "WASAPI", "ALSA")
PATIENCE_SECONDS = 2.0  # to wait for a stream to close, or for the lock at the end
_JACK_NO_START_SERVER = 1  # option of jack_client_open
_ABANDONED: list[Any] = []  # streams and libraries that a C callback may still use: never freed

Direction = Literal["output", "input"]


@dataclass(frozen=True)
class Device:
    """One audio device: its own `rate` in Hz and the lowest `latency` it states, in seconds."""

    index: int
    name: str
    host_api: str
    channels: int
    rate: float
    latency: float
    default: bool

    def describe(self) -> str:
        """Return one line for lists."""
        mark = ", default" if self.default else ""
        return f"{printable(self.name)} ({printable(self.host_api)}, {self.channels} ch, {self.rate:g} Hz{mark})"

    @property
    def is_jack(self) -> bool:
        """Whether it belongs to a JACK server: once that is gone, its streams cannot be closed."""
        return "jack" in self.host_api.lower()

    @property
    def rank(self) -> int:
        """Position of its host API in the order of preference."""
        for rank, name in enumerate(HOST_API_ORDER):
            if name.lower() in self.host_api.lower():
                return rank
        return len(HOST_API_ORDER)


class AudioSystem:
    """PortAudio in this process, which ends with the `with` block or by `shut_down`.

    Only the thread that holds `lock` may use it, and none that must never wait. A process that ends
    with PortAudio running crashes beside a JACK server.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._sounddevice: Any = None
        self._library_file: Path | None = None

    def __enter__(self) -> AudioSystem:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut_down()

    @property
    def module(self) -> Any:
        """The sounddevice module. Raises DeviceError where PortAudio is not installed."""
        if self._sounddevice is None:
            self._sounddevice = _import_sounddevice()
            atexit.register(self._end_at_exit)
            self._library_file = _library_file(self._sounddevice)
        return self._sounddevice

    def devices(self, direction: Direction = "output") -> tuple[Device, ...]:
        """Return all devices with channels in that direction, preferred host APIs first."""
        with self.lock:
            module = self.module
            try:
                apis, found = module.query_hostapis(), list(module.query_devices())
            except module.PortAudioError as error:
                raise DeviceError(f"the audio devices cannot be listed: {error}") from None
        devices = []
        for entry in found:
            channels = int(entry[f"max_{direction}_channels"])
            api = apis[entry["hostapi"]]
            if channels:
                default = api[f"default_{direction}_device"] == entry["index"]
                latency = float(entry[f"default_low_{direction}_latency"])
                rate = float(entry["default_samplerate"])
                devices.append(Device(entry["index"], entry["name"], api["name"], channels, rate, latency, default))
        return tuple(sorted(devices, key=lambda device: (device.rank, not device.default, device.index)))

    def relist(self, give_up: Callable[[bool], None] = lambda closable: None) -> None:
        """List devices anew: a JACK server may have started, a device may have been plugged in.

        No open stream outlives that: `give_up(closable)` is called first to release them (see
        `abandon`).
        """
        with self.lock:
            module = self.module
            dead = self.holds_dead_server()
            give_up(not dead)
            if dead:
                self._start_afresh()
                return
            with contextlib.suppress(module.PortAudioError):
                module._terminate()
            with contextlib.suppress(module.PortAudioError):
                module._initialize()

    def runs(self, stream: Any) -> bool:
        """Return whether a stream still takes or gives sound."""
        try:
            return bool(stream.active)
        except self.module.PortAudioError:
            return False

    def abandon(self, stream: Any, *, closable: bool) -> None:
        """Give up a stream whose device is lost, and make devices usable again.

        A `closable` stream (any but JACK's) is closed in a thread of its own. If that does not end,
        or the stream is JACK's, a fresh copy of PortAudio takes the place of the one that holds the
        stream.
        """
        with self.lock:
            if closable and within(stream.close, PATIENCE_SECONDS):
                self.relist()
                return
            _ABANDONED.append(stream)
            self._start_afresh()

    def _start_afresh(self) -> None:
        module = self.module
        if self._library_file is None:
            raise DeviceError("the lost audio device cannot be given up on this system; start the engine again")
        handle, copy = tempfile.mkstemp(prefix="distill-portaudio-", suffix=self._library_file.suffix)
        os.close(handle)
        try:
            shutil.copyfile(self._library_file, copy)
            _ABANDONED.append(module._lib)
            module._lib = module._ffi.dlopen(copy)
            module._initialized = 0
            module._initialize()
        except (OSError, module.PortAudioError) as error:
            raise DeviceError(f"PortAudio cannot be started afresh ({error}); start the engine again") from None
        finally:
            os.unlink(copy)

    def shut_down(self) -> None:
        """End PortAudio, if it can be ended within PATIENCE_SECONDS."""
        self.leave()
        if self._sounddevice is None or not self.lock.acquire(timeout=PATIENCE_SECONDS):
            return
        try:
            if not self.holds_dead_server():
                within(self._sounddevice._terminate, PATIENCE_SECONDS)
        finally:
            self.lock.release()

    def leave(self) -> None:
        """Leave PortAudio running at the end of the process: ending it would wait for ever."""
        atexit.unregister(self._end_at_exit)

    def _end_at_exit(self) -> None:
        """End PortAudio on a way out that nobody foresaw; no thread can be started any more."""
        with contextlib.suppress(Exception):
            if not self.holds_dead_server():
                self.module._terminate()

    def holds_dead_server(self) -> bool:
        """Return whether this PortAudio knew a JACK server that is gone: it never ends then."""
        apis = self.module.query_hostapis()
        return any("JACK" in api["name"] for api in apis) and not jack_period()


def choose_device(devices: tuple[Device, ...], name: str | None, direction: Direction = "output") -> Device:
    """Return the device called `name`, or the preferred one if that is None.

    `name` is a device's name, a part of it, or `HOST API:NAME`.     Exact names come before parts
    of names. Otherwise host APIs are preferred in the order JACK, CoreAudio, WASAPI, ALSA, and of
    each its default device, then its first.

    Raises:
        DeviceError: if there is none; the message lists what there is.
    """
    if name is None:
        if devices:
            return devices[0]
        raise DeviceError(f"there is no audio {direction} device; use --device null to run without one")
    wanted = name.strip().lower()
    for matches in (_is_exactly, _contains):
        found = [device for device in devices if matches(device, wanted)]
        if found:
            return found[0]
    there = "; ".join(device.describe() for device in devices) or "none"
    raise DeviceError(f"no audio {direction} device is called {name!r}; there are: {there} (or null, or file:PATH)")


def names_jack(name: str | None) -> bool:
    """Return whether a name can only mean JACK's devices, which come with its server."""
    return name is not None and (name.strip().lower() == "system" or name.strip().lower().startswith("jack"))


def within(action: Callable[[], Any], seconds: float) -> bool:
    """Run `action` in a thread of its own; return whether it ended well within `seconds`.

    A thread that does not end is left behind.
    """
    outcome: list[bool] = []

    def attempt() -> None:
        with contextlib.suppress(Exception):
            action()
            outcome.append(True)

    thread = threading.Thread(target=attempt, name="expendable", daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(outcome)


def keep_for_ever(item: Any) -> None:
    """Keep an object that C code may still point to."""
    _ABANDONED.append(item)


def jack_period() -> int:
    """Return the frames that a JACK server takes at once; 0 if none takes clients now."""
    name = ctypes.util.find_library("jack")
    if name is None:
        return 0
    library = ctypes.CDLL(name)
    library.jack_client_open.restype = ctypes.c_void_p
    for function in (library.jack_client_close, library.jack_get_buffer_size):
        function.argtypes = [ctypes.c_void_p]
    status = ctypes.c_int()
    client = library.jack_client_open(b"distill-probe", _JACK_NO_START_SERVER, ctypes.byref(status))
    if not client:
        return 0
    frames = int(library.jack_get_buffer_size(client))
    library.jack_client_close(client)
    return frames


def _is_exactly(device: Device, wanted: str) -> bool:
    api, name = device.host_api.lower(), device.name.lower()
    return wanted in (name, f"{api}:{name}") or (wanted in ("jack", api) and wanted in api)


def _contains(device: Device, wanted: str) -> bool:
    api, _, name = wanted.rpartition(":")
    return (wanted in device.name.lower()) or (
        bool(api) and api in device.host_api.lower() and name in device.name.lower()
    )


def _import_sounddevice() -> Any:
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    try:
        import sounddevice
    except OSError as error:
        hint = "apt-get install libportaudio2" if sys.platform.startswith("linux") else "install PortAudio"
        raise DeviceError(f"PortAudio cannot be loaded ({error}): {hint}, or use --device null") from None
    atexit.unregister(sounddevice._exit_handler)  # it waits for ever for a server that died
    if not sounddevice._initialized:  # ended by another AudioSystem
        sounddevice._initialize()
    return sounddevice


def _library_file(module: Any) -> Path | None:
    """Return the file of the loaded PortAudio, to make fresh copies of; None if it is not known."""
    named = Path(str(getattr(module, "_libname", "")))
    if named.is_file():
        return named
    return next((path for path in loaded_files("libportaudio") if path.is_file()), None)
