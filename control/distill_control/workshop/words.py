"""Orders of the page as commands: names become paths of the library, values become options.

Values are joined to their option (`--seed=7`), so that no value can be another option. Ranges are
checked by the commands themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from distill_control.workshop.corpora import Corpora
from distill_control.workshop.jobs import FOLDER, Order
from distill_control.workshop.models import find_take
from distill_engine.codes import CODES_SUFFIX
from distill_engine.codes.edit_words import EDITS, FILE_EDITS
from distill_engine.errors import ControlError, LibraryError
from distill_engine.library.assets import starter_path
from distill_engine.library.folders import ensure, jobs_dir, models_dir
from distill_engine.library.lookup import MODEL_SUFFIX, find_model, new_name, safe_name
from distill_engine.library.saved_codes import find_codes
from distill_engine.modelfile import ModelFile

Body = Mapping[str, Any]
FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "aiff")
CODES = f"codes{CODES_SUFFIX}"
BATCH_LIMIT = 50  # renders of one order
_TRAINING = (
    "epochs", "minutes", "seed", "device", "kind", "lr", "batch_size", "width", "checkpoint_interval", "preview_interval",
)  # fmt: skip
_TRAINING_FLAGS = ("resume", "fresh", "from_scratch")
_SOUND = ("vocoder", "sample_rate", "bit_depth")
_SCORE = ("duration", "source", "gain", "width")


def orders(kind: str, body: Body, corpora: Corpora) -> list[Order]:
    """Return the jobs that an order of the page asks for. Raises ControlError, LibraryError."""
    if kind not in _MAKERS:
        raise ControlError(f"no job {kind[:40]!r}: there are {', '.join(sorted(_MAKERS))}")
    return _MAKERS[kind](body, corpora)


def text(body: Body, name: str) -> str:
    """Return a text that must be there. Raises ControlError."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name}: a name is missing")
    return value


def _options(body: Body, names: tuple[str, ...], flags: tuple[str, ...] = ()) -> Iterator[str]:
    for name in names:
        value = body.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str | int | float) or isinstance(value, bool) or "\0" in str(value):
            raise ControlError(f"{name}: a text or a number is needed")
        yield f"--{name.replace('_', '-')}={value}"
    yield from (f"--{flag.replace('_', '-')}" for flag in flags if body.get(flag) is True)


def _pairs(body: Body, name: str, option: str) -> Iterator[str]:
    table = body.get(name) or {}
    if not isinstance(table, Mapping) or not all(isinstance(value, int | float) for value in table.values()):
        raise ControlError(f"{name}: a table of names and numbers is needed")
    yield from (f"--{option}={key}={value}" for key, value in table.items())


def _model(body: Body) -> tuple[str, str, str]:
    """Return name, path and digest of the model."""
    name = text(body, "model")
    path = find_model(name, allow_paths=False)
    with ModelFile.open(path) as file:
        return name, str(path), file.digest


def _own(body: Body) -> tuple[str, str]:
    """Return name and path of a model that may be changed."""
    name = text(body, "model")
    path = find_model(name, allow_paths=False)
    if path == starter_path():
        raise LibraryError(f"{name} belongs to Distill itself and is not changed: copy it in the library first")
    return name, str(path)


def _train(body: Body, corpora: Corpora) -> list[Order]:
    name, corpus = safe_name(text(body, "model")), text(body, "corpus")
    path = ensure(models_dir()) / f"{name}{MODEL_SUFFIX}"
    if not path.exists():
        new_name(path)
    words = ["train", str(corpora.folder(corpus)), f"--output={path}", "--previews"]
    words += _options(body, ("preset", "latent_dim", *_TRAINING), ("with_vocoder", *_TRAINING_FLAGS, "no_corpus"))
    about = {"model": name, "corpus": corpus, "settings": dict(body)}
    return [Order(kind="train", title=f"Train {name} on {corpus}", words=tuple(words), about=about)]


