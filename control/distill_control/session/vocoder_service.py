"""The query `/distill/vocoder/list`: vocoders that can be chosen on this machine."""

from __future__ import annotations

from distill_control.arguments import Value
from distill_control.session.service import Notify
from distill_control.session.session import Session
from distill_control.settings import ControlSettings

ABOUT = {
    "auto": "the best one that runs in real time here",
    "hifigan": "the model's own, or the shipped one",
    "vocos": "the model's own, or the shipped one",
    "base": "the one that is shipped with Distill",
}


def vocoder_list() -> tuple[Value, ...]:
    """Return name, description, name, description ... of every vocoder."""
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
    """The service that answers `/distill/vocoder/list`."""

    async def stop(self) -> None:
        """Do nothing: the service opens nothing."""

    def status(self) -> dict[str, float | int | str]:
        """Return no figures."""
        return {}


async def start(session: Session, settings: ControlSettings, notify: Notify) -> VocoderList:
    """Register the query."""
    session.register("/distill/vocoder/list", lambda arguments, origin: vocoder_list())
    return VocoderList()
