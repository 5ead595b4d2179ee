"""Several streams in one run play what each plays alone; a stream without a batch axis stays alone."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from distill_engine.errors import ModelFileError
from distill_engine.inference.together import batched_graph, step_together
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.graphs import check_graph
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.voices.together import groups_of
from distill_engine.synthesis.voices.voice_pool import VoicePool
from support_kernels import graphs_alone

INPUTS, OUTPUTS = {"x": (1, 128, None)}, {"y": (1, 1, None)}


@pytest.fixture(scope="module")
def instrument(tiny_model: Path) -> Instrument:
    with graphs_alone():
        return prepare_instrument(tiny_model, "vocos")


@pytest.fixture
def graph(tiny_model: Path) -> onnx.ModelProto:
    with ModelFile.open(tiny_model) as file:
        return onnx.load_from_string(bytes(file.read_graph("runtime/vocoder/vocos.onnx")))


def test_streams_in_one_run_play_what_they_play_alone(instrument: Instrument) -> None:
    rng = np.random.default_rng(0)
    mels = rng.normal(-4.0, 2.0, (3, 30, instrument.mel.bands, 1)).astype(np.float32)
    alone, together = ([instrument.vocoder_stream() for _ in range(3)] for _ in range(2))
    assert all(batched_graph(stream) is not None for stream in together)
    for hop in range(30):
        if hop % 10 == 9:  # one of them goes ahead, as a note does that is transposed up
            ahead = [streams[0].step(mels[0, hop]).copy() for streams in (alone, together)]
            assert np.abs(ahead[0] - ahead[1]).max() < 1e-5
        one = [stream.step(mels[number, hop]).copy() for number, stream in enumerate(alone)]
        many = step_together(together, [mels[number, hop] for number in range(3)])
        assert max(float(np.abs(a - b).max()) for a, b in zip(one, many, strict=True)) < 1e-5
    for stream, other in zip(alone, together, strict=True):
        before, after = stream.snapshot(), other.snapshot()
        assert all(np.abs(before[name] - after[name]).max() < 1e-4 for name in before)


def test_voices_of_one_graph_are_shared_out_and_others_stay_alone(instrument: Instrument, tiny_model: Path) -> None:
    other = VoicePool(prepare_instrument(tiny_model, "hifigan"))
    pool = VoicePool(instrument)
    voices = [other.voice(0), *(pool.voice(number) for number in range(5))]
    assert sorted(map(sorted, groups_of(voices, 2))) == [[0], [1, 3, 5], [2, 4]]
    assert groups_of(voices[1:3], 1) == [[0, 1]]
    assert groups_of(voices[:1], 2) == [[0]]


def test_voices_of_the_kernel_are_one_group(tiny_model: Path, instrument: Instrument) -> None:
    native, graph = VoicePool(prepare_instrument(tiny_model, "vocos")), VoicePool(instrument)
    voices = [native.voice(0), graph.voice(0), native.voice(1), native.voice(2)]
    assert groups_of(voices, 2) == [[0, 2, 3], [1]]


def test_a_graph_may_have_a_batch_axis_everywhere_or_nowhere(graph: onnx.ModelProto) -> None:
    assert check_graph(graph.SerializeToString(), inputs=INPUTS, outputs=OUTPUTS).inputs["x"] == (None, 128, None)
    broken = onnx.ModelProto()
    for number, wanted in ((0, "batch axis"), (-1, "does not come out as it went in")):
        broken.CopyFrom(graph)
        broken.graph.input[number].type.tensor_type.shape.dim[0].dim_value = 1
        with pytest.raises(ModelFileError, match=wanted):
            check_graph(broken.SerializeToString(), inputs=INPUTS, outputs=OUTPUTS)
    broken.CopyFrom(graph)
    broken.graph.input[1].type.tensor_type.shape.dim[1].dim_param = "any"
    with pytest.raises(ModelFileError, match="neither declared nor a state"):
        check_graph(broken.SerializeToString(), inputs=INPUTS, outputs=OUTPUTS)
    broken.CopyFrom(graph)
    for values in (broken.graph.input, broken.graph.output):
        for value in values:
            value.type.tensor_type.shape.dim[0].dim_value = 7
    with pytest.raises(ModelFileError, match="the config says"):
        check_graph(broken.SerializeToString(), inputs=INPUTS, outputs=OUTPUTS)
