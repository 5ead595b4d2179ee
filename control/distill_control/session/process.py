"""The control process: services around one session, until the engine ends or is gone."""

import asyncio
import contextlib
import signal
import sys
import threading
from dataclasses import dataclass, replace
from importlib import import_module

from distill_control.session.engine_link import EngineLink
from distill_control.session.service import SERVICES, Service
from distill_control.session.session import Session
from distill_control.session.user_messages import Notices
from distill_control.session.view import show
from distill_control.settings import ControlSettings
from distill_engine.errors import DistillError
from distill_engine.realtime.message_channel import Channel, ChannelClosed
from distill_engine.realtime.shared_memory import SharedBlock

TICK_SECONDS = 1 / 30
ENGINE_GONE = 1


@dataclass(frozen=True)
class Start:
    """What the engine hands to its control process. `again` marks one that takes the place of one that died."""

    channel_descriptor: int
    shared_name: str
    settings: ControlSettings
    again: bool = False


def run(start: Start) -> int:
    """Runs until the engine says that it ends (0), is gone (1), or the start fails (1, and the engine is told why)."""
    channel = Channel.from_descriptor(start.channel_descriptor)
    try:
        block = SharedBlock.attach(start.shared_name)
        settings = replace(start.settings, retry_ports=True) if start.again else start.settings
        return asyncio.run(ControlProgram(channel, block, settings, again=start.again).run())
    except DistillError as error:
        channel.send({"event": "failed", "reason": str(error)})
        channel.flush()
        return error.exit_code
    finally:
        channel.close()


class ControlProgram:
    """Session, services, view and the thread that listens to the engine."""

    def __init__(self, channel: Channel, block: SharedBlock, settings: ControlSettings, *, again: bool) -> None:
        self._channel = channel
        self._settings = settings
        self._again = again
        self._loop: asyncio.AbstractEventLoop | None = None
        self.notices = Notices(settings.view)
        link = EngineLink(channel, block)
        self.session = Session(link, subscriber_limit=settings.subscriber_limit)
        if again:
            self.session.values.parameters = link.values()
        self._services: list[Service] = []
        self._ended = asyncio.Event()
        self._result = 0

    async def run(self) -> int:
        """Serves until the end; see `run` above."""
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, RuntimeError):
                self._loop.add_signal_handler(number, self._ended.set)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._start_services()
            self._channel.send({"event": "ready", **self._service_figures()})
            threading.Thread(target=self._listen, name="engine", daemon=True).start()
            tasks = [self._loop.create_task(self._tick())]
            tasks.append(self._loop.create_task(show(self.session, self.notices, self._settings)))
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for service in reversed(self._services):
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(service.stop(), 2.0)
        return self._result

    async def _start_services(self) -> None:
        """Starts every service. Wrong settings end the start; what is broken on this machine is reported and left out."""
        for name in SERVICES:
            try:
                service: Service = await import_module(name).start(self.session, self._settings, self.notices.add)
            except DistillError as error:
                if not self._again:
                    raise
                self.notices.add("error", str(error))
            except Exception as error:
                self.notices.add("error", f"{name.split('.')[1]} does not run: {type(error).__name__}: {error}")
            else:
                self._services.append(service)
                self.session.add_status(service.status)

    def _service_figures(self) -> dict[str, float | int | str]:
        figures: dict[str, float | int | str] = {}
        for service in self._services:
            figures |= service.status()
        return figures

    async def _tick(self) -> None:
        while True:
            try:
                self.session.tick()
            except Exception as error:
                self.notices.add("error", f"feedback failed: {type(error).__name__}: {error}")
            await asyncio.sleep(TICK_SECONDS)

    def _listen(self) -> None:
        """Hands the engine's messages to the loop, from a thread."""
        loop = self._loop
        if loop is None:
            return
        with contextlib.suppress(RuntimeError):
            try:
                while (message := self._channel.receive(None)) is not None:
                    loop.call_soon_threadsafe(self._take, message)
            except ChannelClosed:
                loop.call_soon_threadsafe(self._engine_gone)

    def _take(self, message: dict[str, object]) -> None:
        if message.get("event") == "end":
            self._ended.set()
        elif message.get("event") == "notice":
            self.notices.add(str(message.get("level", "info")), str(message.get("text", "")))
        else:
            self.session.on_message(message)

    def _engine_gone(self) -> None:
        if not self._ended.is_set():
            self._result = ENGINE_GONE
            with contextlib.suppress(OSError):
                print("error: the engine is gone; start distill-engine again", file=sys.stderr, flush=True)
            self._ended.set()
