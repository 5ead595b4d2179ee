"""Play a sound file on the default device, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from distill_engine.audio.decoding.opening import open_sound
from distill_engine.audio.resampling import StreamingResampler
from distill_engine.audio_io.devices import AudioSystem, choose_device
from distill_engine.errors import DeviceError


def play(path: Path) -> None:
    """Play a sound file at the rate of the device. Raises AudioFileError, DeviceError."""
    with AudioSystem() as system, open_sound(path) as sound:
        devices = system.devices("output")
        if not devices:
            raise DeviceError(f"there is no sound device here: open {path} in another program")
        device = choose_device(devices, None)
        resampler = StreamingResampler(sound.sample_rate, round(device.rate), sound.channels)
        try:
            with system.module.OutputStream(
                device.rate, device=device.index, channels=sound.channels, dtype="float32"
            ) as stream:
                for frames in sound.blocks:
                    stream.write(np.ascontiguousarray(resampler.process(frames.T).T))
                stream.write(np.ascontiguousarray(resampler.flush().T))
        except system.module.PortAudioError as error:
            raise DeviceError(f"{device.describe()} does not play it ({error}): open {path} elsewhere") from None
