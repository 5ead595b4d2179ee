"""The workshop's screens in a real Chromium: what a maker does there is what the commands do."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.library.renders import RenderStore
from support_browser import AXE, PlayingEngine, found_by_axe, stray_file

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.listens]

PICTURES = Path(__file__).resolve().parents[3] / "build" / "workshop"
DROP = """(() => {
  const transfer = new DataTransfer();
  for (const [name, data] of FILES) transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
  document.querySelector('#sounds').dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
})()"""


def click(page, text, within="body"):
    """Click the first visible button with this text."""
    script = (
        f"[...document.querySelectorAll({json.dumps(within + ' button')})]"
        f".find((e) => e.offsetParent && !e.disabled && e.textContent.trim().startsWith({json.dumps(text)}))"
    )
    page.until(script)
    page.run(f"{script}.click()")


@pytest.fixture
def screen(chromium, workshop):
    """`screen(name, width=1280, height=800)`: the workshop's page with this screen open."""
    pages = []

    def open_it(name, width=1280, height=800):
        page = chromium.page(f"http://127.0.0.1:{workshop.port}/workshop/#{name}", width, height)
        pages.append(page)
        page.until("document.querySelector('.tab[aria-current]') && document.querySelector('#gone').hidden")
        return page

    yield open_it
    for page in pages:
        assert [said for said in page.complaints() if "Refused" in said or "exceptionId" in said] == []
        hosts = {url.split("/")[2] for url in page.requests() if "://" in url and not url.startswith("blob")}
        assert hosts <= {f"127.0.0.1:{workshop.port}", "127.0.0.1:9001"}
        page.close()


@pytest.fixture(scope="module")
def trained(workshop, tmp_path_factory):
    """A corpus `tones` and a model of it whose training is complete."""
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.inference.stored_codes import stored_route
    from distill_engine.models.model_config import skeleton_config
    from distill_engine.rendering.coding.coder import route_of
    from distill_engine.rendering.coding.fitted_codes import fit_model_codes
    from distill_engine.system.listeners import ignore
    from distill_engine.training.latent.model_options import ModelOptions
    from distill_engine.training.latent.train_model import train_model
    from support_skeleton import write_tones

    write_tones(workshop.home / "corpora" / "tones")
    path = workshop.home / "models" / "tones.distillgan"
    path.parent.mkdir(exist_ok=True)
    options = ModelOptions(config=skeleton_config(16), epochs=1, device="cpu")
    corpus = load_corpus(workshop.home / "corpora" / "tones")
    train_model(corpus, path, options, listen=ignore, stopped=lambda: False)
    fit_model_codes(path, route_of(path, corpus, stored_route(path)), levels=3, size=64, seed=0, keep_corpus=True)
    shutil.copyfile(path, workshop.home / "tones.distillgan")
    return "tones"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768)])
def test_every_screen_fits_and_is_large_enough_to_touch(screen, trained, width, height):
    page = screen("train", width, height)
    PICTURES.mkdir(parents=True, exist_ok=True)
    root = "document.documentElement"
    kinds = "button, select, input:not([type=checkbox], [type=radio]), summary, .tab"
    shown = f"[...document.querySelectorAll('{kinds}')].filter((e) => e.offsetParent)"
    sizes = f"{shown}.map((e) => [e.className || e.textContent, e.offsetWidth, e.offsetHeight])"
    words = "[...document.querySelectorAll('body *')].filter((e) => e.offsetParent && e.childNodes[0]?.nodeType === 3)"
    tiny = f"{words}.filter((e) => parseFloat(getComputedStyle(e).fontSize) < 15).map((e) => e.textContent)"
    cut = f"{words}.filter((e) => e.matches('button') && e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"
    for name in ("train", "render", "library", "codes"):
        page.run(f"location.hash = '{name}'")
        page.until(f"!document.querySelector('#{name}').hidden")
        page.until(f"document.querySelector('#{name}').textContent.includes('tones')")
        assert page.run(f"[{root}.scrollWidth <= {width}, {root}.scrollHeight <= {height}]") == [True, True]
        assert page.run(f"{sizes}.filter(([name, w, h]) => name !== 'title' && (w < 44 || h < 42))") == []
        assert page.run(tiny) == []
        assert page.run(cut) == []
        page.picture(PICTURES / f"{name}-{width}.png")


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: make build/axe")
def test_axe_finds_nothing_serious_on_any_screen(screen, trained):
    page = screen("train")
    for name in ("train", "render", "library", "codes"):
        page.run(f"location.hash = '{name}'")
        page.until(f"!document.querySelector('#{name}').hidden")
        page.until(f"document.querySelector('#{name}').textContent.includes('tones')")
        page.run(f"document.querySelectorAll('#{name} details').forEach((one) => (one.open = true))")
        page.run("document.querySelector('.model')?.offsetParent && document.querySelector('.model').click()")
        assert found_by_axe(page) == [], name
    click(page, "Jobs", "#frame")
    assert found_by_axe(page) == []


