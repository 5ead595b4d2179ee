"""`--link`: a real control process follows a Link peer on this machine."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from distill_control.settings.control import ControlSettings
from distill_control.sync import link_service
from distill_control.sync.link_service import LinkService
from distill_engine.errors import MissingPartError
from distill_engine.realtime.shared_memory import StatusWriter
from distill_engine.realtime.status import Status
from distill_engine.synthesis.sources.beat_clock import BAR_BEATS, BeatClock
from distill_engine.vocabulary.table import index_of

LATENCY_SECONDS = 0.2  # of the engine, as it says
BEATS = 12  # for which the beats are compared
PATIENCE = 500  # looks at what is awaited, 20 ms apart


async def until(condition: Callable[[], bool]) -> bool:
    for _ in range(PATIENCE):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False


def with_peer(act: Callable[[Any], Awaitable[None]]) -> None:
    """Run `act` with a peer of 133 bpm that is in the session."""
    Link = pytest.importorskip("aalink").Link

    async def run() -> None:
        peer = Link(133.0)
        peer.start_stop_sync_enabled = True
        peer.enabled = True
        try:
            await act(peer)
        finally:
            peer.enabled = False

    asyncio.run(run())


@pytest.mark.realtime
@pytest.mark.listens
def test_tempo_start_and_stop_of_a_peer_are_followed(make_engine: Any) -> None:
    control = make_engine(link=True)

    def tempo() -> float:
        return float(control.value(index_of("/distill/source/tempo")))

    def phase() -> float:
        return float(control.value(index_of("/distill/source/phase")))

    async def act(peer: Any) -> None:
        assert await until(lambda: peer.num_peers == 1)
        assert await until(lambda: abs(tempo() - peer.tempo) < 0.02)
        peer.tempo = 97.5
        assert await until(lambda: abs(tempo() - 97.5) < 0.02)
        assert await until(lambda: phase() >= 0.0)
        assert control.commands == []
        peer.playing = True
        assert await until(lambda: len(control.commands) == 2)
        peer.playing = False
        assert await until(lambda: len(control.commands) == 3)

    with_peer(act)
    assert [name for name, _ in control.commands] == ["source/trigger", "play", "stop"]


@pytest.mark.realtime
@pytest.mark.listens
def test_the_engines_beats_keep_in_step_with_a_peer(make_engine: Any) -> None:
    control = make_engine(link=True)
    status = Status(device_connected=1.0, latency_ms=LATENCY_SECONDS * 1e3 + 10.0, latency_jitter_ms=20.0)
    StatusWriter(control.block).publish(status.figures())
    tempo, phase = (index_of(f"/distill/source/{name}") for name in ("tempo", "phase"))
    apart: list[float] = []

    async def act(peer: Any) -> None:
        peer.quantum = BAR_BEATS
        assert await until(lambda: peer.num_peers == 1 and control.value(phase) >= 0.0)
        frame_rate, done, begun = 44100 / 512, 0, time.monotonic()
        clock = BeatClock(frame_rate)
        while (passed := time.monotonic() - begun) < BEATS * 60 / peer.tempo:
            while done < passed * frame_rate:
                _, beats = clock.advance(control.value(tempo), control.value(phase))
                done += 1
            if beats is not None and passed > 4 * 60 / peer.tempo:
                heard = peer.phase + LATENCY_SECONDS * peer.tempo / 60
                apart.append((beats[1] - heard + BAR_BEATS / 2) % BAR_BEATS - BAR_BEATS / 2)
            await asyncio.sleep(0.01)

    with_peer(act)
    assert abs(statistics.median(apart)) < 0.1  # beats: 45 ms


def test_nothing_is_joined_unless_it_is_asked_for(fake_link: Any, rain: Any) -> None:
    service = asyncio.run(link_service.start(rain, ControlSettings(), lambda *said: None))
    assert service.status() == {}
    asyncio.run(service.stop())


def test_without_the_part_for_link_the_start_names_it(rain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distill_engine.system.extras.find_spec", lambda name: None)
    with pytest.raises(MissingPartError, match=r"--link needs the Link part.*distill-audio\[link\]"):
        LinkService(rain, lambda *said: None).start()