def _train_vocoder(body: Body, corpora: Corpora) -> list[Order]:
    name, path = _own(body)
    corpus = text(body, "corpus")
    words = ["train-vocoder", path, str(corpora.folder(corpus))]
    words += _options(body, _TRAINING, ("force", *_TRAINING_FLAGS))
    about = {"model": name, "corpus": corpus, "settings": dict(body)}
    title = f"Train the vocoder of {name}"
    return [Order(kind="train-vocoder", title=title, words=tuple(words), about=about)]


def _analyse(body: Body, corpora: Corpora) -> list[Order]:
    name, path = _own(body)
    corpus = text(body, "corpus")
    words = ["analyse", path, str(corpora.folder(corpus)), *_options(body, ("seed", "vocoder"))]
    about = {"model": name, "corpus": corpus}
    if body.get("output"):
        target = models_dir() / f"{safe_name(text(body, 'output'))}{MODEL_SUFFIX}"
        words.append(f"--output={target}")
    return [Order(kind="analyse", title=f"Analyse {name} on {corpus}", words=tuple(words), about=about)]


def _check(body: Body, corpora: Corpora) -> list[Order]:
    corpus = text(body, "corpus")
    words = ("corpus", "check", str(corpora.folder(corpus)))
    return [Order(kind="check", title=f"Check {corpus}", words=words, heavy=False, about={"corpus": corpus})]


def _render(body: Body, corpora: Corpora) -> list[Order]:
    name, path, digest = _model(body)
    batch, seed = body.get("batch") or 1, body.get("seed") or 0
    if not isinstance(batch, int) or not isinstance(seed, int) or not 1 <= batch <= BATCH_LIMIT:
        raise ControlError(f"seed and batch are whole numbers; a batch has at most {BATCH_LIMIT}")
    common = ["render", path, *_sound(body)]
    if body.get("take"):
        common += [f"--take={find_take(text(body, 'take'))}"]
        batch = 1
    else:
        common += _options(body, _SCORE)
        common += _pairs(body, "controls", "control")
        common += [*_pairs(body, "latents", "latent"), *_pairs(body, "parameters", "set")]
    made = []
    for number in range(batch):
        words = common if body.get("take") else [*common, f"--seed={seed + number}"]
        title = str(body.get("title") or body.get("take") or name) + (f" {number + 1}" if batch > 1 else "")
        settings = {**body, "seed": seed + number, "batch": 1}
        about = {"model": name, "digest": digest, "settings": settings, "title": title}
        made.append(Order(kind="render", title=f"Render {title}", words=tuple(words), about=about))
    return made


def _sound(body: Body) -> list[str]:
    """Return the options of the file to write, in the job's folder."""
    kind = body.get("format") or "wav"
    if kind not in FORMATS:
        raise ControlError(f"format: one of {', '.join(FORMATS)}")
    return [f"--output={FOLDER}/sound.{kind}", *_options(body, _SOUND)]


def _resynth(body: Body, corpora: Corpora) -> list[Order]:
    name, path, digest = _model(body)
    file = text(body, "file")
    recording = corpora.file(text(body, "corpus"), file)
    words = ["resynth", path, str(recording), *_sound(body), *_options(body, (), ("mel_only",))]
    title = str(body.get("title") or file)
    about = {"model": name, "digest": digest, "settings": dict(body), "title": title}
    return [Order(kind="resynth", title=f"Resynthesise {title}", words=tuple(words), about=about)]


def _compare(body: Body, corpora: Corpora) -> list[Order]:
    name, path, digest = _model(body)
    vocoders = body.get("vocoders")
    if not isinstance(vocoders, list) or not all(isinstance(one, str) for one in vocoders):
        raise ControlError("vocoders: a list of names is needed")
    words = ["compare", path, f"--vocoders={','.join(vocoders)}", f"--output={FOLDER}/compared"]
    words += _options(body, ("duration", "seed", "source"))
    about = {"model": name, "digest": digest, "settings": dict(body), "title": name}
    return [Order(kind="compare", title=f"Compare vocoders of {name}", words=tuple(words), about=about)]


