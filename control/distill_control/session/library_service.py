"""The queries for what is on this machine: vocoders, models of the library, recorded takes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

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
MOST_LISTED = 200  # models or takes in one answer


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
    return _spread(pairs.items())


def model_list() -> tuple[Value, ...]:
    """Return name, description, name, description ... of the starter and the library's models."""
    from distill_engine.library.assets import STARTER
    from distill_engine.library.lookup import list_models

    models = ((model.name, f"{model.size / 1e6:.1f} MB, {_day(model.modified)}") for model in list_models())
    return _spread([(STARTER, "comes with Distill"), *list(models)[:MOST_LISTED]])


def take_list() -> tuple[Value, ...]:
    """Return name, description, name, description ... of recorded takes, the latest first."""
    from distill_engine.library.folders import recordings_dir
    from distill_engine.library.lookup import TAKE_SUFFIX

    folder = recordings_dir()
    files = [path for path in folder.rglob(f"*{TAKE_SUFFIX}") if path.is_file()] if folder.is_dir() else []
    latest = sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_LISTED]
    names = (path.relative_to(folder).as_posix().removesuffix(TAKE_SUFFIX) for path in latest)
    return _spread((name, _day(path.stat().st_mtime)) for name, path in zip(names, latest, strict=True))


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def _spread(pairs: Iterable[tuple[str, str]]) -> tuple[Value, ...]:
    return tuple(text for pair in pairs for text in pair)


class LibraryLists:
    """The service that answers `/distill/vocoder/list`, `/distill/model/list` and `take/list`."""

    async def stop(self) -> None:
        """Do nothing: the service opens nothing."""

    def status(self) -> dict[str, float | int | str]:
        """Return no figures."""
        return {}


async def start(session: Session, settings: ControlSettings, notify: Notify) -> LibraryLists:
    """Register the queries."""
    session.register("/distill/vocoder/list", lambda arguments, origin: vocoder_list())
    session.register("/distill/model/list", lambda arguments, origin: model_list())
    session.register("/distill/take/list", lambda arguments, origin: take_list())
    return LibraryLists()
