"""Write a model as TorchScript for nn~ in Max and Pure Data, and for nn.ar in SuperCollider.

A method is known to the host by the buffer `<method>_params`: channels in, samples for each value
in, channels out, samples for each value out. `get_methods` and `get_attributes` name what there is,
`get_<attribute>` and `set_<attribute>` read and write an attribute (the protocol of nn_tilde by
Antoine Caillon and Philippe Esling).
"""

import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from distill_engine.analysis.controls import Controls, no_paths
from distill_engine.analysis.stretches.shaping import NOISINESS
from distill_engine.audio.mel import hann_window, mel_filterbank
from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import ConfigError, ModelFileError
from distill_engine.inference.torch_networks import model_network, vocoder_network
from distill_engine.inference.vocoder_choice import choose_vocoder
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.configs import mel_config, model_config
from distill_engine.rendering.exporting.nn_streams import stream_of
from distill_engine.system.atomic_write import write_advice, write_file

ENCODER_DELAY_FRAMES = 2  # by which an encoded frame is later than the sound around it
FLOAT_ATTRIBUTE = 2  # the protocol's number of the type
LEAST_REACH = 1e-9  # sigma; nothing shorter is added
LARGEST_OFFSET = 10.0  # sigma, of an attribute `latent_...`
OFFSET_LATENTS = 8  # the first latents, which have attributes that are added to them


class MelStream(nn.Module):
    """Log-mel frames of a stream, ENCODER_DELAY_FRAMES late, with past samples in a buffer."""

    bank: Tensor
    window: Tensor
    past: Tensor

    def __init__(self, mel: MelConfig) -> None:
        super().__init__()
        self.hop, self.n_fft, self.floor = mel.hop, mel.n_fft, mel.floor
        kept = ENCODER_DELAY_FRAMES * mel.hop + mel.padding
        self.register_buffer("bank", torch.tensor(mel_filterbank(mel)))
        self.register_buffer("window", torch.tensor(hann_window(mel.window)))
        self.register_buffer("past", torch.zeros(1, kept))

    def forward(self, samples: Tensor) -> Tensor:
        """Return mel [1, bands, F] of samples [1, F hop]."""
        heard = torch.cat([self.past, samples], 1)
        self.past = heard[:, samples.size(1) :]
        count = samples.size(1) // self.hop
        frames = heard.unfold(1, self.n_fft, self.hop)[:, :count] * self.window
        spectrum = torch.fft.rfft(frames.double(), dim=2)
        magnitudes = (spectrum.real.square() + spectrum.imag.square() + 1e-9).sqrt().float()
        return torch.log(torch.matmul(self.bank, magnitudes.transpose(1, 2)).clamp_min(self.floor))


