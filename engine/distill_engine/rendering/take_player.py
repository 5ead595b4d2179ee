"""Play a take offline: a synth that carries out the events of the take, each at its tick."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.sequence import CodeSequence
from distill_engine.errors import ControlError, DistillError, TakeError
from distill_engine.rendering.performance import put_out
from distill_engine.state import from_arrays
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.marks.plane import MarkPlane
from distill_engine.synthesis.space.layout import Hearing
from distill_engine.synthesis.synth import Synth
from distill_engine.synthesis.synth_state import SynthState
from distill_engine.synthesis.take_header import played_model
from distill_engine.system.listeners import Listener, ignore
from distill_engine.system.names import printable
from distill_engine.takes.take import (
    TICK_SAMPLES,
    CodesChange,
    Command,
    LiveInput,
    MarksChange,
    ParameterChange,
    PlayedModel,
    Swap,
    Take,
    acts_at_hop,
    step_of_tick,
)

_UNFIT = (ArithmeticError, LookupError, TypeError, ValueError, RecursionError)

Resolve = Callable[[PlayedModel, str], Instrument]
"""(what was played, vocoder) -> the instrument that a take swaps to. Raises DistillError."""


def play_take(
    instrument: Instrument,
    take: Take,
    resolve: Resolve,
    *,
    vocoder: str | None = None,
    hearing: Hearing | None = None,
    notify: Listener = ignore,
) -> Iterator[Float32Array]:
    """Play a take in blocks [C, n], divided as they were live, which gives the same samples.

    `vocoder` plays the same performance through another vocoder. Its sound is shifted by the
    difference of the delays, so that it stays aligned. `hearing` is how it is heard. `notify`
    receives a sentence for each problem that was handled.

    Raises TakeError if the take belongs to another model, VocoderError if the vocoder fails.
    """
    header = take.header
    if header.main.digest("model") != instrument.model_digest:
        raise TakeError(
            f"the take was played with {header.main.name} ({header.main.digest('model')[:12]}), not with {instrument.name} "
            f"({instrument.model_digest[:12]}); give the model it was played with"
        )
    _check_analysis(instrument, header.main)
    if not header.main.is_of(played_model(0, instrument).digests):
        notify(
            f"codes, controls or level of {printable(header.main.name, 80)} are others than when the take was played, "
            "so it may sound different"
        )
    if (header.hop, header.sample_rate) != (instrument.hop, instrument.sample_rate):
        raise TakeError(
            f"the take has hops of {header.hop} samples at {header.sample_rate} Hz, {instrument.name} has "
            f"{instrument.hop} at {instrument.sample_rate}; the take is damaged"
        )
    try:
        yield from _TakePlayer(instrument, take, resolve, vocoder, hearing or Hearing(), notify).play()
    except _UNFIT as error:  # a state of the right names, but with values that no synth has
        detail = printable(f"{type(error).__name__}: {error}")
        raise TakeError(f"the take's state does not fit {instrument.name} ({detail}); record it again") from None


def _check_analysis(instrument: Instrument, played: PlayedModel) -> None:
    analysis = played.digest("analysis")
    if analysis and analysis != instrument.analysis_digest:
        raise TakeError(
            f"the take was played with another analysis of {printable(played.name, 80)}, "
            "with other controls and another corpus; "
            "give the model file it was played with"
        )


class _TakePlayer:
    """A synth that carries out the events of a take, each at its tick."""

    def __init__(
        self,
        instrument: Instrument,
        take: Take,
        resolve: Resolve,
        vocoder: str | None,
        hearing: Hearing,
        notify: Listener,
    ) -> None:
        self._take, self._resolve, self._vocoder, self._notify = take, resolve, vocoder, notify
        self._space = hearing.space
        header = take.header
        self._hopwise = header.output_tick == header.hop  # until version 3
        self._synth = Synth(
            instrument, seed=header.seed, block=header.block, output_tick=header.output_tick, layout=hearing.layout
        )
        self._synth.loop.play_as_before(header.rules)
        same = vocoder is None and instrument.vocoder_digest == header.main.digest("vocoder")
        recorded = self._restore(networks=same)
        if self._space is not None:
            self._synth.output.space.begin(self._space)
        self._shift = 0 if same else self._synth.alignment_samples - recorded

    def play(self) -> Iterator[Float32Array]:
        """Yield blocks [C, n] of exactly the take's length.

        They are shorter if another vocoder has less delay: by the difference.
        """
        header, shift = self._take.header, self._shift
        if shift < 0:
            yield np.zeros((self._synth.channels, -shift), np.float32)
        skip = max(0, shift)
        step = header.output_tick
        ticks = step_of_tick(self._take.ticks, step)
        left = ticks * step + min(0, shift)
        for block in self._perform(ticks + -(-skip // step)):
            part, skip = block[:, skip:], max(0, skip - block.shape[1])
            yield part[:, :left]
            left -= min(left, part.shape[1])

    def _swapped(self, played: PlayedModel) -> Instrument:
        found = self._resolve(played, self._vocoder or played.vocoder)
        _check_analysis(found, played)
        return found

    def _restore(self, *, networks: bool) -> int:
        """Restore the synth to the start of the take; return the delay of its voices in samples."""
        header = self._take.header
        for played in header.playing[1:]:
            self._synth.swap(self._swapped(played), 0.0, slot=played.slot)
        if header.state is None:
            for address, value in header.defaults.items():
                self._synth.set(address, value)
            return 0
        try:
            state = from_arrays(SynthState, header.state)
            if not 0 <= state.alignment_samples <= header.sample_rate:
                raise ValueError(f"voices delayed by {state.alignment_samples} samples")
            self._synth.restore(state, networks=networks)
        except (*_UNFIT, DistillError) as error:
            name, detail = self._synth.instrument.name, printable(str(error))
            raise TakeError(f"the take's state does not fit {name} ({detail}); record it again") from None
        return state.alignment_samples

    def _perform(self, ticks: int) -> Iterator[Float32Array]:
        """Yield blocks up to tick `ticks`; after the last event the sound continues.

        Hops are divided as they were live: in blocks, which end where something acts on the next
        hop. The live input waits until it is computed.
        """
        step, at = self._take.header.output_tick, 0
        self._live = np.zeros(0, np.float32)
        times = [step_of_tick(event.tick, step) for event in self._take.events]
        pairs = zip(times, self._take.events, strict=True)
        acts = [time for time, event in pairs if self._hopwise or acts_at_hop(event)]
        for event, time in zip((*self._take.events, None), (*times, ticks), strict=True):
            while at < min(time, ticks):
                if not self._synth.loop.ticks_waiting:
                    self._compute(at, acts)
                block = put_out(self._synth, min(time, ticks) - at, self._notify)
                at += block.shape[1] // step
                yield block
            if isinstance(event, LiveInput):
                self._live = event.samples
            elif event is not None:
                self._do(event)

    def _compute(self, at: int, acts: Sequence[int]) -> None:
        """Compute the next hops at the time `at`, up to the next of the times `acts` [n]."""
        header = self._take.header
        following = bisect_right(acts, at)
        ticks = acts[following] - at if following < len(acts) else header.block * header.hop
        count = max(1, min(header.block, ticks * header.output_tick // header.hop))
        length = count * header.hop
        samples = np.pad(self._live, (0, max(0, length - len(self._live)))) if len(self._live) else None
        self._live = self._live[self._synth.loop.compute(count, samples) * header.hop :]

    def _do(self, event: ParameterChange | Command | Swap | CodesChange | MarksChange) -> None:
        """Carry out one event of the take. Raises TakeError if that is not possible."""
        try:
            match event:
                case ParameterChange():
                    self._synth.set(event.address, event.value, event.glide_seconds)
                case Swap():
                    self._swap(event)
                case CodesChange():
                    self._play_codes(event)
                case MarksChange():
                    self._synth.marks.replace(from_arrays(MarkPlane, event.arrays) if event.arrays else None)
                case Command():
                    self._command(event.name, event.arguments)
        except (ControlError, *_UNFIT) as error:
            seconds, detail = event.tick * TICK_SAMPLES / self._take.header.sample_rate, printable(str(error))
            raise TakeError(f"the take's change at {seconds:.2f} s cannot be done: {detail}") from None

    def _swap(self, event: Swap) -> None:
        """Carry out a swap.

        With a requested `vocoder`, a swap that only changes the vocoder is skipped.
        """
        model = event.model
        old = self._synth.instrument_at(model.slot)
        same = old is not None and old.name == model.name and model.is_of(played_model(model.slot, old).digests)
        if self._vocoder is None or not same:
            self._synth.swap(self._swapped(model), event.fade_seconds, slot=model.slot)

    def _play_codes(self, event: CodesChange) -> None:
        """Play the codes that the take holds. Raises ControlError if the model has none such."""
        codes = self._synth.codes
        if event.residual.shape != (len(codes.codes.books.spread), COLUMN_HOPS * event.codes.shape[1]):
            raise ControlError("its codes are damaged")
        sequence = CodeSequence(event.codes, event.residual)
        (codes.go_on_with if event.going_on else codes.replace)(sequence)

    def _command(self, name: str, arguments: Mapping[str, Any]) -> None:
        synth = self._synth
        match name:
            case "play" if not self._hopwise:  # what it does to notes is an event of its own, "free"
                synth.output.playing = True
            case "panic" if not self._hopwise:
                synth.output.panic()
            case "free":
                synth.keys.free()
            case "voices":
                synth.keys.set_voices(int(arguments["count"]), float(arguments["budget"]))
            case "budget" | "relieve":
                carry_out = synth.keys.set_budget if name == "budget" else synth.keys.relieve_to
                carry_out(float(arguments["budget"]))
            case "express":
                name, control = str(arguments["name"]), str(arguments["control"])
                synth.keys.express(name, float(arguments["key"]), float(arguments["value"]), control)
            case "play" | "stop" | "panic" | "trigger":
                getattr(synth, name)()
            case "source":
                synth.select_source(str(arguments["source"]), float(arguments["fade"]))
            case "note":
                synth.note(float(arguments["key"]), float(arguments["velocity"]))
            case "codes/set" | "codes/copy" | "codes/loop":
                numbers = {key: int(value) for key, value in arguments.items()}
                getattr(synth.codes, name.removeprefix("codes/"))(**numbers)
            case "prior/start":
                synth.prior.start(str(arguments["name"]))
            case "prior/continue":
                synth.prior.go_on(*(int(arguments[key]) for key in ("column", "code", "run")))
            case "space":
                if self._space is None:
                    synth.set_space(str(arguments["space"]))
            case "seed":
                synth.set_seed(int(arguments["seed"]))
            case "pin":
                synth.pin(frozenset(int(i) for i in arguments["dimensions"]))
            case "clear":
                synth.swap(None, float(arguments["fade"]), slot=int(arguments["slot"]))
            case other:
                raise ControlError(f"'{printable(other, 40)}' is unknown")
