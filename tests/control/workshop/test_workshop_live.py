"""The workshop beside an engine that plays, and what goes wrong on the way: real files, processes and a real browser."""

from __future__ import annotations

import base64
import json
import os
import resource
import signal
import time
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.inference.stored_codes import store_codes, stored_route
from distill_engine.library.assets import starter_path
from support_browser import PlayingEngine
from support_skeleton import skeleton_model, write_tones

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.listens]

PICTURES = Path(__file__).resolve().parents[3] / "build" / "tutorial"
SHOWN = "[...document.querySelectorAll('button')].find((e) => e.offsetParent && !e.disabled && e.textContent.trim().startsWith(TEXT))"


def click(page, text, within=""):
    """Click the first visible button that begins with a text."""
    found = SHOWN.replace("TEXT", json.dumps(text)).replace("'button'", f"'{within} button'")
    page.until(found, 20)
    page.run(f"{found}.click()")


def held(engine, name):
    """Return what the engine holds at an address, as OSCQuery tells it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.oscquery_port}/distill/{name}?VALUE") as answer:
        return json.load(answer)["VALUE"][0]


def eventually(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def beside(chromium, start_workshop, tmp_path):
    """An engine that plays, a workshop on the same home, and `open(screen)` for its pages."""
    engine = PlayingEngine(tmp_path)
    try:
        shop = start_workshop("--no-engine", "--engine-port", str(engine.oscquery_port))

        def open_page(screen):
            page = chromium.page(f"http://127.0.0.1:{shop.port}/workshop/#{screen}")
            page.until("document.querySelector('.connection').textContent.includes('engine plays')")
            return page

        yield engine, shop, open_page
        shop.clean()
    finally:
        engine.stop()


DROP = """(() => {
  const transfer = new DataTransfer();
  for (const [name, data] of FILES) transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
  document.querySelector('#sounds').dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
})()"""


def drop(page, folder):
    """Drop the files of a folder on the page."""
    files = [(path.name, base64.b64encode(path.read_bytes()).decode()) for path in sorted(folder.iterdir())]
    page.run(DROP.replace("FILES", json.dumps(files)))


def choose(page, selector, value):
    """Choose an entry of a list, once it is there."""
    entries = f"[...document.querySelectorAll({json.dumps(selector + ' option')})]"
    page.until(f"{entries}.some((e) => e.value === {json.dumps(value)})", 20)
    page.run(
        f"(e => {{ e.value = {json.dumps(value)}; e.dispatchEvent(new Event('change', {{ bubbles: true }})); }})"
        f"(document.querySelector({json.dumps(selector)}))"
    )


@pytest.mark.slow
@pytest.mark.skipif("DISTILL_LONG_TESTS" not in os.environ, reason="a minute: set DISTILL_LONG_TESTS")
def test_from_an_empty_home_to_a_recorded_take_as_the_tutorial_goes(beside, chromium, tmp_path):
    """Its pictures are those of `docs/start/first-instrument.md`."""
    engine, shop, open_page = beside
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = open_page("train")
    page.until("document.querySelector('#corpora').textContent.includes('None yet')")
    page.picture(PICTURES / "empty.webp")
    page.type("#corpora input[name=corpus]", "bells")
    click(page, "New corpus")
    page.until("document.querySelector('#sounds h2').textContent === 'bells'")
    sounds = write_tones(tmp_path / "sounds", count=9)
    soundfile.write(sounds / "silence.wav", np.zeros(30000), 44100)
    drop(page, sounds)
    page.until("document.querySelectorAll('#sounds .file.ok').length === 9", 30)
    page.until("[...document.querySelectorAll('.verdict')].some((e) => e.textContent.startsWith('skipped: silent'))")
    page.until("[...document.querySelectorAll('.file.ok .thumbnail')].every((e) => e.width !== 300)")  # they are drawn
    page.picture(PICTURES / "sounds.webp")
    choose(page, "#model-form [name=length]", "minutes")
    click(page, "Train")
    previews = "[...document.querySelectorAll('#course .previews button')].map((e) => e.textContent)"
    page.until(f"{previews}.length >= 2", 60)
    assert page.run(f"{previews}[0]") == "▶ original"
    page.run("document.querySelectorAll('#course .previews button')[1].click()")
    page.until("document.querySelectorAll('#course .previews button')[1].ariaPressed === 'true'")
    click(page, "Play it on the engine")
    eventually(lambda: held(engine, "model") == "bells")
    click(page, "Follow the training")
    eventually(lambda: held(engine, "follow") == 1)
    page.until(
        "[...document.querySelectorAll('#course button')].some((e) => e.textContent === 'Following the training')"
    )
    page.until("document.querySelector('#course .legend').textContent.includes('mel')")
    lines = "[...document.querySelectorAll('#course > *')].filter((e) => e.offsetHeight).map((e) => e.getBoundingClientRect())"
    assert page.run(f"{lines}.every((one, n, all) => !n || one.top >= all[n - 1].bottom)"), "nothing lies over another"
    page.picture(PICTURES / "training.webp")
    (job,) = [job["id"] for job in shop.get("/api/jobs") if job["kind"] == "train"]
    os.kill(json.loads((tmp_path / "jobs" / job / "run.json").read_text())["pid"], signal.SIGINT)  # as Ctrl-C does
    assert shop.ended(job)["state"] == "cancelled"
    page.until("document.querySelector('#course .standing').textContent.includes('Resume anytime')")
    page.run("document.querySelector('#model-form').requestSubmit()")
    page.until("document.querySelector('#model-form .question')?.textContent.includes('Resume it, or start fresh?')")
    page.picture(PICTURES / "resume.webp")
    click(page, "Keep as it is")
    _play(engine, chromium)
    page.run("location.hash = 'render'")
    choose(page, "#render-form [name=model]", "bells")
    choose(page, "[name=from]", "take")
    choose(page, "[name=take]", "take-01")
    page.run("document.querySelector('#render-form form').requestSubmit()")
    page.until("document.querySelector('#result h2').textContent === 'take-01'", 30)
    page.until("document.querySelector('.entry') && document.querySelector('.spectrogram').naturalWidth > 10", 30)
    page.picture(PICTURES / "render.webp")
    page.close()
    assert [path.name for path in (tmp_path / "recordings").iterdir()] == ["take-01.take"]


def _play(engine, chromium):
    """Play the new model on the engine's page, place marks, save a preset, and record a take."""
    play = chromium.page(f"http://127.0.0.1:{engine.oscquery_port}/ui/")
    play.until("document.querySelector('.connection').textContent.includes('● connected')")
    play.until("document.querySelectorAll('.control .bar').length > 3")
    with engine.client() as client:
        client.send("/distill/play")
        client.send("/distill/control/brightness", 0.4)
        play.type("#tabs form input", "bright bells")
        click(play, "Save")
        play.until("document.querySelector('.pad')?.textContent.includes('bright bells')")
        play.until("/^\\d+ ms/.test(document.querySelector('.figures').textContent)")
        play.picture(PICTURES / "play.webp")
        click(play, "Marks")
        for name, x, y in (("tone0", -0.7, 0.5), ("tone4", 0.1, -0.6), ("tone8", 0.7, 0.4)):
            client.send("/distill/marks/clip", name, 0.3, x, y)
        click(play, "Controls", "#map")
        play.until("document.querySelector('.middle').hidden")
        play.run("document.querySelector('.record').click()")
        play.until("document.querySelector('.record').ariaPressed === 'true'")
        left, top, width, height = play.box("canvas[aria-label^=Marks]")
        click(play, "Draw", "#map")
        play.mouse("mousePressed", left + 0.35 * width, top + 0.7 * height)
        for step in range(12):
            play.mouse(
                "mouseMoved", left + (0.35 + 0.03 * step) * width, top + (0.7 - 0.25 * np.sin(step / 4)) * height
            )
        play.mouse("mouseReleased", left + 0.68 * width, top + 0.6 * height)
        play.until("document.querySelector('.record').textContent.includes('0:01')")
        play.picture(PICTURES / "marks.webp")
        play.run("document.querySelector('.record').click()")
        play.until("document.querySelector('.record').ariaPressed === 'false'")
    play.close()


