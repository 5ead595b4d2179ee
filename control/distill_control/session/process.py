"""The control process: runs one session and its services until the engine process ends."""

import asyncio
import contextlib
import sys
import threading
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module

from distill_control.session.engine_link import EngineLink
from distill_control.session.service import SERVICES, Service
from distill_control.session.session import Session
from distill_control.session.user_messages import UserMessages, log_to
from distill_control.session.view import show
from distill_control.settings import ControlSettings
from distill_engine.errors import DistillError
from distill_engine.library.reports import line_on, reported_threads
from distill_engine.realtime.message_channel import Channel, ChannelClosed
from distill_engine.realtime.shared_memory import SharedBlock
from distill_engine.system.signals import ending_numbers

TICK_SECONDS = 1 / 30
_EXIT_ENGINE_GONE = 1
"""Exit code when the engine process has ended without notice."""
_STOP_SECONDS = 2.0
"""Longest time that one service may take to stop."""


@dataclass(frozen=True)
class StartOptions:
    """The options that the engine passes to its control process.

    `channel_descriptor` is the file descriptor of the message channel, `shared_name` the name of
    the shared memory. `restarted` marks a control process that replaces one that has crashed.
    """

    channel_descriptor: int
    shared_name: str
    settings: ControlSettings
    restarted: bool = False


def run(start: StartOptions) -> int:
    """Run the control process; return its exit code.

    0: the engine has asked it to end. 1: the engine process has ended without notice, or the start
    has failed; the engine is sent the reason of a failed start.
    """
    channel = Channel.from_descriptor(start.channel_descriptor)
    try:
        block = SharedBlock.attach(start.shared_name)
        patient = start.restarted or start.settings.keep_going
        settings = replace(start.settings, retry_ports=patient or start.settings.retry_ports, keep_going=patient)
        program = ControlProgram(channel, block, settings, restarted=start.restarted)
        log_to(program.user_messages)
        with reported_threads(partial(program.user_messages.add_once, "error")):
            return asyncio.run(program.run())
    except Exception as error:
        channel.send({"event": "failed", "reason": line_on(error, "the start of the control process")})
        channel.flush()
        return error.exit_code if isinstance(error, DistillError) else 1
    finally:
        channel.close()


class ControlProgram:
    """The session, its services, the view, and a thread that receives the engine's messages."""

    def __init__(self, channel: Channel, block: SharedBlock, settings: ControlSettings, *, restarted: bool) -> None:
        self._channel = channel
        self._settings = settings
        self._restarted = restarted
        self._loop: asyncio.AbstractEventLoop | None = None
        link = EngineLink(channel, block)
        self.session = Session(link, subscriber_limit=settings.subscriber_limit)
        self.user_messages = UserMessages(settings.view, partial(self.session.broadcast, "/distill/notice"))
        if restarted:
            self.session.state.restore_parameters(link.values())
        self._services: list[Service] = []
        self._ended = asyncio.Event()
        self._greeted = False  # the engine has said something: its start was no failure, which it tells itself
        self._exit_code = 0

    async def run(self) -> int:
        """Start the services and run until the engine ends; return the exit code of `run` above."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_loop_error)
        for number in ending_numbers():
            with contextlib.suppress(NotImplementedError, RuntimeError):
                self._loop.add_signal_handler(number, self._ended.set)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._start_services()
            self._channel.send({"event": "ready", **self._service_figures()})
            threading.Thread(target=self._receive_messages, name="engine", daemon=True).start()
            tasks = [self._loop.create_task(self._tick())]
            tasks.append(self._loop.create_task(show(self.session, self.user_messages, self._settings)))
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for service in reversed(self._services):
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(service.stop(), _STOP_SECONDS)
        return self._exit_code

    async def _start_services(self) -> None:
        """Start every service.

        Wrong settings end the start, except after a restart and with `keep_going`. Any other
        failure of a service is reported, and the others run without it.
        """
        for name in SERVICES:
            try:
                service: Service = await import_module(name).start(self.session, self._settings, self.user_messages.add)
            except DistillError as error:
                if not (self._restarted or self._settings.keep_going):
                    raise
                self.user_messages.add("error" if self._restarted else "warning", str(error))
            except Exception as error:
                self.user_messages.add("error", f"{name.split('.')[1]} cannot start: {line_on(error)}")
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
                self.user_messages.add_once("error", line_on(error, "sending changes"))
            await asyncio.sleep(TICK_SECONDS)

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Report an exception in a callback that nobody waits for."""
        error = context.get("exception")
        said = line_on(error) if isinstance(error, BaseException) else str(context.get("message", ""))
        self.user_messages.add_once("error", said)

    def _receive_messages(self) -> None:
        """Receive the engine's messages in a thread of its own and pass them to the event loop."""
        loop = self._loop
        if loop is None:
            return
        with contextlib.suppress(RuntimeError):
            try:
                while (message := self._channel.receive(None)) is not None:
                    loop.call_soon_threadsafe(self._on_message, message)
            except ChannelClosed:
                loop.call_soon_threadsafe(self._on_engine_gone)

    def _on_message(self, message: dict[str, object]) -> None:
        self._greeted = True
        if message.get("event") == "end":
            self._ended.set()
        elif message.get("event") == "notice":
            self.user_messages.add(str(message.get("level", "info")), str(message.get("text", "")))
        else:
            self.session.on_message(message)

    def _on_engine_gone(self) -> None:
        if not self._ended.is_set():
            self._exit_code = _EXIT_ENGINE_GONE
            with contextlib.suppress(OSError):
                if self._greeted:
                    print("error: the engine is gone; start distill-engine again", file=sys.stderr, flush=True)
            self._ended.set()
