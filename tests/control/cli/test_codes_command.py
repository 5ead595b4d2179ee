"""`distill codes` on a real model: sound to codes, edits, and sound again."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import support_skeleton
from distill_control.cli.main import main
from distill_engine.inference.stored_codes import read_codes, store_codes, stored_route
from distill_engine.modelfile import ModelFile, Part, update_model
from distill_engine.modelfile.code_file import load_codes, save_codes
from distill_engine.rendering import model_trim
from distill_engine.rendering.coding.coder import coder_of
from distill_engine.rendering.loaded_model import load_model
from distill_engine.synthesis.instrument import prepare_instrument


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codes")
    path, _ = support_skeleton.skeleton_model(folder / "tones.distillgan", folder / "sounds")
    route = stored_route(path)
    assert route is not None
    store_codes(path, route)
    return folder


@pytest.fixture
def model(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(folder / "tones.distillgan", tmp_path))


def test_codes_become_the_sound_that_resynth_gives(folder, model, tmp_path, capsys):
    sound, codes, out = folder / "sounds" / "tone1.wav", tmp_path / "a.distillcodes", tmp_path / "a.wav"
    assert main(["codes", "encode", str(model), str(sound), "-o", str(codes)]) == 0
    assert "27 columns of 46 ms" in capsys.readouterr().out
    assert main(["codes", "decode", str(model), str(codes), "-o", str(out)]) == 0
    samples = np.ascontiguousarray(soundfile.read(sound, dtype="float32")[0])
    expected = load_model(model).resynthesise(samples)
    found, _ = soundfile.read(out, dtype="float32")
    assert len(found) == len(samples)
    assert np.abs(found - expected).max() < 2e-4  # 24 bits, dithered or not
    coder = coder_of(load_model(model))
    assert np.array_equal(coder.decode(coder.load(codes)), expected)


def test_a_range_is_heard_as_within_the_whole_and_a_level_without_the_others(folder, model, tmp_path):
    codes = tmp_path / "a.distillcodes"
    assert main(["codes", "encode", str(model), str(folder / "sounds" / "tone1.wav"), "-o", str(codes)]) == 0

    def heard(*options):
        out = tmp_path / "heard.wav"
        assert main(["codes", "decode", str(model), str(codes), "-o", str(out), *options]) == 0
        return soundfile.read(out, dtype="float32")[0]

    whole, part, alone = heard(), heard("--columns", "10:20"), heard("--level", "0")
    assert len(part) == 10 * 4 * 512
    # The networks hear a second before it: here all of it.
    assert np.abs(part[:-4096] - whole[10 * 2048 : 20 * 2048 - 4096]).max() < 1e-3
    assert len(alone) == len(whole)
    assert np.abs(alone - whole).max() > 0.01
    everything = heard(*(word for level in "012" for word in ("--level", level)))
    assert np.abs(everything - whole).max() > 1e-4  # what the codes leave out is not heard


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--columns", "a:b"), "'a:b' is no range: give FIRST:END in columns, such as 10:20"),
        (("--columns", "20:400"), "columns 20 up to 400 are no range: the end is 21 to 27"),
        (("--columns", "30:"), "column 30 is not there: the sequence has columns 0 to 26"),
        (("--level", "3"), "levels 0 to 2: Structure, Timbre, Detail"),
    ],
)
def test_a_range_or_level_that_is_not_there_is_refused(folder, model, tmp_path, capsys, options, words):
    codes, out = tmp_path / "a.distillcodes", tmp_path / "a.wav"
    assert main(["codes", "encode", str(model), str(folder / "sounds" / "tone1.wav"), "-o", str(codes)]) == 0
    assert main(["codes", "decode", str(model), str(codes), "-o", str(out), *options]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) == 1
    assert not out.exists()


def test_an_edit_changes_nothing_before_it_and_little_after(folder, model, tmp_path):
    one, other = tmp_path / "a.distillcodes", tmp_path / "b.distillcodes"
    assert main(["codes", "encode", str(model), str(folder / "sounds" / "tone1.wav"), "-o", str(one)]) == 0
    code = (int(load_codes(one).sequence.codes[0, 10]) + 30) % 64
    assert main(["codes", "edit", str(model), str(one), f"set 0 10 {code}", "-o", str(other)]) == 0
    loaded = load_model(model)
    with ModelFile.open(model) as file:
        stored = read_codes(file)

    def mel(path):
        from distill_engine.codes.sequence import decode_sequence

        return loaded.decode(decode_sequence(stored.books, load_codes(path).sequence).astype(np.float32))

    apart = np.abs(mel(one) - mel(other)).mean(axis=0).reshape(-1, 4).mean(axis=1)
    assert apart[:10].max() == 0
    assert apart[10] > 0.1
    assert apart[14:].max() < 0.02


def test_edits_are_made_one_after_the_other(folder, model, tmp_path, capsys):
    one, other, swapped = (tmp_path / f"{name}.distillcodes" for name in "abc")
    for path, tone in ((one, "tone1"), (swapped, "tone3")):
        assert main(["codes", "encode", str(model), str(folder / "sounds" / f"{tone}.wav"), "-o", str(path)]) == 0
    edits = [
        "repeat 0:5 2",
        "reverse 5:",
        "shift 1 :4 3",
        "random 2 : 9",
        f"swap 1 0:8 {swapped}",
        f"blend 12:16 0.5 {swapped}",
        f"like 16:18 {swapped}",
        "copy 0:4 30",
        "replace 0 : 1 2",
        "nearest 0 3:6",
        "nearest 2 : 4",
        "fill 10:20",
        "fill 20: 3",
    ]
    capsys.readouterr()
    assert main(["codes", "edit", str(model), str(one), *edits, "-o", str(other), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == 34
    assert np.array_equal(load_codes(other).sequence.codes[1, :8], load_codes(swapped).sequence.codes[1, :8])


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ("sing 0:4", "there are set, shift"),
        ("set 0 4", "is not understood: set LEVEL RANGE CODE"),
        ("set 0 a:b 4", "is not understood"),
        ("set 9 0:4 4", "levels 0 to 2"),
        ("set 0 0:4 64", "codes are 0 to 63"),
        ("reverse 20:400", "edit 'reverse 20:400': columns 20 up to 400 are no range: the end is 21 to 27"),
        ("fill 20:40", "edit 'fill 20:40': columns 20 up to 40 are no range: the end is 21 to 27, and not included"),
        ("fill 27:", "column 27 is not there: the sequence has columns 0 to 26"),
        ("swap 0 : nowhere else.distillcodes", "nowhere else.distillcodes: no such file"),
        ("swap 0 20: {short}", "column 20 is not there: the other sequence has columns 0 to 4"),
        ("blend 20: 0.5 {short}", "column 20 is not there: the other sequence has columns 0 to 4"),
        ("blend : 1.5 {short}", "give a share of the second sound"),
        ("blend : half {short}", "is not understood: blend RANGE SHARE FILE"),
        ("like 0:4", "is not understood: like RANGE FILE"),
        ("like 0:4 nowhere else.distillcodes", "nowhere else.distillcodes: no such file"),
        ("replace 0 : 64 3", "code 64: the model's codes are 0 to 63"),
        ("", "edit '' is unknown; there are set"),
    ],
)
def test_what_is_no_edit_is_refused(folder, model, tmp_path, capsys, edit, words):
    codes = tmp_path / "a.distillcodes"
    assert main(["codes", "encode", str(model), str(folder / "sounds" / "tone1.wav"), "-o", str(codes)]) == 0
    short = tmp_path / "a b.distillcodes"
    assert (
        main(["codes", "edit", str(model), str(codes), "repeat 5: 0", "shift 0 : " + "9" * 30, "-o", str(short)]) == 0
    )
    edit = edit.format(short=short)
    assert main(["codes", "edit", str(model), str(codes), edit, "-o", str(tmp_path / "b.distillcodes")]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "b.distillcodes").exists()


def test_two_sounds_are_mixed_and_one_moves_as_the_other(folder, model, tmp_path):
    paths = [tmp_path / f"{name}.distillcodes" for name in ("a", "b", "mix", "moved")]
    for path, tone in zip(paths, ("tone0", "tone4"), strict=False):
        assert main(["codes", "encode", str(model), str(folder / "sounds" / f"{tone}.wav"), "-o", str(path)]) == 0
    assert main(["codes", "blend", str(model), str(paths[0]), str(paths[1]), "0.5", "-o", str(paths[2])]) == 0
    assert main(["codes", "transfer", str(model), str(paths[0]), "--like", str(paths[1]), "-o", str(paths[3])]) == 0
    assert main(["codes", "decode", str(model), str(paths[3]), "-o", str(tmp_path / "moved.flac")]) == 0
    assert np.abs(soundfile.read(tmp_path / "moved.flac")[0]).max() > 0.01


def test_codes_are_shown_as_a_table_and_a_picture(folder, model, tmp_path, capsys):
    codes, picture = tmp_path / "a.distillcodes", tmp_path / "a.png"
    assert main(["codes", "encode", str(model), str(folder / "sounds" / "tone1.wav"), "-o", str(codes)]) == 0
    capsys.readouterr()
    assert main(["codes", "show", str(model), str(codes), "-o", str(picture)]) == 0
    shown = capsys.readouterr().out
    assert "Structure" in shown
    assert "Detail" in shown
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert main(["codes", "show", str(model), str(codes), "-o", str(tmp_path / "a.txt")]) == 1
    assert "the name of a picture ends in .png, .svg or .pdf" in capsys.readouterr().err
    assert main(["codes", "show", str(model), str(codes), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["levels"]["Timbre"]) == 27


def test_fit_takes_other_sizes_and_refuses_those_that_are_none(model, capsys):
    assert main(["codes", "fit", str(model), "--levels", "2", "--codes", "128", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert (table["levels"], table["size"], len(table["error"])) == (2, 128, 2)
    for wrong, way in (("--levels 5", "2, 3 or 4"), ("--levels 1", "2, 3 or 4"), ("--codes 0", "64, 128 or 256")):
        with pytest.raises(SystemExit):
            main(["codes", "fit", str(model), *wrong.split()])
        assert f"is out of range: give {way}" in capsys.readouterr().err
    assert main(["model", "info", str(model)]) == 0
    assert "Structure" in capsys.readouterr().out


def test_fit_to_other_sounds_leaves_the_prior_that_plays_those_of_the_file(folder, model, tmp_path, capsys):
    route = stored_route(model)
    assert route is not None
    (tmp_path / "others").mkdir()
    for name in ("tone1", "tone2"):
        shutil.copy(folder / "sounds" / f"{name}.wav", tmp_path / "others")
    assert main(["codes", "fit", str(model), str(tmp_path / "others"), "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert "memorisation" in table
    instrument = prepare_instrument(model)
    assert instrument.prior is not None
    assert len(instrument.prior.codes) == table["columns"] == (-(-np.diff(route.offsets) // 4)).sum()


def test_a_file_without_its_sounds_says_which_command_brings_the_prior_back(folder, model, tmp_path, capsys):
    codes, sounds = tmp_path / "a.distillcodes", folder / "sounds"
    assert main(["codes", "encode", str(model), str(sounds / "tone1.wav"), "-o", str(codes)]) == 0
    assert main(["model", "slim", str(model), "--forget"]) == 0
    capsys.readouterr()
    assert main(["codes", "fit", str(model), str(sounds)]) == 0
    assert "no source prior: the file holds no path of its sounds; `distill analyse" in capsys.readouterr().out
    assert main(["codes", "encode", str(model), str(sounds / "tone1.wav"), "-o", str(codes)]) == 0
    edit = ["codes", "edit", str(model), str(codes), "fill 0:4", "-o", str(codes)]
    assert main(edit) == 1
    assert "`distill analyse MODEL CORPUS` puts them in" in capsys.readouterr().err
    assert main(["render", str(model), "--source", "prior", "--duration", "0.1", "-o", str(tmp_path / "x.wav")]) == 1
    assert "`distill analyse MODEL CORPUS` makes them" in capsys.readouterr().err
    assert main(["analyse", str(model), str(sounds)]) == 0
    assert main(["codes", "encode", str(model), str(sounds / "tone1.wav"), "-o", str(codes)]) == 0
    assert main(edit) == 0
    assert prepare_instrument(model).prior is not None


def test_codes_that_were_made_before_another_fit_are_refused_and_older_files_are_read(folder, model, tmp_path, capsys):
    codes, out = tmp_path / "a.distillcodes", str(tmp_path / "a.wav")
    assert main(["codes", "encode", str(model), str(folder / "sounds" / "tone1.wav"), "-o", str(codes)]) == 0
    assert main(["codes", "fit", str(model)]) == 0  # the same codes again
    assert main(["codes", "decode", str(model), str(codes), "-o", out]) == 0
    assert main(["codes", "fit", str(model), "--seed", "1"]) == 0
    capsys.readouterr()
    assert main(["codes", "decode", str(model), str(codes), "-o", out]) == 1
    assert "was made with other codes than the model has now: encode its sound again" in capsys.readouterr().err
    save_codes(codes, replace(load_codes(codes), books=""))  # as files were that do not say
    assert main(["codes", "decode", str(model), str(codes), "-o", out]) == 0


def test_models_without_codes_say_how_to_get_them(folder, model, tmp_path, capsys):
    update_model(model, parts={"codes": None})
    sound = str(folder / "sounds" / "tone1.wav")
    assert main(["codes", "encode", str(model), sound, "-o", str(tmp_path / "x.distillcodes")]) == 1
    assert "distill codes fit" in capsys.readouterr().err
    first = Path(__file__).parents[2] / "data" / "776e572" / "tiny.distillgan"
    assert main(["codes", "fit", str(first), str(folder / "sounds")]) == 1
    assert "the first form" in capsys.readouterr().err


def test_codes_of_an_empty_corpus_are_damaged_and_a_check_of_the_file_says_so(model, tmp_path, capsys):
    with ModelFile.open(model) as file:
        arrays = dict(file.read_part("codes"))
    arrays |= {"corpus_codes": arrays["corpus_codes"][:, :0], "corpus_offsets": np.zeros(1, np.int64)}
    assert main(["model", "verify", str(model)]) == 0
    update_model(model, parts={"codes": Part(arrays)})
    capsys.readouterr()
    assert main(["model", "verify", str(model), "--json"]) == 1
    checks = {row["what"]: row["fault"] for row in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["codes"] == "the model's codes are damaged: run `distill codes fit` again"
    assert main(["render", str(model), "-o", str(tmp_path / "x.wav"), "--source", "prior"]) == 1
    assert "`distill analyse MODEL CORPUS` makes them" in capsys.readouterr().err


def test_a_sound_shorter_than_a_column_is_refused(model, tmp_path, capsys):
    soundfile.write(tmp_path / "click.wav", np.ones(1500, np.float32) * 0.1, 44100)
    assert main(["codes", "encode", str(model), str(tmp_path / "click.wav")]) == 1
    assert "shorter than a column of codes (0.046 s): give a longer sound" in capsys.readouterr().err


def test_the_prior_goes_on_from_a_sound_without_a_seam(folder, model, tmp_path, capsys):
    sound, whole, alone = str(folder / "sounds" / "tone0.wav"), tmp_path / "on.wav", tmp_path / "alone.wav"
    command = ["render", str(model), "--bit-depth", "32f", "--seed", "3"]
    assert main([*command, "--continue", sound, "-o", str(whole), "--duration", "2"]) == 0
    assert main([*command, "--source", "codes", "-o", str(alone), "--duration", "1.2"]) == 0
    found, plain = (soundfile.read(path)[0] for path in (whole, alone))
    seam = 512 * -(-soundfile.info(sound).frames // 512)
    assert seam - 1024 <= len(found) - 2 * 44100 <= seam + 512
    same = slice(2000, 51000)
    assert np.abs(found[same] - plain[same]).max() < 2e-3  # the file holds its sounds in half precision
    steps = np.abs(np.diff(found[:, 0], 2))
    assert steps[seam - 2000 : seam + 2000].max() <= steps.max()
    assert np.abs(found[seam + 4000 : -4000]).max() > 0.01
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main([*command, "--continue", sound, "-o", str(whole), "--source", "walk"])
    update_model(model, parts={"codes": None})
    assert main([*command, "--continue", sound, "-o", str(tmp_path / "x.wav")]) == 1
    assert "distill analyse" in capsys.readouterr().err


def test_forgetting_the_sounds_forgets_their_codes(model, capsys, monkeypatch):
    monkeypatch.setattr(model_trim, "_PERFORMANCE_SECONDS", 1.0)
    assert main(["model", "slim", str(model), "--forget"]) == 0
    with ModelFile.open(model) as file:
        assert read_codes(file).corpus is None
        assert "corpus_codes" not in file.read_part("codes")
    capsys.readouterr()
    assert main(["codes", "fit", str(model)]) == 1
    assert "no path of its sounds" in capsys.readouterr().err