def test_codes_that_were_saved_play_live(beside, tmp_path):
    engine, _, open_page = beside
    (tmp_path / "models").mkdir()
    model, _ = skeleton_model(tmp_path / "models" / "tones.distillgan", tmp_path / "corpora" / "tones")
    route = stored_route(model)
    assert route is not None
    store_codes(model, route)
    with engine.client() as client:
        client.send("/distill/model", "tones")
        eventually(lambda: held(engine, "model") == "tones")
    page = open_page("codes")
    for name, value in (("model", "tones"), ("corpus", "tones"), ("file", "tone1.wav")):
        choose(page, f"#codes [name={name}]", value)
    click(page, "Encode")
    page.until("document.querySelector('#codes').textContent.includes('columns')", 30)
    page.run("document.querySelector('#codes canvas').focus()")
    for _ in range(2):
        page.key("ArrowRight", shift=True)
    for text, end in (
        ("Hear the selection", "columns 0 to 1"),
        ("Hear its levels alone", "columns 0 to 1, Structure alone"),
    ):
        click(page, text)
        page.until(f"document.querySelector('#codes .listen')?.textContent.endsWith({json.dumps(end)})", 30)
    before = page.run("document.querySelector('#codes .muted:last-child').textContent")
    choose(page, "#codes [name=nearest]", "1")
    page.until("![...document.querySelectorAll('#codes button')].find((e) => e.textContent === 'Undo').disabled", 30)
    click(page, "Rename levels")
    page.type("#codes [name=level-0]", "Gestalt <img src=x>")
    page.run("document.querySelector('#codes form').requestSubmit()")
    page.until("document.querySelector('#codes .muted:last-child').textContent.includes('Gestalt <img src=x>')")
    assert "Structure" in before
    assert page.run("document.querySelectorAll('#codes img').length") == 0
    page.type("#codes [name=name]", "夕 codes")
    click(page, "Save and play live")
    eventually(lambda: held(engine, "source") == "codes")
    assert (tmp_path / "codes" / "夕 codes.distillcodes").is_file()
    page.close()


