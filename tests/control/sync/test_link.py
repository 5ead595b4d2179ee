"""`--link`: a real control process follows a Link peer on this machine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from distill_control.settings.control import ControlSettings
from distill_control.sync import link_service
from distill_control.sync.link_service import LinkService
from distill_engine.errors import MissingPartError
from distill_engine.vocabulary.table import index_of

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

    async def act(peer: Any) -> None:
        assert await until(lambda: peer.num_peers == 1)
        assert await until(lambda: abs(tempo() - peer.tempo) < 0.02)
        peer.tempo = 97.5
        assert await until(lambda: abs(tempo() - 97.5) < 0.02)
        assert control.commands == []
        peer.playing = True
        assert await until(lambda: len(control.commands) == 2)
        peer.playing = False
        assert await until(lambda: len(control.commands) == 3)

    with_peer(act)
    assert [name for name, _ in control.commands] == ["source/trigger", "play", "stop"]


def test_nothing_is_joined_unless_it_is_asked_for(fake_link: Any, rain: Any) -> None:
    service = asyncio.run(link_service.start(rain, ControlSettings(), lambda *said: None))
    assert service.status() == {}
    asyncio.run(service.stop())


def test_without_the_part_for_link_the_start_names_it(rain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distill_engine.system.extras.find_spec", lambda name: None)
    with pytest.raises(MissingPartError, match=r"--link needs the Link part.*distill-audio\[link\]"):
        LinkService(rain, lambda *said: None).start()
