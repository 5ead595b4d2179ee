"""`distill vocoder` and `distill compare`, as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile

from distill_control.arguments import known_choices
from distill_control.cli.compare.page import page
from distill_control.cli.main import main
from distill_engine.vocabulary import table as vocabulary

PUBLISHED: dict[str, Any] = {
    "num_mels": 80,
    "upsample_initial_channel": 32,
    "sampling_rate": 22050,
    "n_fft": 1024,
    "win_size": 1024,
    "hop_size": 256,
    "fmin": 0,
    "fmax": 8000,
    "upsample_rates": [8, 8, 4],
    "upsample_kernel_sizes": [16, 16, 8],
    "resblock": "2",
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1, 2]],
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return tmp_path


@pytest.fixture
def add_speech(tmp_path: Path) -> list[str]:
    """The command that adds weights, as they are published, by the name `speech`."""
    import torch

    from distill_engine.vocoders.registry import build_vocoder
    from distill_engine.vocoders.weights.generators import published_config

    torch.manual_seed(0)
    network = build_vocoder("hifigan", published_config("hifigan", PUBLISHED)[0])
    torch.save({"generator": network.state_dict()}, tmp_path / "generator_v3")
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED))
    files = ["--weights", str(tmp_path / "generator_v3"), "--config", str(tmp_path / "config.json")]
    return ["vocoder", "add", "speech", *files]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, heard: list[dict[str, Any]] | None = None) -> Any:
    """Run a command, add its events to `heard`, and return its result."""
    assert main([*arguments, "--json"]) == 0
    said = capsys.readouterr()
    if heard is not None:
        heard += [json.loads(line) for line in said.err.splitlines()]
    return json.loads(said.out)


def test_added_weights_are_listed_verified_and_removed(
    capsys: pytest.CaptureFixture[str], add_speech: list[str]
) -> None:
    assert answer(capsys, *add_speech)["mel"]["sample_rate"] == 22050
    rows = {row["name"]: row for row in answer(capsys, "vocoder", "list")}
    assert rows["speech"]["state"] == "ready"
    assert rows["bigvgan"]["state"].startswith("not here")
    assert known_choices(vocabulary.row("/distill/vocoder").value_argument)[-2:] == ("base", "speech")
    assert answer(capsys, "vocoder", "verify")[0]["state"] == "whole"
    assert answer(capsys, "vocoder", "remove", "speech") == {"removed": "speech"}
    assert "speech" not in {row["name"] for row in answer(capsys, "vocoder", "list")}


def test_every_set_of_weights_is_verified_and_the_damaged_ones_are_named(
    capsys: pytest.CaptureFixture[str], add_speech: list[str], home: Path
) -> None:
    vocoders = home / "home" / "vocoders"
    for name in ("first", "record", "speech", "sum"):
        assert main([*add_speech[:2], name, *add_speech[3:]]) == 0
    (vocoders / "record" / "record.json").write_text("{}")
    for name in ("first", "sum"):
        tensors = vocoders / name / "generator.safetensors"
        tensors.write_bytes(bytes(tensors.stat().st_size))
    capsys.readouterr()
    assert main(["vocoder", "verify", "record"]) == 1
    assert "is not a record of weights" in capsys.readouterr().out
    assert main(["vocoder", "verify", "--json"]) == 1
    said = capsys.readouterr()
    rows = {row["name"]: row for row in json.loads(said.out)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "first": "damaged", "record": "damaged", "speech": "whole", "sum": "damaged",
    }  # fmt: skip
    assert "set aside" in rows["sum"]["fault"]
    assert "3 of 4 vocoders damaged (first, record, sum)" in said.err
    assert main(["vocoder", "verify", "speech"]) == 0
    assert capsys.readouterr().out == "speech: complete and undamaged\n"


def test_a_local_checkpoint_serves_as_the_published_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from distill_engine.vocoders.bigvgan import BigVGANConfig, Pin
    from distill_engine.vocoders.weights.published import installed, load_bigvgan
    from distill_vendor.bigvgan import BigVGAN

    small = BigVGANConfig(bands=8, upsample_rates=(2,), upsample_kernels=(4,), initial_channels=8)
    monkeypatch.setattr("distill_engine.vocoders.bigvgan.PINS", {"bigvgan": Pin("bigvgan", "nobody/tiny", small)})
    torch.save({"generator": BigVGAN(small).state_dict()}, tmp_path / "bigvgan_generator.pt")
    assert not installed()
    steps: list[dict[str, Any]] = []
    record = answer(capsys, "vocoder", "download", "--weights", str(tmp_path), heard=steps)
    assert [step["stage"] for step in steps] == ["converting"]
    assert (record["name"], record["file"]) == ("bigvgan", "bigvgan_generator.pt")
    assert installed()
    assert load_bigvgan(torch_device="cpu", fetch=False).config == small
    assert answer(capsys, "vocoder", "remove", "bigvgan") == {"removed": "bigvgan"}
    assert not installed()


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vocoder", "list"]) == 0
    assert "bigvgan" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("download",), "run `distill vocoder download` once while online"),
        (("download", "nonsense"), "no published BigVGAN"),
        (("download", "--weights", "absent.pt"), "no such file"),
        (("verify", "speech"), "no weights on this machine"),
        (("remove", "../.."), "no weights on this machine"),
        (("add", "bigvgan", "--weights", "x", "--config", "y"), "choose another"),
        (("add", "base vocos", "--weights", "x", "--config", "y"), "use small letters"),
        (("add", "ok", "--weights", "x", "--config", "y"), "no such file"),
    ],
)
def test_what_goes_wrong_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert main(["vocoder", *arguments]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert error[-1].startswith("error: ")
    assert message in error[-1]


def refused_download(tmp_path: Path, **environment: str) -> str:
    """The one line with which a download by a user who is online fails."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    kept |= {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HOME": str(tmp_path), **environment}
    words = [sys.executable, "-m", "distill_control.cli.main", "vocoder", "download"]
    done = subprocess.run(words, env=kept, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: nvidia/bigvgan")
    return line


@pytest.mark.parametrize("status", [200, 302, 403, 511])
def test_a_network_that_wants_a_sign_in_is_one_line(tmp_path: Path, status: int) -> None:
    words = [sys.executable, str(Path(__file__).parents[2] / "support_hub.py"), str(tmp_path), f"portal={status}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as hub:
        try:
            assert hub.stdout is not None
            endpoint = f"http://127.0.0.1:{hub.stdout.readline().strip()}"
            said = refused_download(tmp_path, HF_ENDPOINT=endpoint)
        finally:
            hub.terminate()
    if status < 400:
        assert "something else answered instead of the hub, such as a network's sign-in page" in said
    else:
        assert f"the hub answered {status}" in said


@pytest.mark.parametrize("proxy", ["nonsense", "nonsense://here", "http://127.0.0.1:1"])
def test_a_proxy_that_is_none_is_one_line_that_names_its_variable(tmp_path: Path, proxy: str) -> None:
    said = refused_download(tmp_path, HTTPS_PROXY=proxy, HF_ENDPOINT="https://hub.invalid")
    assert "the hub cannot be reached through the proxy in HTTPS_PROXY (" in said


def test_compare_makes_sounds_figures_and_a_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, tiny_model: Path, add_speech: list[str]
) -> None:
    assert main(add_speech) == 0
    capsys.readouterr()
    folder = tmp_path / "compared"
    steps: list[dict[str, Any]] = []
    result = answer(
        capsys,
        "compare",
        str(tiny_model),
        "--vocoders",
        "vocos,hifigan,speech",
        "-o",
        str(folder),
        "--duration",
        "1",
        "--torch-device",
        "cpu",
        heard=steps,
    )
    assert [(step["stage"], step["done"], step["total"]) for step in steps] == [("comparing", n, 3) for n in range(3)]
    assert [row["name"] for row in result["vocoders"]] == ["vocos", "hifigan", "speech"]
    lengths = {soundfile.info(folder / f"{name}.wav").frames for name in ("vocos", "hifigan", "speech")}
    assert len(lengths) == 1
    page = (folder / "index.html").read_text("utf-8")
    assert "speech.wav" in page
    assert "http" not in page
    assert (folder / "spectrograms.png").stat().st_size > 5000


def test_an_added_vocoder_renders_and_resynthesises(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, tiny_model: Path, add_speech: list[str]
) -> None:
    assert main(add_speech) == 0
    capsys.readouterr()
    one, two = tmp_path / "one.wav", tmp_path / "two.wav"
    made = answer(capsys, "render", str(tiny_model), "-o", str(one), "--duration", "1", "--vocoder", "speech")
    assert (made["vocoder"], made["reason"]) == ("speech", "asked for: hifigan at 22050 Hz with 80 bands")
    assert soundfile.info(one).frames == 44100
    again = answer(capsys, "resynth", str(tiny_model), str(one), "-o", str(two), "--vocoder", "speech", "--mel-only")
    assert again["vocoder"] == "speech"
    assert soundfile.info(two).frames == 44100
    with pytest.raises(SystemExit):
        main(["render", str(tiny_model), "-o", str(one), "--vocoder", "organ"])
    assert "'organ' is unknown; choose auto, hifigan, vocos, bigvgan, base, speech" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["render", str(tiny_model), "-o", str(one), "--vocoder", "bigvgan-24k"])
    assert "run `distill vocoder download bigvgan-24k`" in capsys.readouterr().err


def test_compare_refuses_what_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, tiny_model: Path
) -> None:
    assert main(["compare", str(tiny_model), "--vocoders", "nonsense", "-o", str(tmp_path / "x")]) == 1
    assert "unknown" in capsys.readouterr().err
    assert main(["compare", str(tiny_model), "--vocoders", ",", "-o", str(tmp_path / "x")]) == 1
    assert not (tmp_path / "x").exists()


def test_the_page_of_a_comparison_shows_names_as_they_are() -> None:
    text = page("a\x1b[2J<b>&'", [], "")
    assert text.count("a\\x1b[2J&lt;b&gt;&amp;&#x27;") == 2
    assert "\x1b" not in text