def test_the_adversarial_stage_draws_generator_and_discriminator_and_its_previews_play(chromium, workshop, tone):
    job = workshop.home / "jobs" / "20260101-000000-train-vocoder-abcdef"
    job.mkdir(parents=True)
    order = {"kind": "train-vocoder", "title": "Train the vocoder of owls", "words": ["x"], "heavy": True, "about": {}}
    (job / "job.json").write_text(json.dumps({**order, "id": job.name, "created": 1.0}))
    losses = [
        {"mel": 1.0 / step, "generator": 2.0 + 1 / step, "discriminator": 1.5 - 1 / step} for step in range(1, 60)
    ]
    lines = [{"event": "progress", "stage": "adversarial", "step": n, "losses": one} for n, one in enumerate(losses)]
    sounds = {name: str(job / f"{name}.flac") for name in ("original", "path")}
    for path in sounds.values():
        Path(path).write_bytes(tone(1, 5.0, "flac"))
    lines.append({"event": "preview", "epoch": 20, **sounds})
    (job / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name, text in (("lock", ""), ("exit", "0"), ("result.json", "{}")):
        (job / name).write_text(text)
    page = chromium.page(f"http://127.0.0.1:{workshop.port}/workshop/#train")
    legend = "document.querySelector('#course .legend')?.textContent ?? ''"
    page.until(f"({legend}).includes('generator') && ({legend}).includes('discriminator 1.4')")
    assert "no discriminator yet" not in page.run(legend)
    previews = "[...document.querySelectorAll('#course .previews button')]"
    page.until(f"{previews}.map((e) => e.textContent).join() === '▶ original,▶ epoch 20'")
    for number in (0, 1):
        page.click(f"#course .previews button:nth-of-type({number + 1})")  # browsers play after a real click alone
        page.until(f"{previews}[{number}].ariaPressed === 'true'")
        eventually(lambda number=number: any(url.endswith(f"/previews/{number}") for url in page.requests()))
    later = job.with_name("20260102-000000-train-vocoder-abcdef")
    making = job.with_name(".making")
    making.mkdir()
    (making / "job.json").write_text(json.dumps({**order, "title": "Another", "id": later.name, "created": 2.0}))
    for name, text in (("events.jsonl", ""), ("lock", ""), ("exit", "0"), ("result.json", "{}")):
        (making / name).write_text(text)
    making.rename(later)
    page.until("document.querySelector('#course h2').textContent === 'Another'")
    assert page.run(f"{previews}.length") == 0, "those of the job before"
    page.close()


@pytest.mark.slow
@pytest.mark.skipif("DISTILL_LONG_TESTS" not in os.environ, reason="a minute: set DISTILL_LONG_TESTS")
def test_five_hundred_files_are_taken_and_the_next_one_is_refused_with_the_reason(chromium, workshop):
    workshop.ask("POST", "/api/corpora", {"name": "many"})
    page = chromium.page(f"http://127.0.0.1:{workshop.port}/workshop/#train")
    page.until("[...document.querySelectorAll('#corpora button')].some((e) => e.textContent.includes('many'))")
    page.run("[...document.querySelectorAll('#corpora button')].find((e) => e.textContent.includes('many')).click()")
    page.until("document.querySelector('#sounds h2').textContent === 'many'")
    page.run(
        "(() => { const transfer = new DataTransfer();"
        "for (let n = 0; n < 501; n += 1) transfer.items.add(new File([`RIFF ${n}`], `sound ${n}.wav`));"
        "const dropped = {dataTransfer: transfer, bubbles: true, cancelable: true};"
        "document.querySelector('#sounds').dispatchEvent(new DragEvent('drop', dropped)); })()"
    )
    page.until("document.querySelector('#drawer .log').textContent.includes('501 files: at most 500 fit')", 60)
    eventually(lambda: len(list((workshop.home / "corpora" / "many").glob("*.wav"))) == 500, 60)
    page.until("[...document.querySelectorAll('#corpora button')].some((e) => e.textContent.includes('500'))", 30)
    assert list((workshop.home / "corpora" / "many").glob(".*")) == []
    status, answer = workshop.upload("many", "one more.wav", b"RIFF")
    assert (status, "at most 500 files here: give a folder" in answer["error"]) == (400, True)
    page.close()


def test_a_disk_that_fills_in_the_middle_of_an_upload_leaves_nothing_and_says_so(workshop, tone):
    workshop.ask("POST", "/api/corpora", {"name": "full"})
    assert workshop.upload("full", "first.wav", tone(1))[0] == 200
    limits = resource.prlimit(workshop.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(workshop.process.pid, resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        status, answer = workshop.upload("full", "second.wav", bytes(600_000))
    finally:
        resource.prlimit(workshop.process.pid, resource.RLIMIT_FSIZE, limits)
    assert status == 507
    assert "\n" not in answer["error"]
    folder = workshop.home / "corpora" / "full"
    assert [path.name for path in folder.iterdir()] == ["first.wav"]
    assert workshop.upload("full", "second.wav", bytes(600_000))[0] == 200


def test_the_library_shows_damaged_and_v1_files_with_their_sentence(chromium, workshop):
    models = workshop.home / "models"
    models.mkdir(exist_ok=True)
    with zipfile.ZipFile(models / "old.distillgan", "w") as archive:
        archive.writestr("metadata.json", "{}")
    (models / "cut.distillgan").write_bytes(starter_path().read_bytes()[:4000])
    (models / "song.distillgan").write_bytes(b"fLaC" + base64.b64decode("AAAA") * 20)
    page = chromium.page(f"http://127.0.0.1:{workshop.port}/workshop/#library")
    for name, sentence in (("old", "v1 model: retrain with `distill train`"), ("song", "is a FLAC file"), ("cut", "")):
        row = f"document.querySelector('[data-model={name}]')"
        page.until(f"{row}?.querySelector('.danger')?.textContent.includes({json.dumps(sentence)})")
        assert str(workshop.home) not in page.run(f"{row}.textContent")
    page.close()


def test_a_model_that_is_deleted_while_it_is_shown_is_told_and_forgotten(chromium, workshop):
    path = workshop.home / "models" / "fleeting.distillgan"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(starter_path().read_bytes())
    page = chromium.page(f"http://127.0.0.1:{workshop.port}/workshop/#library")
    page.until("document.querySelector('[data-model=fleeting]')")
    page.run("document.querySelector('[data-model=fleeting]').click()")
    page.until("document.querySelector('#detail').textContent.includes('fleeting')")
    path.unlink()
    click(page, "Verify", "#detail")
    page.until("document.querySelector('#drawer .log').textContent.includes(\"no model 'fleeting'\")")
    page.until("!document.querySelector('[data-model=fleeting]')")
    page.until("document.querySelector('#detail').textContent.includes('Choose a model')")
    page.close()