def test_dropped_files_are_judged_as_the_check_does_and_nothing_leaves_the_folder(screen, workshop, tone):
    page = screen("train")
    page.type("#corpora input[name=corpus]", "鳥 birds")
    click(page, "New corpus", "#corpora")
    page.until("document.querySelector('#sounds h2').textContent === '鳥 birds'")
    files = [(f"Käuzchen {n}.wav", tone(n, 0.3)) for n in range(36)]
    silent = workshop.home / "silent.wav"
    soundfile.write(silent, np.zeros(20000), 44100)
    files += [
        ("silent.wav", silent.read_bytes()),
        ("twice.wav", tone(0, 0.3)),
        ("broken.wav", b"RIFF nothing"),
        ("../../x.wav", tone(3, 0.2)),
    ]
    coded = json.dumps([(name, base64.b64encode(data).decode()) for name, data in files])
    page.run(DROP.replace("FILES", coded))
    page.until("document.querySelectorAll('#sounds .file.ok').length === 36", 20)
    verdicts = dict(
        page.run(
            "[...document.querySelectorAll('.file')].map((e) => [e.dataset.file, e.querySelector('.verdict').textContent])"
        )
    )
    assert verdicts["silent.wav"].startswith("skipped: silent")
    assert verdicts["twice.wav"].startswith("skipped: duplicate of Käuzchen 0.wav")
    assert verdicts["broken.wav"].startswith("skipped")
    assert [path.parent.name for path in workshop.home.rglob("*x.wav")] in ([], ["鳥 birds"])
    page.until(
        "document.querySelector('#drawer .log').textContent.includes('x.wav') || document.querySelectorAll('.file').length === 40"
    )
    assert {path.name for path in (workshop.home / "corpora").iterdir()} <= {"鳥 birds", "tones"}
    said = subprocess.run(
        [sys.executable, "-m", "distill_control.cli.main", "corpus", "check", str(workshop.home / "corpora" / "鳥 birds"), "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {row["name"]: row["verdict"] for row in json.loads(said.stdout)["files"]} == {
        name: text.split(":")[0].split(" ")[0] for name, text in verdicts.items()
    }
    page.run(
        "[...document.querySelectorAll('[data-file=\"Käuzchen 1.wav\"] button')].find((e) => e.textContent === 'Leave out').click()"
    )
    page.until("document.querySelector('[data-file=\"Käuzchen 1.wav\"] .verdict').textContent.includes('left out')")
    page.run("document.querySelector('[data-file=\"Käuzchen 2.wav\"] .listen').click()")
    page.until("document.querySelector('[data-file=\"Käuzchen 2.wav\"] .listen').ariaPressed === 'true'")
    page.picture(PICTURES / "verdicts-1280.png")


@pytest.mark.slow
def test_a_vocoder_waits_for_its_model_stops_with_a_checkpoint_and_asks_before_it_is_replaced(
    screen, workshop, trained
):
    page = screen("train")
    vocoder = "#vocoder-form"
    page.until("document.querySelector('#vocoder-why').textContent.length && document.querySelector('.names')")
    copy_model(workshop, "half", completed=False)
    page.run("window.earlier = true; location.reload()")
    page.until("!window.earlier && document.readyState === 'complete'")
    page.until(f"[...document.querySelectorAll('{vocoder} [name=model] option')].some((e) => e.value === 'half')")
    choose(page, f"{vocoder} [name=model]", "half")
    assert page.run(f"document.querySelector('{vocoder} .main').disabled")
    assert "not trained yet" in page.run("document.querySelector('#vocoder-why').textContent")
    click(page, "tones", "#corpora")
    choose(page, f"{vocoder} [name=model]", "tones")
    page.until(f"!document.querySelector('{vocoder} .main').disabled")
    page.run(f"document.querySelector('{vocoder}').requestSubmit()")
    page.until("document.querySelector('#course .legend').textContent.includes('mel')", 30)
    assert "no discriminator yet" in page.run("document.querySelector('#course .legend').textContent")
    assert page.run("document.querySelectorAll('#course progress[value]').length") == 1
    page.picture(PICTURES / "training-1280.png")
    click(page, "Stop: saves a checkpoint", "#course")
    page.until("document.querySelector('#course .standing').textContent.includes('Resume anytime')", 30)
    said = page.run("document.querySelector('#course .standing').textContent")
    assert "Checkpoint saved at epoch" in said
    page.until(f"!document.querySelector('{vocoder} .main').disabled")
    page.until("document.querySelector('#course .state').textContent === 'stopped'")
    page.run(f"document.querySelector('{vocoder}').requestSubmit()")
    page.until(f"document.querySelector('{vocoder} .question')?.textContent.includes('Resume it, or start fresh?')")
    page.picture(PICTURES / "resume-1280.png")
    click(page, "Keep as it is", vocoder)


def choose(page, selector, value):
    """Choose an entry of a list."""
    page.run(
        f"(e => {{ e.value = {json.dumps(value)}; e.dispatchEvent(new Event('change', {{ bubbles: true }})); }})"
        f"(document.querySelector({json.dumps(selector)}))"
    )


def copy_model(workshop, new, *, completed):
    """Copy the model `tones` as it was at first; its training is as complete as asked."""
    from dataclasses import replace

    from distill_engine.modelfile import update_model

    models = workshop.home / "models"
    (models / f"{new}.distillgan").write_bytes((workshop.home / "tones.distillgan").read_bytes())

    def change(old):
        training = {**old.training, "model": {**old.training["model"], "completed": completed}}
        return replace(old, name=new, training=training)

    update_model(models / f"{new}.distillgan", manifest=change)


def test_a_finished_vocoder_is_replaced_only_after_a_yes_and_the_library_shows_its_figures(screen, workshop, trained):
    from dataclasses import replace

    from distill_engine.modelfile import update_model

    copy_model(workshop, "owls", completed=True)
    figures = {"log_mel": 0.27, "base_log_mel": 0.34, "mr_stft": 0.5, "base_mr_stft": 0.6}
    row = {
        "epochs": 40,
        "steps": 400,
        "usable": True,
        "completed": True,
        "reason": "the model's own",
        "validation": figures,
    }
    update_model(
        workshop.home / "models" / "owls.distillgan", manifest=lambda old: replace(old, vocoders={"vocos": row})
    )
    page = screen("train")
    page.until("[...document.querySelectorAll('#vocoder-form [name=model] option')].some((e) => e.value === 'owls')")
    click(page, "tones", "#corpora")
    choose(page, "#vocoder-form [name=model]", "owls")
    page.run("document.querySelector('#vocoder-form').requestSubmit()")
    asked = "document.querySelector('#vocoder-form .question')?.textContent"
    page.until(f"{asked}?.includes('already has a trained vocos vocoder (40 epochs). Replace it?')")
    assert page.run("document.activeElement.textContent") == "Keep"
    page.picture(PICTURES / "replace-1280.png")
    page.key("Escape")
    assert page.run("document.querySelector('#vocoder-form .question')") is None
    page.run("document.querySelector('#vocoder-form').requestSubmit()")
    page.until(f"{asked}?.includes('Replace it?')")
    click(page, "Keep", "#vocoder-form .question")
    assert not any(job["about"].get("model") == "owls" for job in workshop.get("/api/jobs"))
    page.run("location.hash = 'library'")
    page.until(
        "document.querySelector('[data-model=owls]')?.textContent.includes('40 epochs, held-out 0.27 (shipped 0.34)')"
    )


def curve_of(workshop, identity):
    """Return the curve of a job as a page gets it that has just been opened."""
    with urllib.request.urlopen(f"http://127.0.0.1:{workshop.port}/api/jobs/events") as stream:
        line = next(line for line in stream if line.startswith(b"data: "))
    return next(job["curve"] for job in json.loads(line[6:]) if job["id"] == identity)


@pytest.mark.slow
def test_a_reload_a_second_browser_and_a_killed_workshop_lose_nothing_of_a_training(screen, workshop, trained):
    page = screen("train")
    job = workshop.order("train-vocoder", model="tones", corpus="tones", minutes=10, fresh=True, force=True)
    points = "document.querySelector('#course .legend').textContent.includes('mel')"
    page.until(points, 30)
    workshop.until(job, lambda one: one["progress"].get("step", 0) > 2)
    before = curve_of(workshop, job)
    workshop.stop(signal.SIGKILL)
    page.until("!document.querySelector('#gone').hidden")
    workshop.start(workshop.port)
    page.until("document.querySelector('#gone').hidden", 15)
    page.until("document.querySelector('#course .state').textContent === 'running'")
    first = page.run("document.querySelector('#course .standing').textContent")
    other = screen("train", 1024, 768)
    other.until(points)
    assert "epoch" in first
    whole = curve_of(workshop, job)
    assert whole[: len(before)] == before
    steps = [step for step, _ in whole]
    assert steps == sorted(set(steps))
    click(other, "Stop: saves a checkpoint", "#course")
    page.until("document.querySelector('#course .standing').textContent.includes('Checkpoint saved at epoch')", 30)
    assert workshop.ended(job)["state"] == "cancelled"


def test_names_from_strangers_are_text_on_every_screen(screen, workshop, trained, tone):
    evil = "<img src=x onerror=document.title=1>"
    workshop.ask("PATCH", "/api/models/tones", {"tags": [evil], "note": evil})
    job = workshop.order("render", model="tones", duration=0.3, title=evil)
    assert workshop.ended(job)["state"] == "done", workshop.job(job)
    for name in ("library", "render"):
        page = screen(name)
        page.until(f"document.querySelector('#{name}').textContent.includes('onerror')")
        assert page.run("[document.querySelectorAll('img[src=x]').length, document.title]") == [0, "Distill: workshop"]


TAP = """
window.AudioContext = class extends AudioContext {
  constructor() {
    super();
    const tap = this.createScriptProcessor(1024, 1, 1);
    window.heard = [];
    window.heardRate = this.sampleRate;
    tap.onaudioprocess = (event) => window.heard.push(...event.inputBuffer.getChannelData(0));
    tap.connect(super.destination);
    Object.defineProperty(this, "destination", { get: () => tap });
  }
};
"""


def put(page, side, title):
    """Choose a sound of the history for a side of the comparison."""
    page.run(
        f"[...document.querySelectorAll('.entry')].find((e) => e.textContent.includes('{title}'))"
        f".querySelector('[aria-label$=\"as {side}\"]').click()"
    )
    page.until(f"document.querySelector('[data-side={side}] .name').textContent === '{title}'")


def loudness_of_sides(page):
    """Play both sides for half a second; return their loudness in LUFS."""
    from distill_engine.audio.measuring.loudness import loudness_lufs

    page.run("document.querySelector('.comparison').focus()")
    found = {}
    page.key(" ")
    page.until("document.querySelector('.comparison .play').textContent.includes('Stop')")
    for side, other in (("A", "B"), ("B", "A")):
        page.until(f"document.querySelector('[data-side={side}]').classList.contains('heard')")
        page.run("window.heard.length = 0")
        page.until("window.heard.length > 32768")
        heard = np.array(page.run("window.heard"), np.float32)[8192:]
        found[side] = loudness_lufs(heard[None], page.run("window.heardRate"))
        page.key("x")
        page.until(f"document.querySelector('[data-side={other}]').classList.contains('heard')")
    page.key(" ")
    return found


def test_two_sounds_are_compared_without_a_gap_at_one_loudness_and_blind_tells_nothing(screen, workshop, trained):
    store = RenderStore(workshop.home / "renders")
    for number, level, pitch in ((1, 0.5, 441), (2, 0.1, 441), (3, 0.2, 4410)):
        tone = level * np.sin(2 * np.pi * pitch * np.arange(88200) / 44100)
        soundfile.write(workshop.home / "tone.wav", tone, 44100)
        store.add(workshop.home / "tone.wav", f"take {number}", {"model": {"name": "tones"}})
    page = screen("render")
    page.run(TAP)
    page.until("document.querySelectorAll('.entry').length >= 3")
    page.run(
        "(fetched => { window.late = 0; window.fetch = (...given) => String(given[0]).endsWith('/audio') && !window.late"
        "? (window.late = 1, new Promise((done) => setTimeout(done, 400)).then(() => fetched(...given)).finally(() => (window.late = 2)))"
        ": fetched(...given); })(window.fetch)"
    )
    for number in (2, 3):  # the first one arrives last
        page.run(
            f"[...document.querySelectorAll('.entry')].find((e) => e.textContent.includes('take {number}'))"
            ".querySelector('[aria-label$=\"as A\"]').click()"
        )
    page.until("window.late === 2")
    time.sleep(0.3)  # to decode it
    assert page.run("document.querySelector('[data-side=A] .name').textContent") == "take 3"
    put(page, "A", "take 1")
    put(page, "B", "take 3")
    heard = loudness_of_sides(page)
    assert heard["A"] == pytest.approx(heard["B"], abs=0.3)
    put(page, "B", "take 2")
    page.picture(PICTURES / "compare-1280.png")
    page.run("document.querySelector('.comparison').focus()")
    page.key(" ")
    page.until("document.querySelector('.comparison .play').textContent.includes('Stop')")
    page.run("window.heard.length = 0")
    for side in ("B", "A"):
        page.until("window.heard.length > 8192")
        page.key("x")
        page.until(f"document.querySelector('[data-side={side}]').classList.contains('heard')")
    heard = page.run("window.heard.length")
    page.until(f"window.heard.length > {heard} + 8192")
    recorded = np.array(page.run("window.heard"))
    page.key(" ")
    sounding = np.flatnonzero(np.abs(recorded) > 0.01)
    pieces = recorded[sounding[0] + 2048 : sounding[-1] - 2048]
    pieces = pieces[: len(pieces) // 500 * 500].reshape(-1, 500)
    level = np.sqrt(np.square(pieces).mean(axis=1))
    assert level.min() / np.median(level) > 0.8
    assert level.max() / np.median(level) < 1.2
    page.run("document.querySelector('.comparison').focus()")
    page.key(" ")
    click(page, "Loop", ".comparison")
    page.until("document.querySelector('.comparison .play').textContent.includes('Play')", 8)  # at the sounds' end
    click(page, "Loop", ".comparison")
    click(page, "Blind", ".comparison")
    assert page.run("[...document.querySelectorAll('.comparison .name')].map((e) => e.textContent)") == [
        "hidden",
        "hidden",
    ]
    assert page.run("[...document.querySelectorAll('.comparison .wave')].every((e) => e.hidden)")
    assert "take" not in page.run("document.querySelector('.comparison').textContent")
    page.key("1")
    page.until("document.querySelector('.comparison').textContent.includes('1 vote so far')")
    click(page, "Blind", ".comparison")
    tally = page.run("document.querySelector('.comparison .muted').textContent")
    assert sorted(tally.replace("better: ", "").split(", ")) in (["take 1 0", "take 2 1"], ["take 1 1", "take 2 0"])


def test_load_brings_all_settings_of_an_entry_back_and_the_result_follows_the_history(screen, workshop, trained, tone):
    assert workshop.ask("POST", "/api/corpora", {"name": "other"})[0] == 200
    assert workshop.upload("other", "owl.wav", tone(8))[0] == 200
    store = RenderStore(workshop.home / "renders")
    entries = {
        "plain": {"model": "tones", "duration": 2, "seed": 3, "controls": {}},
        "owl again": {"model": "tones", "corpus": "other", "file": "owl.wav", "vocoder": "nobody"},
    }
    for title, settings in entries.items():
        soundfile.write(workshop.home / "tone.wav", np.sin(np.arange(8000) / 9) / 2, 44100)
        store.add(workshop.home / "tone.wav", title, {"model": {"name": "tones"}, "parameters": settings})
    page = screen("render")
    entry = "[...document.querySelectorAll('.entry')].find((e) => e.textContent.includes('{}'))".format
    field = "document.querySelector('#render-form [name={}]').value".format
    page.until(f"{entry('owl again')} && {entry('plain')}")
    page.until(f"document.querySelector('#render-form [name=corpus] option[value=other]') && {field('model')}")
    page.run("document.querySelector('#render-form [name=gain]').value = -12")
    choose(page, "#render-form [name=format]", "mp3")
    page.run(f"[...{entry('plain')}.querySelectorAll('button')].find((e) => e.textContent === 'Load').click()")
    names = ("gain", "format", "seed", "duration", "source")
    assert [page.run(field(name)) for name in names] == ["", "wav", "3", "2", "auto"]
    choose(page, "#render-form [name=corpus]", "tones")
    page.run(f"[...{entry('owl again')}.querySelectorAll('button')].find((e) => e.textContent === 'Load').click()")
    assert [page.run(field(name)) for name in ("from", "corpus", "file")] == ["recording", "other", "owl.wav"]
    assert "its vocoder nobody is not here" in page.run("document.querySelector('#toast').textContent")
    page.run(f"{entry('plain')}.querySelector('.title').click()")
    shown = "document.querySelector('#result h2').textContent"
    page.until(f"{shown} === 'plain'")
    page.run(f"{entry('plain')}.querySelector('[aria-label^=Rename]').click()")
    page.type("#history [name=title]", "plainer")
    page.run("document.querySelector('#history form').requestSubmit()")
    page.until(f"{shown} === 'plainer'")
    page.run(f"{entry('plainer')}.querySelector('[aria-label^=Delete]').click()")
    click(page, "Delete", "#history .question")
    page.until(f"{shown} === 'Result' && document.querySelector('.result').hidden")


def test_a_model_stays_chosen_under_its_new_name(screen, workshop, trained):
    copy_model(workshop, "wren", completed=True)
    page = screen("library")
    page.until("document.querySelector('[data-model=wren]')")
    page.run("document.querySelector('[data-model=wren]').click()")
    click(page, "Rename", "#detail")
    page.type("#detail input[name=name]", "robin")
    page.run("document.querySelector('#detail form').requestSubmit()")
    page.until("document.querySelector('[data-model=robin]')?.ariaPressed === 'true'")
    page.until("document.querySelector('#detail h2')?.textContent === 'robin'")


def test_a_file_that_misses_its_target_leaves_the_page_where_it_is(screen, workshop):
    page = screen("library")
    assert stray_file(page, "#detail") == [True, True]
    page.until("document.querySelector('#toast').textContent.includes('on the list of the Library')")


def test_codes_are_changed_undone_heard_and_saved(screen, workshop, trained):
    page = screen("codes")
    page.until("[...document.querySelectorAll('#codes [name=model] option')].some((e) => e.value === 'tones')")
    choose(page, "#codes [name=model]", "tones")
    page.until("document.querySelectorAll('#codes [name=corpus] option[value=tones]').length")
    choose(page, "#codes [name=corpus]", "tones")
    choose(page, "#codes [name=file]", "tone0.wav")
    click(page, "Encode", "#codes")
    choose(page, "#codes [name=model]", "starter")  # the codes stay those of the model that made them
    page.until("document.querySelector('#codes').textContent.includes('columns, 0:01')", 20)
    left, top, _, _ = page.box("#codes .grid")
    page.mouse("mousePressed", left + 100, top + 24 + 84 + 20)
    page.mouse("mouseMoved", left + 100 + 3 * 26, top + 24 + 2 * 84 + 20)
    page.mouse("mouseReleased", left + 100 + 3 * 26, top + 24 + 2 * 84 + 20)
    page.until("document.querySelector('.codes').textContent.includes('Timbre to Detail, columns 0 to 3, 0.19 s')")
    page.run("document.querySelector('#codes .grid').focus()")
    page.key("Enter")
    page.until("document.querySelector('.codes').textContent.endsWith('playhead at 0')")
    page.type("#codes [name=code]", "5")
    click(page, "Set to", "#codes")
    page.until("!document.querySelector('#codes .head button:nth-last-of-type(2)').disabled", 20)
    edited = next(job for job in workshop.get("/api/jobs") if job["kind"] == "edit")
    levels = workshop.get(f"/api/jobs/{edited['id']}/result")["levels"]
    assert [level[:4] for level in levels[1:]] == [[5] * 4] * 2
    click(page, "Decode and hear", "#codes")
    page.until("document.querySelectorAll('#codes .listen').length === 2", 30)
    page.picture(PICTURES / "codes-edited-1280.png")
    page.type("#codes [name=name]", "five")
    click(page, "Save", "#codes")
    page.until("[...document.querySelectorAll('#codes [name=saved] option')].some((e) => e.value === 'five')")
    assert (workshop.home / "codes" / "five.distillcodes").is_file()
    click(page, "Undo", "#codes")
    undo = "document.querySelector('#codes .head button:nth-last-of-type(2)').disabled"
    page.until(undo)
    choose(page, "#codes [name=other]", "five")
    page.type("#codes [name=share]", "100")
    for word in ("Swap levels", "Blend", "Sound like"):
        click(page, word, "#codes")
        page.until(f"!{undo}", 20)
        job = next(job for job in workshop.get("/api/jobs") if job["kind"] == "edit")
        mixed = workshop.get(f"/api/jobs/{job['id']}/result")["levels"]
        if word == "Sound like":
            assert set(list(zip(*mixed, strict=True))[:4]) <= set(zip(*levels, strict=True))
        else:
            assert [level[:4] for level in mixed[1:]] == [[5] * 4] * 2
        click(page, "Undo", "#codes")
        page.until(undo)


def test_a_take_recorded_on_the_page_renders_to_the_samples_of_the_command(chromium, start_workshop, tmp_path):
    engine = PlayingEngine(tmp_path)
    try:
        play = chromium.page(f"http://127.0.0.1:{engine.oscquery_port}/ui/")
        play.until("document.querySelector('.connection').textContent.includes('● connected')")
        play.until("document.querySelector('.play').textContent.includes('Playing')")
        play.click(".record")
        play.until("document.querySelector('.record').ariaPressed === 'true'")
        play.key("ArrowRight")
        play.click(".record")
        play.until("document.querySelector('.record').ariaPressed === 'false'")
        play.close()
    finally:
        engine.stop()
    shop = start_workshop("--no-engine")
    assert shop.get("/api/takes/take-01") == {"models": ["starter"]}
    page = chromium.page(f"http://127.0.0.1:{shop.port}/workshop/#library")
    click(page, "Render", "#others")
    chosen = (
        "['model', 'from', 'take'].map((name) => document.querySelector(`#render-form [name=${name}]`).value).join()"
    )
    page.until(f"{chosen} === 'starter,take,take-01' && !document.querySelector('#render-form .main').disabled")
    page.run("document.querySelector('#render-form form').requestSubmit()")
    page.until("document.querySelector('#result h2').textContent === 'take-01'", 30)
    page.close()
    (entry,) = shop.get("/api/renders")
    words = [
        "render",
        "starter",
        "--take",
        str(tmp_path / "recordings" / "take-01.take"),
        "-o",
        str(tmp_path / "again.wav"),
    ]
    subprocess.run([sys.executable, "-m", "distill_control.cli.main", *words], check=True, capture_output=True)
    heard = soundfile.read(tmp_path / "renders" / entry["id"] / "sound.wav")[0]
    assert len(heard) > 1000
    assert np.array_equal(heard, soundfile.read(tmp_path / "again.wav")[0])


TINY = """
import distill_vendor.bigvgan as published
small = published.BigVGANConfig(bands=8, upsample_rates=(2,), upsample_kernels=(4,), initial_channels=256)
published.PINS = {"bigvgan": published.Pin("bigvgan", "nobody/tiny", small, about_bytes=1_000_000)}
"""
HUB = Path(__file__).resolve().parents[2] / "support_hub.py"


@pytest.fixture
def small_hub(tmp_path, monkeypatch):
    """A hub of this machine with a small BigVGAN, and a module that names it in place of the published one."""
    import torch

    from distill_vendor.bigvgan import BigVGAN, BigVGANConfig

    folder = tmp_path / "served" / "nobody" / "tiny"
    folder.mkdir(parents=True)
    config = BigVGANConfig(bands=8, upsample_rates=(2,), upsample_kernels=(4,), initial_channels=256)
    torch.save({"generator": BigVGAN(config).state_dict()}, folder / "bigvgan_generator.pt")
    (folder / "config.json").write_text(json.dumps(config.to_upstream()))
    words = [
        sys.executable,
        str(HUB),
        str(tmp_path / "served"),
        f"slow={folder.joinpath('bigvgan_generator.pt').stat().st_size // 3}",
    ]
    hub = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert hub.stdout is not None
    (tmp_path / "patch").mkdir()
    (tmp_path / "patch" / "sitecustomize.py").write_text(TINY)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path / "patch"), os.environ.get("PYTHONPATH"))))
    )
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.stdout.readline().strip()}")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    yield hub
    hub.terminate()
    hub.communicate(timeout=10)