def _download(body: Body, corpora: Corpora) -> list[Order]:
    name = text(body, "vocoder")
    if name.startswith("-"):
        raise ControlError("vocoder: a name is needed")
    words = ("vocoder", "download", name)
    return [Order(kind="download", title=f"Download {name}", words=words, heavy=False, about={"vocoder": name})]


def _on_model(action: str, title: str, *options: str) -> Callable[[Body, Corpora], list[Order]]:
    """Return the maker of an action of `distill model`."""

    def make(body: Body, corpora: Corpora) -> list[Order]:
        name = text(body, "model")
        path = str(find_model(name, allow_paths=False)) if action == "verify" else _own(body)[1]
        words = ("model", action, path, *options)
        return [Order(kind=action, title=f"{title} {name}", words=words, heavy=False, about={"model": name})]

    return make


def _codes(body: Body) -> str:
    """Return the path of codes: those of a job by its name, or saved ones."""
    return str(codes_file(text(body, "codes")))


def codes_file(name: str) -> Path:
    """Return a file of codes by the name of the job that made it, or of saved ones.

    Raises LibraryError.
    """
    path = jobs_dir() / safe_name(name) / CODES
    found = path if path.is_file() else find_codes(name)
    if found is None:
        raise LibraryError(f"no codes {name[:80]!r}")
    return found


def _encode(body: Body, corpora: Corpora) -> list[Order]:
    name, path, _ = _model(body)
    file = text(body, "file")
    words = ("codes", "encode", path, str(corpora.file(text(body, "corpus"), file)), f"--output={FOLDER}/{CODES}")
    return [Order(kind="encode", title=f"Encode {file}", words=words, heavy=False, about={"model": name, "file": file})]


def _edit(body: Body, corpora: Corpora) -> list[Order]:
    name, path, _ = _model(body)
    edits = body.get("edits")
    if not isinstance(edits, list) or not edits:
        raise ControlError(f"edits: a list of edits is needed; there are {', '.join(EDITS)}")
    words = ("codes", "edit", path, _codes(body), *map(_edit_words, edits), f"--output={FOLDER}/{CODES}")
    about = {"model": name, "codes": body["codes"], "edits": edits}
    return [Order(kind="edit", title=f"Edit codes: {edits[-1]}", words=words, heavy=False, about=about)]


def _edit_words(edit: Any) -> str:
    """Return an edit; codes that it names are those of a job or saved ones, never a path."""
    name = edit.partition(" ")[0] if isinstance(edit, str) else ""
    if name not in EDITS:
        raise ControlError(f"{str(edit)[:80]!r} is no edit; there are {', '.join(EDITS)}")
    place = FILE_EDITS.get(name)
    words = edit.split(maxsplit=place) if place else [edit]
    if place and len(words) > place:
        words[place] = str(codes_file(words[place].rstrip()))
    return " ".join(words)


def _decode(body: Body, corpora: Corpora) -> list[Order]:
    name, path, digest = _model(body)
    title = str(body.get("title") or "codes")
    levels = body.get("levels") or []
    if not isinstance(levels, list) or not all(isinstance(level, int) for level in levels):
        raise ControlError("levels: a list of whole numbers is needed")
    words = ["codes", "decode", path, _codes(body), f"--output={FOLDER}/sound.wav"]
    words += [*_options(body, ("vocoder", "columns")), *(f"--level={level}" for level in levels)]
    about = {"model": name, "digest": digest, "settings": dict(body), "title": title}
    return [Order(kind="decode", title=f"Decode {title}", words=tuple(words), heavy=False, about=about)]


_MAKERS: dict[str, Callable[[Body, Corpora], list[Order]]] = {
    "train": _train,
    "train-vocoder": _train_vocoder,
    "analyse": _analyse,
    "check": _check,
    "render": _render,
    "resynth": _resynth,
    "compare": _compare,
    "download": _download,
    "encode": _encode,
    "edit": _edit,
    "decode": _decode,
    "verify": _on_model("verify", "Verify"),
    "slim": _on_model("slim", "Slim"),
    "renew": _on_model("renew", "Renew"),
    "delete": _on_model("delete", "Delete", "--yes"),
}
