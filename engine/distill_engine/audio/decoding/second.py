"""The second decoder, FFmpeg through PyAV: formats that libsndfile lacks. It may be missing.

It gets an open file, never a name, and only formats that hold sound: no playlist in a file can make
it open another file or an address.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.decoding.stream import SoundStream

WAY_OUT = "install the second decoder with `pip install 'distill-audio[formats]'`, or convert it to WAV or FLAC"
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,avi,caf,dsf,dts,dtshd,eac3,flac,flv,iff,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,"
    "mpeg,oga,ogg,oma,rm,tak,tta,w64,wav,wv,xwma"
)


class NoSoundError(Exception):
    """A file is readable and holds no sound, such as a video without any."""


def available() -> bool:
    """Return whether the second decoder is installed."""
    return _library() is not None


def open_second(file: BinaryIO) -> SoundStream | None:
    """Return the first stream of sound of a file, None if it cannot be read.

    Raises NoSoundError.
    """
    av = _library()
    if av is None:
        return None
    file.seek(0)
    try:
        container = av.open(
            file, metadata_errors="ignore", options={"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
        )
    except (av.error.FFmpegError, ValueError, OSError):
        return None
    if not container.streams.audio:
        container.close()
        raise NoSoundError
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None or not context.sample_rate or not context.layout.nb_channels:
        container.close()
        return None
    seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
    notes: list[str] = []
    return SoundStream(
        container.format.name.split(",")[0].upper(),
        context.name.upper(),
        context.sample_rate,
        context.layout.nb_channels,
        round(seconds * context.sample_rate),
        _blocks(av, container, stream, notes),
        notes,
        dict(container.metadata),
        container.close,
    )


def _library() -> Any:
    with suppress(ImportError, OSError):
        return importlib.import_module("av")
    return None


def _blocks(av: Any, container: Any, stream: Any, notes: list[str]) -> Iterator[Float32Array]:
    """Yield blocks [n, ch] of the stream, behind damage too."""
    rate, layout = stream.codec_context.sample_rate, stream.codec_context.layout
    convert, damaged = av.AudioResampler("flt", layout, rate), 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            frames = packet.decode() if packet is not None else []
        except (av.error.FFmpegError, ValueError):
            damaged += 1
            if damaged > 1 and packet is None:
                break
            continue
        if packet is None:
            break
        for frame in frames:
            try:
                converted = convert.resample(frame)
            except (av.error.FFmpegError, ValueError):  # the stream changes its rate or channels
                convert = av.AudioResampler("flt", layout, rate)
                converted = convert.resample(frame)
            for one in converted:
                yield np.asarray(one.to_ndarray(), np.float32).reshape(-1, layout.nb_channels)
    for one in convert.resample(None):
        yield np.asarray(one.to_ndarray(), np.float32).reshape(-1, layout.nb_channels)
    if damaged:
        notes.append(f"damaged: {damaged} of its packets cannot be read and are left out")
