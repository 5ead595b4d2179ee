"""The MIDI service of the control process: one thread owns all ports, controllers and maps."""

import asyncio
import os
import queue
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

from distill_control.arguments import Value
from distill_control.midi.controllers import Controllers
from distill_control.midi.controls import Control
from distill_control.midi.hotplug import PortKeeper
from distill_control.midi.maps.binding import learned_binding
from distill_control.midi.maps.map_store import MapStore
from distill_control.midi.maps.mapfile import parse_map, read_text
from distill_control.midi.ports import read_message
from distill_control.session import Session
from distill_control.settings.control import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.library import folders
from distill_engine.library.reports import line_on

Notify = Callable[[str, str], None]
T = TypeVar("T")

QUEUE_LIMIT = 20_000  # messages and functions that wait for the MIDI thread
IDLE_SECONDS = 0.03
"""Longest wait of the MIDI thread for a message."""
AWAITING_SECONDS = 0.004
"""Longest wait while the fine half of a 14-bit CC is missing."""
_READY_SECONDS = 5.0
_ANSWER_SECONDS = 5.0
_STOP_SECONDS = 3.0
_LIST_CHARACTERS = 300
"""Longest list of addresses in an error."""
_BATCH_COUNT = 256
"""Messages handled before the next tick."""

_Item = tuple[str, bytes, float] | Callable[[], None]
"""A message (port, bytes, time in seconds), or a function to run in the MIDI thread."""


class MidiService:
    """Receive MIDI messages in a queue, handle them in the MIDI thread, and offer MIDI learn.

    Takes `maps` for the folder of map files (default: the library's). Commands may come from any
    thread.
    """

    def __init__(
        self, session: Session, settings: ControlSettings, notify: Notify, *, maps: Path | None = None
    ) -> None:
        explicit = Path(os.path.expanduser(settings.midi_map)) if settings.midi_map else None
        self.session = session
        self._notify = notify
        self.dropped = 0
        self.messages = 0
        self._failure = ""
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._ready = threading.Event()
        map_store = MapStore(maps or folders.maps_dir(), explicit, notify)
        self.controllers = Controllers(session, map_store, notify, self._put)
        self._keeper = PortKeeper(
            settings.midi_port, self.receive, notify, output_of=lambda port: map_store.for_port(port).output
        )
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)
        session.register("/distill/midi/learn", self._learn)
        session.register("/distill/midi/forget", self._forget)
        session.register("/distill/midi/cancel", self._cancel)
        session.register("/distill/midi/list", self._list)

    def start(self) -> None:
        """Start the thread; return when the ports that exist have been opened."""
        self._thread.start()
        self._ready.wait(_READY_SECONDS)

    def receive(self, port: str, data: bytes) -> None:
        """Queue the bytes of one message from a port; called from any thread."""
        self._put((port, data, time.monotonic()))

    async def stop(self) -> None:
        """End the thread, which closes all ports."""
        self._stopping.set()
        self._put(lambda: None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join, _STOP_SECONDS)

    def status(self) -> dict[str, float | int | str]:
        """Return the open ports, the messages received, and those dropped from a full queue."""
        ports = sum(not connection.virtual for connection in tuple(self._keeper.connections.values()))
        return {"midi_ports": ports, "midi_messages": self.messages, "midi_dropped": self.dropped}

    # ---- commands, from other threads

    def _learn(self, arguments: tuple[Value, ...], origin: str) -> None:
        address = str(arguments[0])
        self.session.resolve(address)
        learned_binding(Control("cc", 16, 1), address)
        self._call(lambda: self.controllers.learn.arm(address))

    def _cancel(self, arguments: tuple[Value, ...], origin: str) -> None:
        self._call(self.controllers.cancel)

    def _forget(self, arguments: tuple[Value, ...], origin: str) -> None:
        address = str(arguments[0])
        if not self._call(lambda: self.controllers.forget(address)):
            self.session.resolve(address)
            bound = " ".join(dict.fromkeys(str(word) for word in self._call(self.controllers.listing)[::2]))
            known = textwrap.shorten(bound, _LIST_CHARACTERS, placeholder=" ...") or "none"
            raise ControlError(f"no control is bound to {address}; addresses with a control: {known}")

    def _list(self, arguments: tuple[Value, ...], origin: str) -> list[Value]:
        return self._call(self.controllers.listing)

    def _put(self, item: _Item) -> None:
        if self._queue.qsize() >= QUEUE_LIMIT:
            self.dropped += 1
            return
        self._queue.put(item)

    def _call(self, work: Callable[[], T]) -> T:
        """Run a function in the MIDI thread; return its result. Raises ControlError after 5 s."""
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return work()
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._put(run)
        try:
            return future.result(_ANSWER_SECONDS)
        except TimeoutError:
            raise ControlError(f"MIDI is busy and did not answer within {_ANSWER_SECONDS:g} s; try again") from None

    # ---- the MIDI thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._safely(self._update_ports)
            self._ready.set()
            self._process_queue(AWAITING_SECONDS if self.controllers.awaiting() else IDLE_SECONDS)
            self._safely(lambda: self.controllers.tick(time.monotonic()))
        self.controllers.clear()
        self._keeper.close()

    def _safely(self, work: Callable[[], None]) -> None:
        """Run a part of the thread's work; report an exception once, and go on."""
        try:
            work()
        except Exception as error:
            failure = f"MIDI: {line_on(error, 'its thread')}"
            if failure != self._failure:
                self._failure = failure
                self._notify("error", failure)

    def _update_ports(self) -> None:
        """Add the controllers that were plugged in, remove those that were unplugged."""
        opened, closed = self._keeper.poll(time.monotonic())
        for connection in closed:
            self._safely(partial(self.controllers.remove, connection.port.name))
        for connection in opened:
            self._safely(partial(self.controllers.add, connection.port.name, connection.target))

    def _process(self, item: _Item) -> None:
        """Handle one item of the queue."""
        if callable(item):
            item()
            return
        port, data, now = item
        self.messages += 1
        message = read_message(data)
        if message is not None:
            self.controllers.handle(port, message, now)

    def _process_queue(self, timeout: float) -> None:
        """Handle queued items: wait `timeout` seconds for the first, then take up to 256 more."""
        try:
            self._safely(partial(self._process, self._queue.get(timeout=timeout)))
            for _ in range(_BATCH_COUNT):
                self._safely(partial(self._process, self._queue.get_nowait()))
        except queue.Empty:
            return


async def start(session: Session, settings: ControlSettings, notify: Notify) -> MidiService:
    """Start MIDI unless the settings turn it off; the commands are answered in either case.

    Raises:
        ControlError: if the map asked for cannot be used, except with `keep_going`.
    """
    if settings.midi_map is not None and not settings.keep_going:
        path = Path(os.path.expanduser(settings.midi_map))
        parse_map(read_text(path), str(path))
    service = MidiService(session, settings, notify)
    if settings.midi:
        await asyncio.get_running_loop().run_in_executor(None, service.start)
    return service