class ControlStage(nn.Module):
    """Adds offsets and named controls to latents, within the learned region.

    Does what the live synth does with the controls of a skeleton's model, whose paths are straight.
    NaN counts as 0.
    """

    offsets: Tensor
    values: Tensor
    warp: Tensor
    directions: Tensor
    centre: Tensor
    colouring: Tensor

    def __init__(self, controls: Controls | None, kept: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        region = controls.region if controls is not None else Controls.none(latent_dim).region
        paths = controls.paths.select(kept) if controls is not None else no_paths(latent_dim)
        self.knee, self.limit = (region.knee, region.limit) if controls is not None else (math.inf, 1.0)
        self.least_reach = LEAST_REACH
        self.register_buffer("offsets", torch.zeros(1, latent_dim, 1))
        self.register_buffer("values", torch.zeros(len(kept)))
        for name, array in (("warp", paths.warp), ("directions", paths.directions)):
            self.register_buffer(name, torch.tensor(array, dtype=torch.float32))
        self.register_buffer("centre", torch.tensor(region.centre[None, :, None], dtype=torch.float32))
        self.register_buffer("colouring", torch.tensor(region.colouring, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Return latents [1, D, F] of the source's latents [1, D, F]."""
        place = (self.values.nan_to_num() + 1.0) * (0.5 * (self.warp.size(1) - 1))  # among the positions of the warp
        low = place.floor().clamp(0, self.warp.size(1) - 2).long()
        ends = self.warp.gather(1, torch.stack([low, low + 1], 1))
        length = ends[:, 0] + (place - low) * (ends[:, 1] - ends[:, 0])
        added = self.offsets.nan_to_num() + torch.matmul(length, self.directions)[None, :, None]
        reach = float(added.norm())
        if reach < self.least_reach:
            return x
        axis = added / reach
        deviation = max(float(torch.matmul(self.colouring, axis[0]).norm()), 1e-6)
        start = (axis * (x - self.centre)).sum(1, keepdim=True) / deviation
        wanted = start + reach / deviation
        knee = start.clamp_min(self.knee)
        span = (self.limit - knee).clamp_min(0.1 * self.limit)
        bent = knee + span * torch.tanh((wanted - knee) / span)
        return x + axis * (torch.where(wanted <= knee, wanted, bent) - start) * deviation


class NnModel(nn.Module):
    """What the host loads: `forward` from sound to sound, `encode` and `decode` with latents.

    The state of each stage goes on from call to call, so that buffers of any multiple of a hop give
    the same stream.
    """

    def __init__(self, stages: dict[str, nn.Module], names: Sequence[str], latent_dim: int, hop: int) -> None:
        super().__init__()
        self.controls = stages["controls"]
        self.mel, self.encoder = stages["mel"], stages["encoder"]
        self.decoder, self.vocoder = stages["decoder"], stages["vocoder"]
        self._methods = ["forward", "encode", "decode"]
        self._attributes = list(names)
        self.register_buffer("forward_params", torch.tensor([1, 1, 1, 1]))
        self.register_buffer("encode_params", torch.tensor([1, 1, latent_dim, hop]))
        self.register_buffer("decode_params", torch.tensor([latent_dim, hop, 1, 1]))
        for name in self._attributes:
            self.register_buffer(f"{name}_params", torch.tensor([FLOAT_ATTRIBUTE]))

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Return latents [1, D, F] of samples [1, 1, F hop]."""
        latents: Tensor = self.encoder(self.mel(x[:, 0]))
        return latents

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        """Return samples [1, 1, F hop] of latents [1, D, F]."""
        sound: Tensor = self.vocoder(self.decoder(self.controls(x)))
        return sound

    def forward(self, x: Tensor) -> Tensor:
        """Return the samples [1, 1, T] that the model makes of samples [1, 1, T]."""
        sound: Tensor = self.decode(self.encode(x))
        return sound

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Return the names of the methods."""
        return self._methods

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Return the names of the attributes."""
        return self._attributes


ATTRIBUTE = """
def get_{name}(self) -> float:
    return float(self.controls.{place})

def set_{name}(self, value: float) -> int:
    self.controls.{place} = min({high}, max({low}, value))
    return 0
"""
"""The getter and the setter of an attribute, which limits it: hosts end where a setter returns not 0."""


def export_nn(path: Path, output: Path, vocoder: str = "auto") -> Path:
    """Write a model as TorchScript into the file `output`.

    Raises ConfigError if it cannot be written, ModelFileError or VocoderError if the model or its
    vocoder cannot be exported.
    """
    with ModelFile.open(path) as file:
        config, mel = model_config(file.manifest, str(path)), mel_config(file.manifest, str(path))
        choice = choose_vocoder(file.manifest, vocoder)
        analysed = bool(file.manifest.analysis.get("controls")) and "analysis" in file.parts
        controls = Controls.from_part(file.read_part("analysis"), file.manifest.analysis) if analysed else None
        if config.version == 1 or choice.origin in ("universal", "published"):
            what = "a model of version 1" if config.version == 1 else f"vocoder {choice.name}"
            raise ModelFileError(f"{path}: {what} cannot be exported to nn: train again, or give --vocoder vocos")
        model = model_network(file.read_part("model"), config)
        part = f"vocoder/{choice.kind}"
        if choice.path is None:
            voice = vocoder_network(file.read_part(part), choice)
        else:
            with ModelFile.open(choice.path) as base:
                voice = vocoder_network(base.read_part(part), choice)
    attributes = _attribute_names(controls)
    latents = range(min(OFFSET_LATENTS, config.latent_dim))
    definitions = {f"latent_{i}": (f"offsets[0, {i}, 0]", LARGEST_OFFSET) for i in latents}
    definitions |= {name: (f"values[{at}]", 1.0) for at, name in enumerate(attributes)}
    with torch.no_grad():
        stages = {
            "mel": MelStream(mel),
            "controls": ControlStage(controls, list(attributes.values()), config.latent_dim),
            "encoder": stream_of(model, model.encoder_step, model.encoder_initial_state(1), config.bands),
            "decoder": stream_of(model, model.decoder_step, model.decoder_initial_state(1), config.latent_dim),
            "vocoder": stream_of(voice, voice.step, voice.initial_state(1), config.bands),
        }
        script = torch.jit.script(NnModel(stages, list(definitions), config.latent_dim, mel.hop).eval())
        for name, (place, most) in definitions.items():
            script.define(ATTRIBUTE.format(name=name, place=place, low=-most, high=most))
        data = io.BytesIO()
        torch.jit.save(script, data)
    try:
        write_file(output, _without_paths(data.getvalue()))
    except OSError as error:
        raise ConfigError(f"{output}: {write_advice(error, output)}") from None
    return output


def _without_paths(data: bytes) -> bytes:
    """Return a TorchScript file without the records that name the folders of this machine.

    They say where each line of its code came from; nothing reads them but error messages.
    """
    reader, target = torch._C.PyTorchFileReader(io.BytesIO(data)), io.BytesIO()
    writer = torch._C.PyTorchFileWriter(target)
    for name in reader.get_all_records():
        if not name.endswith(".debug_pkl") and not name.startswith(".") and name not in ("version", "byteorder"):
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()
    return target.getvalue()


def _attribute_names(controls: Controls | None) -> dict[str, int]:
    """Return the index of each control that moves latents, by the name of its attribute."""
    names: dict[str, int] = {}
    for index, info in enumerate(controls.infos if controls is not None else ()):
        name = re.sub(r"\W", "_", info.name, flags=re.ASCII)
        taken = name in names or name in ("methods", "attributes") or name.startswith("latent_")
        name = name if name[:1].isalpha() and not taken else f"control_{index}"
        if info.kind != "temporal" and info.name != NOISINESS:  # what moves the source, or has no direction, stays here
            names[name] = index
    return names