@pytest.mark.slow
def test_a_download_moves_stops_goes_on_where_it_was_and_stays(chromium, small_hub, start_workshop):
    shop = start_workshop("--no-engine")
    page = chromium.page(f"http://127.0.0.1:{shop.port}/workshop/#library")
    click(page, "Download", "#library")
    page.until("document.querySelector('#render-form .question')?.textContent.includes('Hugging Face')")
    click(page, "Not now", "#render-form .question")
    place = "document.querySelector('[data-vocoder=bigvgan]')"
    page.until(f"{place}?.textContent.includes('not here')")
    assert page.run(f"{place}.querySelector('input').disabled")
    page.picture(PICTURES / "not-here-1280.png")
    click(page, "Download", "[data-vocoder=bigvgan]")
    click(page, "Download", "#render-form .question")
    page.until(f"Number({place}.textContent.match(/(\\d+) %/)?.[1]) >= 20", 20)
    page.picture(PICTURES / "downloading-1280.png")
    click(page, "Stop", "[data-vocoder=bigvgan]")
    page.until(f"{place}.textContent.includes('goes on where it stopped')")
    click(page, "Download", "[data-vocoder=bigvgan]")
    click(page, "Download", "#render-form .question")
    page.until(f"!{place}.querySelector('input').disabled", 20)
    page.close()
    small_hub.terminate()
    asked = small_hub.communicate(timeout=10)[0]
    ranges = [line.split()[-1] for line in asked.splitlines() if line.startswith("GET") and ".pt" in line]
    assert len(ranges) == 2
    assert int(ranges[1].removeprefix("bytes=").partition("-")[0]) > 0, "the second request goes on"
    assert next(row for row in shop.get("/api/vocoders") if row["name"] == "bigvgan")["state"] == "ready"


