"""`.distillgan` files: a ZIP archive of a manifest, safetensors parts and ONNX graphs; never code.

    with ModelFile.open("birds.distillgan") as file:
        file.manifest.name, file.parts, file.digest
        weights = file.read_part("model")            # {name: array}, checked
    save_model(path, Manifest(name="birds", family="vae", ...), {"model": weights})
    update_model(path, parts={"training/model": None})  # removes a part

Part names: "model", "analysis", "codes", "vocoder/<kind>", "training/model",
"training/vocoder/<kind>". Graph names: "runtime/decoder.onnx", "runtime/encoder.onnx",
"runtime/vocoder/<kind>.onnx".
"""

from distill_engine.modelfile.manifest import Manifest, PartEntry
from distill_engine.modelfile.reader import SUFFIX, ModelFile
from distill_engine.modelfile.tensors import Part
from distill_engine.modelfile.writer import save_model, update_model

__all__ = ["SUFFIX", "Manifest", "ModelFile", "Part", "PartEntry", "save_model", "update_model"]
