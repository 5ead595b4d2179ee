"""Which vocoders can be asked for on this machine: the kinds that models have, and published weights."""

from __future__ import annotations

from distill_control.arguments import Value
from distill_control.session.service import Notify
from distill_control.session.session import Session
from distill_control.settings import ControlSettings

ABOUT = {
    "auto": "the best that keeps up",
    "hifigan": "the model's own, or the base one",
    "vocos": "the model's own, or the base one",
    "base": "the one that ships with the product",
}


def vocoder_list() -> tuple[Value, ...]:
    """Names and what is to be known of each, one after the other."""
    from distill_engine.errors import VocoderError
    from distill_engine.library.vocoder_weights import describe, find_weights, published_names

    pairs = dict(ABOUT)
    for name in ("bigvgan", *published_names()):
        try:
            pairs[name] = describe(find_weights(name))
        except VocoderError as error:
            pairs[name] = str(error)
    return tuple(text for pair in pairs.items() for text in pair)


class VocoderList:
    """Answers `/distill/vocoder/list`."""

    async def stop(self) -> None:
        """Nothing was opened."""

    def status(self) -> dict[str, float | int | str]:
        """Nothing to say."""
        return {}


async def start(session: Session, settings: ControlSettings, notify: Notify) -> VocoderList:
    """Registers the query."""
    session.register("/distill/vocoder/list", lambda arguments, origin: vocoder_list())
    return VocoderList()
