"""Every error a user can meet, in one tree.

    DistillError
    ├── ConfigError        a setting that is out of range or contradicts another
    ├── ArgumentError      an argument of a Python program with a wrong shape, type or rate
    ├── AudioFileError     a sound file that cannot be read or written
    │   └── NotWrittenError     one that finds no space, or no folder that takes it
    ├── RenderingError     a batch of files that cannot go on
    ├── CorpusError        a folder of sounds that cannot be trained on
    │   └── MissingSoundsError  sounds of a model that are gone or changed
    ├── ModelFileError     a `.distillgan` file that is damaged, hostile, too old or too new
    ├── LibraryError       a name or path that the library does not know or does not allow
    ├── VocoderError       a vocoder that is missing, unsuited or too slow
    │   └── WeightsError   published weights that are absent, damaged or not the ones pinned
    ├── TrainingError      a training that cannot start or go on
    ├── CodesError         codes that a model does not have, or that do not fit it
    ├── AnalysisError      controls or maps that a model does not have or that cannot be computed
    ├── MissingPartError   an optional part of the installation that is not there
    ├── DeviceError        an audio device that is absent, busy or lost
    ├── TakeError          a recorded performance that is damaged or belongs to another model
    ├── ControlError       an address, value, port, map or client that cannot be served
    │   └── PresetError    a preset that is unknown, damaged or belongs to another model
    └── Cancelled          the user stopped it; what was done is saved (exit code 3)

A message is one line: what happened, where, and what to do about it.
"""


class DistillError(Exception):
    """Base of all errors that are shown to the user as one line; `exit_code` is the process's."""

    exit_code = 1


class ConfigError(DistillError):
    """A setting is out of range or contradicts another."""


class ArgumentError(DistillError):
    """An argument of a Python program has a wrong shape, type or rate."""


class AudioFileError(DistillError):
    """A sound file cannot be read or written."""


class NotWrittenError(AudioFileError):
    """A sound file finds no space, or no folder that takes it."""


class RenderingError(DistillError):
    """A batch of files cannot go on."""


class CorpusError(DistillError):
    """A folder of sounds cannot be trained on."""


class MissingSoundsError(CorpusError):
    """Sounds that a model was trained on are gone, changed or unreadable."""


class ModelFileError(DistillError):
    """A `.distillgan` file is damaged, hostile, too old or too new."""


class LibraryError(DistillError):
    """A name or path is unknown to the library, or not allowed."""


class VocoderError(DistillError):
    """A vocoder is missing, unsuited or too slow here."""


class WeightsError(VocoderError):
    """Published weights are absent, damaged or not the ones pinned."""


class TrainingError(DistillError):
    """A training cannot start or go on."""


class AnalysisError(DistillError):
    """A model lacks the controls or the map asked for, or they cannot be computed."""


class CodesError(DistillError):
    """A model lacks codes, or codes do not fit it, are out of range or damaged."""


class MissingPartError(DistillError):
    """An optional part of the installation, such as training, is not there."""


class DeviceError(DistillError):
    """An audio device is absent, busy or lost."""


class TakeError(DistillError):
    """A recorded performance is damaged or belongs to another model."""


class ControlError(DistillError):
    """An address, value, port, map file or client cannot be served."""


class PresetError(ControlError):
    """A preset is unknown, damaged or belongs to another model."""


class Cancelled(DistillError):
    """The user stopped the work; what was done so far is saved."""

    exit_code = 3


def short_message(error: BaseException, most: int = 160) -> str:
    """Return an error's message on one line, cut at `most` characters."""
    return " ".join(str(error).split())[:most]
