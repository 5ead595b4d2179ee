"""Verify that the graphs in a model file compute what its networks compute, on the same noise."""

from __future__ import annotations

import numpy as np

from distill_engine.errors import DistillError
from distill_engine.inference.network_loader import NetworkLoader
from distill_engine.inference.onnx_session import SessionSettings
from distill_engine.inference.step_backend import StepBackend
from distill_engine.inference.vocoder_candidates import VocoderChoice
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.configs import mel_config, model_config
from distill_engine.vocoders.registry import VOCODERS

TOLERANCE = 1e-4  # largest difference of two outputs, relative to the larger of 1 and their peak
UNITS = (1, 5, 8)  # smallest pieces in each of three successive steps


def verify_graphs(file: ModelFile) -> list[str]:
    """Return the faults of a model file as sentences, none if it is sound.

    A fault is weights that do not fit the configs, or a graph that differs from torch over some
    steps in a row: by more than 1e-4, or 1e-4 of the largest output if that is above 1. Imports
    torch.
    """
    faults = []
    if "model" in file.parts:
        faults += _verify_model(file)
    for kind in file.manifest.vocoders:
        if kind in VOCODERS and f"vocoder/{kind}" in file.parts:
            faults += _verify_vocoder(file, kind)
    return faults


def _verify_model(file: ModelFile) -> list[str]:
    config = model_config(file.manifest, str(file.path))
    try:
        theirs = NetworkLoader(SessionSettings(), "cpu").model(file, config)
        if "runtime/decoder.onnx" not in file.graphs:
            return []
        ours = NetworkLoader(SessionSettings()).model(file, config)
    except DistillError as error:
        return [str(error)]
    faults = _difference("decoder", ours.decoder(), theirs.decoder(), 1)
    if ours.encoder is not None and theirs.encoder is not None:
        faults += _difference("encoder", ours.encoder(), theirs.encoder(), config.reduction)
    return faults


def _verify_vocoder(file: ModelFile, kind: str) -> list[str]:
    choice = VocoderChoice(kind, "model", "verified", file.manifest.vocoders[kind].get("config", {}))
    try:
        mel = mel_config(file.manifest, str(file.path))
        theirs = NetworkLoader(SessionSettings(), "cpu").vocoder(file, choice, mel)
        if f"runtime/vocoder/{kind}.onnx" not in file.graphs:
            return []
        ours = NetworkLoader(SessionSettings()).vocoder(file, choice, mel)
    except DistillError as error:
        return [str(error)]
    return _difference(kind, ours.make(), theirs.make(), 1)


def _difference(name: str, ours: StepBackend, theirs: StepBackend, unit: int) -> list[str]:
    """Run seeded noise through both streams for some steps; return the first fault.

    `unit` is the smallest number of frames that a step takes.
    """
    rng = np.random.default_rng(0)
    for units in UNITS:
        x = rng.standard_normal((ours.channels_in, units * unit)).astype(np.float32)
        a, b = ours.step(x).copy(), theirs.step(x).copy()
        if a.shape != b.shape:
            return [f"the {name} graph gives {list(a.shape)} numbers, its network {list(b.shape)}: train it again"]
        error, limit = float(np.abs(a - b).max(initial=0.0)), TOLERANCE * max(1.0, float(np.abs(b).max(initial=0.0)))
        if not error <= limit:
            return [f"the {name} graph differs from its network by {error:.2g}: train it again"]
    return []