def held(engine, name):
    """Return what the engine holds at an address, as OSCQuery tells it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.oscquery_port}/distill/{name}?VALUE") as answer:
        return json.load(answer)["VALUE"][0]


def test_a_render_plays_live_and_the_live_state_comes_back_into_the_form(chromium, start_workshop, tmp_path):
    soundfile.write(tmp_path / "tone.wav", np.sin(np.arange(8000) / 9) / 2, 44100)
    settings = {"model": "starter", "seed": 77, "controls": {"brightness": 0.5}}
    RenderStore(tmp_path / "renders").add(tmp_path / "tone.wav", "dusk", {"parameters": settings})
    engine = PlayingEngine(tmp_path)
    try:
        shop = start_workshop("--no-engine", "--engine-port", str(engine.oscquery_port))
        page = chromium.page(f"http://127.0.0.1:{shop.port}/workshop/#render")
        page.until("document.querySelector('.connection').textContent.includes('engine plays')")
        page.until("document.querySelector('.entry .title')")
        page.run("document.querySelector('.entry .title').click()")
        click(page, "Play live with these settings", "#result")
        for name, value in (("seed", 77), ("control/brightness", 0.5)):
            deadline = time.monotonic() + 10
            while held(engine, name) != value:
                assert time.monotonic() < deadline, name
                time.sleep(0.05)
        slider = "document.querySelector('#render-form [data-control=brightness]').value"
        assert page.run(f"[document.querySelector('#render-form [name=seed]').value, {slider}]") == ["0", "0"]
        with engine.client() as client:
            client.send("/distill/control/brightness", 0.25)
        form = f"document.querySelector('#render-form [name=seed]').value === '77' && {slider} === '0.25'"
        live = (
            "[...document.querySelectorAll('#render-form button')].find((e) => e.textContent === 'From the live state')"
        )
        page.until(f"({live}.click(), {form})")
        page.close()
    finally:
        engine.stop()
