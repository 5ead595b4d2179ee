"""MIDI in the control process: one thread that all messages, ports and maps belong to."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

from distill_control.arguments import Value
from distill_control.midi.binding import learned_binding
from distill_control.midi.controllers import Rack
from distill_control.midi.controls import Control
from distill_control.midi.hotplug import PortKeeper
from distill_control.midi.map_store import MapShelf
from distill_control.midi.ports import read_message
from distill_control.session import Session
from distill_control.settings.control import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.library import folders

Notify = Callable[[str, str], None]
T = TypeVar("T")

QUEUE_LIMIT = 20_000
IDLE_SECONDS = 0.03
AWAITING_SECONDS = 0.004


class MidiService:
    """Ports -> queue -> the MIDI thread -> session; learning and its commands."""

    def __init__(
        self, session: Session, settings: ControlSettings, notify: Notify, *, maps: Path | None = None
    ) -> None:
        explicit = Path(settings.midi_map).expanduser() if settings.midi_map else None
        self.session = session
        self._notify = notify
        self.dropped = 0
        self.messages = 0
        self._failure = ""
        self._queue: queue.SimpleQueue[tuple[str, bytes, float] | Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._ready = threading.Event()
        shelf = MapShelf(maps or folders.maps_dir(), explicit, notify)
        self.rack = Rack(session, shelf, notify, self._put)
        self._keeper = PortKeeper(
            settings.midi_port, self.receive, notify, output_of=lambda port: shelf.for_port(port).output
        )
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)
        session.register("/distill/midi/learn", self._learn)
        session.register("/distill/midi/forget", self._forget)
        session.register("/distill/midi/cancel", self._cancel)
        session.register("/distill/midi/list", self._list)

    def start(self) -> None:
        """Begin; returns once the ports that are there have been opened."""
        self._thread.start()
        self._ready.wait(5.0)

    def receive(self, port: str, data: bytes) -> None:
        """Bytes of one message have come in at a port; called from any thread."""
        self._put((port, data, time.monotonic()))

    async def stop(self) -> None:
        """Close all ports and end the thread."""
        self._stopping.set()
        self._put(lambda: None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join, 3.0)

    def status(self) -> dict[str, float | int | str]:
        """Ports open, messages taken, messages dropped because they came faster than they could be taken."""
        ports = sum(not link.virtual for link in tuple(self._keeper.connections.values()))
        return {"midi_ports": ports, "midi_messages": self.messages, "midi_dropped": self.dropped}

    # ---- commands, from other threads

    def _learn(self, arguments: tuple[Value, ...], origin: str) -> None:
        address = str(arguments[0])
        self.session.resolve(address)
        learned_binding(Control("cc", 16, 1), address)
        self._call(lambda: self.rack.learn.arm(address))

    def _cancel(self, arguments: tuple[Value, ...], origin: str) -> None:
        self._call(self.rack.cancel)

    def _forget(self, arguments: tuple[Value, ...], origin: str) -> None:
        address = str(arguments[0])
        if not self._call(lambda: self.rack.forget(address)):
            raise ControlError(f"nothing steers {address}; /distill/midi/list tells what steers what")

    def _list(self, arguments: tuple[Value, ...], origin: str) -> list[Value]:
        return self._call(self.rack.listing)

    def _put(self, item: tuple[str, bytes, float] | Callable[[], None]) -> None:
        if self._queue.qsize() >= QUEUE_LIMIT:
            self.dropped += 1
            return
        self._queue.put(item)

    def _call(self, work: Callable[[], T]) -> T:
        """Has the MIDI thread do something, and waits for it."""
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return work()
        future: Future[T] = Future()

        def carry_out() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._put(carry_out)
        try:
            return future.result(5.0)
        except TimeoutError:
            raise ControlError("MIDI is busy and did not answer within 5 s; try again") from None

    # ---- the MIDI thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._safely(self._plug)
            self._ready.set()
            self._take(AWAITING_SECONDS if self.rack.awaiting() else IDLE_SECONDS)
            self._safely(lambda: self.rack.tick(time.monotonic()))
        self.rack.clear()
        self._keeper.close()

    def _safely(self, work: Callable[[], None]) -> None:
        """Whatever goes wrong in it, the thread lives on; the same is said once."""
        try:
            work()
        except Exception as error:
            failure = f"MIDI: unexpected {type(error).__name__}: {error}"
            if failure != self._failure:
                self._failure = failure
                self._notify("error", failure)

    def _plug(self) -> None:
        """Takes and lets go of controllers that came and went."""
        opened, closed = self._keeper.poll(time.monotonic())
        for link in closed:
            self._safely(partial(self.rack.remove, link.port.name))
        for link in opened:
            self._safely(partial(self.rack.add, link.port.name, link.target))

    def _do(self, item: tuple[str, bytes, float] | Callable[[], None]) -> None:
        """One thing that was queued."""
        if callable(item):
            item()
            return
        port, data, now = item
        self.messages += 1
        message = read_message(data)
        if message is not None:
            self.rack.handle(port, message, now)

    def _take(self, timeout: float) -> None:
        """Do what is queued: wait for the first, then up to 256 more."""
        try:
            self._safely(partial(self._do, self._queue.get(timeout=timeout)))
            for _ in range(256):
                self._safely(partial(self._do, self._queue.get_nowait()))
        except queue.Empty:
            return


async def start(session: Session, settings: ControlSettings, notify: Notify) -> MidiService:
    """Start MIDI, unless the settings leave it out; `/distill/midi/list` and its like answer in either case."""
    service = MidiService(session, settings, notify)
    if settings.midi:
        await asyncio.get_running_loop().run_in_executor(None, service.start)
    return service
