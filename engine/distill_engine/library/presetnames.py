"""Names of presets: those that may be given, those in older files, and the files of both."""

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from distill_engine.errors import PresetError
from distill_engine.system.names import name_fault, normalised, printable

OLD_CHARACTERS = 100  # at most, of names in files that earlier versions have saved
FILE_CHARACTERS = 200  # at most, of the name of a preset's file without its suffix
FOLDER_CHARACTERS = 255  # at most, of the name of a model's folder
_DIGEST_CHARACTERS = 32  # of the digest that ends the name of a file whose own name is too long


def checked_name(name: str, saved: str | None = None, way: str = "", what: str = "a preset's name") -> str:
    """Return a name, such as a preset's: stripped, in composed Unicode form.

    `saved` is a preset's present name, which stays even if it is not allowed; `way` ends the
    message, `what` begins it. Raises PresetError if the name is not allowed.
    """
    name = normalised(name.strip())
    fault = name_fault(name)
    if fault is None:
        return name
    if saved is not None:
        return saved
    raise PresetError(f"{what} cannot be '{printable(name, 40)}': {fault}{way}")


def model_folder(root: Path, model: str) -> Path:
    """Return the folder below `root` for what belongs to a model."""
    return root / file_stem(model or "no model", FOLDER_CHARACTERS)


def same_model(model: str, digest: str, other: str, other_digest: str) -> bool:
    """Return whether two names and digests mean one model: the same file, or one of the same name.

    The same file may have another name; a file of the same name may be a later training.
    """
    return normalised(model) == normalised(other) or bool(other_digest and digest == other_digest)


def old_name(name: str) -> str:
    """Return the name in a preset's file, stripped. Raises PresetError if it cannot be shown."""
    name = name.strip()
    if not 1 <= len(name) <= OLD_CHARACTERS or not name.isprintable():
        shown = printable(name, 40)
        raise PresetError(f"a preset's name is 1 to {OLD_CHARACTERS} characters that can be shown, not '{shown}'")
    return name


def file_stem(name: str, longest: int = FILE_CHARACTERS) -> str:
    """Return a name as a file name for every system; characters special to one become %XX.

    One of over `longest` characters is cut and ends in a digest of the name.

    >>> file_stem("dusk/dawn?"), file_stem("con"), file_stem("plain name")
    ('dusk%2Fdawn%3F', '%63on', 'plain name')
    """
    stem = quote(name, safe=" -_,()+=@#!'", errors="backslashreplace")
    stem = re.sub(r"^[ .]|[ .]$", lambda found: f"%{ord(found.group()):02X}", stem)
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)", stem):
        stem = f"%{ord(stem[0]):02X}{stem[1:]}"
    if len(stem) > longest:
        digest = hashlib.sha256(stem.encode()).hexdigest()[:_DIGEST_CHARACTERS]
        stem = f"{stem[: FILE_CHARACTERS - _DIGEST_CHARACTERS - 1]}={digest}"
    return stem
