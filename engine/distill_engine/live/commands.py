"""Commands of the control process to the playing engine, each answered: done, or why it failed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distill_engine.audio_io.capture import Capture
from distill_engine.errors import ControlError, DistillError
from distill_engine.inference.torch_import import IMPORT_MARGIN, import_torch, torch_is_here
from distill_engine.inference.vocoder_choice import plays_in_torch
from distill_engine.library.lookup import find_model
from distill_engine.library.reports import line_on
from distill_engine.live.answers import Answer, when_done
from distill_engine.live.capacity.budget import Budget
from distill_engine.live.capacity.realtime_check import Fit, FitRequest
from distill_engine.live.code_commands import CodeCommands
from distill_engine.live.following import Follower
from distill_engine.live.live_notes import LiveNotes
from distill_engine.live.marks.mark_commands import MarkCommands
from distill_engine.live.old_instruments import OldInstruments
from distill_engine.live.performer import Performer
from distill_engine.live.played_versions import PlayedVersions
from distill_engine.live.recordings import Recordings
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.voices.voice_pool import VoicePool
from distill_engine.system.threads import lower_thread_priority
from distill_engine.vocabulary.table import BLEND_SLOTS, MOST_MARKS

WAITING = {"loader": 4, "recorder": 4, "sources": 4, "marks": 2 * MOST_MARKS}
"""How many commands may wait for each thread; a set of marks may come as one burst."""
THREADS = {"record": "recorder", "marks": "marks"} | dict.fromkeys(("source", "codes", "prior"), "sources")
"""Commands that a model slow to load does not hold up, by their first word: they have threads of their own."""
LOADING_MARGIN_SECONDS = 0.015  # extra fill of the ring while a model loads or is freed
LOADING_LIMIT_SECONDS = 30.0  # for how long, at most
SWAP_MARGIN_SECONDS = 0.003  # extra fill beside the time of the voices that cross-fade

Job = tuple[Callable[[], None], Answer]


@dataclass(frozen=True)
class LoadOptions:
    """How instruments are loaded while playing: `request` has the block and threads of the start.

    `budget` is that of what plays. `allow_paths` admits files outside the library.
    `versions` holds the files that play.
    """

    request: FitRequest
    budget: Budget
    allow_paths: bool = False
    versions: PlayedVersions = field(default_factory=PlayedVersions)


class LiveCommands:
    """Carries out commands on a running `Performer`.

    Quick commands run on the synth thread between two blocks. Instruments load on a thread of their
    own, and the synth cross-fades to them when they are ready. Sources and recordings have threads
    too. If a command fails, the engine plays on as before.

    Args:
        send: sends answers and events to the control process.
        loaded: called when another instrument plays in the first slot.
        capture: the input device, opened when the input source is wanted.
    """

    def __init__(
        self,
        performer: Performer,
        synth: Synth,
        options: LoadOptions,
        send: Callable[[Mapping[str, Any]], Any],
        loaded: Callable[[Instrument], None],
        capture: Capture,
    ) -> None:
        self.synth = synth
        self._performer, self._options = performer, options
        self._send, self._loaded, self._capture = send, loaded, capture
        self.recordings = Recordings(
            performer, synth, self._run, self._notice, self._keep, allow_paths=options.allow_paths
        )
        self.follower = Follower(lambda: synth.instrument, lambda: synth.recording, self._queue_version, self._notice)
        self.swaps = 0
        self._jobs: dict[str, queue.Queue[Job | None]] = {name: queue.Queue() for name in WAITING}
        for name, jobs in self._jobs.items():
            threading.Thread(target=self._do_all, args=(jobs,), name=name, daemon=True).start()
        self._old = OldInstruments(
            synth,
            lambda look: self._jobs["loader"].put((look, lambda reason: None)),
            lambda: performer.raise_latency_for(LOADING_MARGIN_SECONDS, 1.0),
        )
        codes, notes = CodeCommands(synth, self._run, self._tell_source), LiveNotes(synth)
        self.marks = MarkCommands(synth, self._run, send)
        self._quick: dict[str, Callable[..., Any]] = {
            "play": synth.play,
            "stop": synth.stop,
            "source/trigger": synth.trigger,
            **notes.quick,
            "seed": lambda seed: synth.set_seed(int(seed)),
            "space": synth.set_space,
            **codes.quick,
            "follow": lambda on: self.follower.switch(bool(on)),
        }
        self._slow: dict[str, Callable[..., Any]] = {
            "source": self.change_source,
            "vocoder": self.change_vocoder,
            "model": self.change_model,
            "blend/model": self.change_blend,
            "voices": self.change_voices,
            "record": lambda name: self._send(self.recordings.command(name)),
            **(codes.slow | self.marks.slow),
        }

    def handle(self, message: Mapping[str, Any]) -> None:
        """Take one message of the control process; answers it now or when its command is done."""
        command, arguments = message.get("command"), message.get("arguments", [])
        if not isinstance(command, str) or not isinstance(arguments, list):
            return
        answer = self._answer_to(message.get("id"))
        try:
            self._start(command, arguments, answer)
        except Exception as error:
            answer(line_on(error, f"the command {command}"))

    def stop(self) -> None:
        """End the threads, and a recording under way. Raises AudioFileError, TakeError."""
        self.follower.stop()
        for jobs in self._jobs.values():
            jobs.put(None)
        try:
            self.recordings.finish()
        finally:
            self._options.versions.close()

    def change_source(self, name: str) -> None:
        """Play another source; `input` opens the device. Raises ControlError, DeviceError."""
        if name == "input" and name in self.synth.instrument.source_names:
            self._notice("info", f"listening to {self._capture.open()}")
        self._run(lambda: self.synth.select_source(name))

    def change_vocoder(self, name: str) -> None:
        """Play the same model through another vocoder. Raises ControlError, VocoderError."""
        path = self.synth.instrument.path
        if path is None:
            raise ControlError("what plays has no model file to take another vocoder from")
        request = replace(self._options.request, vocoder=name)
        self._play_file(path, request)
        self._options = replace(self._options, request=request)

    def change_model(self, name: str) -> None:
        """Play another model of the library. Raises LibraryError, ModelFileError, VocoderError."""
        self._play_file(self._find(name), self._options.request)

    def follow_version(self, path: Path) -> None:
        """Play the new version of the file that plays, unless a take has begun. Raises as above."""
        self._play_file(path, self._options.request, unless=lambda: self.synth.recording)

    def change_blend(self, slot: int, name: str) -> None:
        """Put a model into a blend slot; an empty name empties it. Raises as `change_model`."""
        if not name:
            budget = self._options.budget.without_slot(int(slot))
            self._change(int(slot), budget, lambda: self.synth.swap(None, slot=int(slot)))
        elif int(slot) == 0:
            self.change_model(name)
        else:
            self._swap(*self._fit(self._find(name), replace(self._options.request, voices=1)), int(slot))
        self._send({"event": "setting", "address": f"/distill/blend/model/{int(slot)}", "value": name})

    def change_voices(self, count: int) -> None:
        """Play up to `count` notes at once. Raises ControlError, VocoderError."""
        self._performer.raise_latency_for(LOADING_MARGIN_SECONDS, LOADING_LIMIT_SECONDS)
        try:
            budget = self._options.budget.with_voices(int(count))
        finally:
            self._performer.raise_latency_for(LOADING_MARGIN_SECONDS, 1.0)
        self.synth.pool.prepare(self._performer.block, int(count))
        self._run(lambda: self.synth.keys.set_voices(int(count), budget.hops))
        request = replace(self._options.request, voices=int(count))
        self._options = replace(self._options, request=request, budget=budget)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _start(self, command: str, arguments: Sequence[Any], answer: Answer) -> None:
        if command == "panic":
            when_done(self._performer.panic(), answer)
        elif command in self._quick:
            action = self._quick[command]
            when_done(self._performer.call(lambda: action(*arguments)), answer)
        elif command in self._slow:
            slow, thread = self._slow[command], THREADS.get(command.partition("/")[0], "loader")
            jobs, most = self._jobs[thread], WAITING[thread]
            if jobs.qsize() >= most:
                raise ControlError(f"{most} commands wait already; try again in a moment")
            jobs.put((lambda: slow(*arguments), answer))
        else:
            raise ControlError(f"the engine has no command {command[:60]!r}")

    def _do_all(self, jobs: queue.Queue[Job | None]) -> None:
        lower_thread_priority()
        while (job := jobs.get()) is not None:
            action, answer = job
            try:
                action()
            except Exception as error:
                answer(line_on(error, "a command"))
            else:
                answer(None)

    def _play_file(self, path: Path, request: FitRequest, unless: Callable[[], bool] = lambda: False) -> None:
        pool, fit = self._fit(path, request)
        if unless():
            return self._performer.raise_latency_for(0.0, 0.0)
        self._swap(pool, fit)
        self._loaded(pool.instrument)

    def _queue_version(self, path: Path, answer: Answer) -> bool:
        """Queue the loading of a new version; return False if too much waits already."""
        jobs = self._jobs["loader"]
        if jobs.qsize() >= WAITING["loader"]:
            return False
        jobs.put((lambda: self.follow_version(path), answer))
        return True

    def _playing(self) -> list[Instrument]:
        return [found for slot in range(BLEND_SLOTS) if (found := self.synth.instrument_at(slot)) is not None]

    def _keep(self, take: Path) -> None:
        self._options.versions.keep(take, self._playing())

    def _find(self, name: str) -> Path:
        return find_model(name, allow_paths=self._options.allow_paths)

    def _fit(self, path: Path, request: FitRequest) -> tuple[VoicePool, Fit]:
        """Load in this thread. Raises the ring's fill: loading holds Python's lock up to 10 ms."""
        if plays_in_torch(request.vocoder) and not torch_is_here():
            self._performer.raise_latency_for(IMPORT_MARGIN, LOADING_LIMIT_SECONDS)
            import_torch()
        self._performer.raise_latency_for(LOADING_MARGIN_SECONDS, LOADING_LIMIT_SECONDS)
        try:
            return self._options.versions.load(path, request)
        except DistillError:
            self._performer.raise_latency_for(0.0, 0.0)
            raise

    def _swap(self, pool: VoicePool, fit: Fit, slot: int = 0) -> None:
        """Cross-fade to an instrument. Raises the ring's fill first: old voices still play."""
        instrument = pool.instrument
        try:
            budget = self._options.budget.with_slot(slot, instrument, fit.factor)
            fade = self.synth.parameters.value("/distill/source/fade")
            extra = (1 + self.synth.voices) * fit.block_seconds(instrument) + SWAP_MARGIN_SECONDS
            self._performer.raise_latency_for(extra, fade + 1.0)
            self._change(slot, budget, lambda: self.synth.swap(pool, slot=slot))
        except DistillError:
            self._performer.raise_latency_for(0.0, 0.0)
            raise
        self.swaps += 1
        self._options.versions.release(self._playing())
        self.recordings.keep_versions()
        if slot == 0:
            self._tell_source()
            self.marks.follow_model()

    def _change(self, slot: int, budget: Budget, change: Callable[[], None]) -> None:
        """Change what plays in a slot, on the synth thread; notes keep to the new budget then."""

        def changed() -> None:
            change()
            self.synth.keys.set_budget(budget.hops)

        replaced = self._old.played(slot)
        self._run(changed)
        self._options = replace(self._options, budget=budget)
        self._old.hold(replaced)

    def _run(self, action: Callable[[], Any]) -> Any:
        return self._performer.call(action).result(timeout=10.0) if self._performer.running else action()

    def _tell_source(self) -> None:
        self._send({"event": "setting", "address": "/distill/source", "value": self.synth.source})

    def _notice(self, level: str, text: str) -> None:
        self._send({"event": "notice", "level": level, "text": text})

    def _answer_to(self, identifier: object) -> Answer:
        def answer(reason: str | None) -> None:
            outcome = {"status": "done"} if reason is None else {"status": "failed", "reason": reason}
            self._send({"id": identifier, **outcome})

        return answer
