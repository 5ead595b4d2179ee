"""Jobs are the real commands: they end as those do, and outlive the workshop that started them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time

import pytest

from distill_control.workshop.jobs import FOLDER, JobStore, Order, is_held
from distill_control.workshop.progress import CURVE_POINTS, READ_BYTES, EventReader, Progress
from distill_control.workshop.runner import JobRunner
from distill_engine.errors import LibraryError
from distill_engine.system import atomic_write

pytestmark = [pytest.mark.realtime, pytest.mark.listens]


@pytest.fixture
def corpus(workshop, tone):
    """A corpus with six sounds."""
    if not any(row["name"] == "birds" for row in workshop.get("/api/corpora")):
        assert workshop.ask("POST", "/api/corpora", {"name": "birds"})[0] == 200
        for number in range(6):
            assert workshop.upload("birds", f"tone {number}.wav", tone(number))[0] == 200
    return "birds"


def test_a_check_and_a_render_run_beside_each_other_and_the_sound_joins_the_history(workshop, corpus):
    check = workshop.order("check", corpus=corpus)
    settings = {"model": "starter", "duration": 0.5, "seed": 7, "controls": {"brightness": 0.5}, "title": "owl"}
    render = workshop.order("render", **settings)
    assert workshop.ended(check)["state"] == "done"
    assert workshop.get(f"/api/jobs/{check}/result")["usable"] == 6
    job = workshop.ended(render)
    assert (job["state"], job["said"]) == ("done", "")
    assert (job["progress"]["done"], job["progress"]["total"]) == (0.5, 0.5)
    (entry,) = workshop.get("/api/renders")
    assert (entry["title"], entry["seconds"]) == ("owl", 0.5)
    assert entry["made"]["model"]["name"] == "starter"
    assert entry["made"]["parameters"]["controls"] == {"brightness": 0.5}
    assert entry["made"]["figures"]["sample_rate"] == 44100
    status, sound, answer = workshop.ask("GET", f"/api/renders/{entry['id']}/audio", headers={"Range": "bytes=0-3"})
    assert (status, sound, answer.headers["Content-Range"].partition("/")[0]) == (206, b"RIFF", "bytes 0-3")
    low, high = workshop.get(f"/api/renders/{entry['id']}/outline.json")
    assert len(low) == len(high) == 600
    assert workshop.get(f"/api/renders/{entry['id']}/spectrogram.png").startswith(b"\x89PNG")


def test_a_failure_says_its_one_line(workshop, corpus):
    job = workshop.ended(workshop.order("render", model="starter", duration=0.5, controls={"nonsense": 1}))
    assert job["state"] == "failed"
    assert job["said"].startswith("error: ")
    assert "nonsense" in job["said"]
    job = workshop.ended(workshop.order("render", model="starter", duration="--help"))
    assert (job["state"], "duration" in job["said"]) == ("failed", True), job["said"]
    for kind in ("train-vocoder", "analyse", "delete", "slim"):
        status, answer, _ = workshop.ask("POST", f"/api/jobs/{kind}", {"model": "starter", "corpus": corpus})
        assert (status, "belongs to Distill" in answer["error"]) == (404, True), kind


@pytest.mark.slow
def test_a_training_outlives_a_killed_workshop_and_stops_with_a_checkpoint(workshop, corpus):
    training = workshop.order("train", model="Käuzchen", corpus=corpus, minutes=20, seed=1, latent_dim=96)
    waiting = workshop.order("render", model="starter", duration=0.5)
    running = workshop.until(training, lambda job: job["progress"].get("losses"))
    assert running["state"] == "running"
    assert workshop.job(waiting)["state"] == "queued", "one heavy job at a time"
    process = json.loads((workshop.home / "jobs" / training / "run.json").read_text())["pid"]
    assert os.getpriority(os.PRIO_PROCESS, process) == 10
    workshop.stop(signal.SIGKILL)
    assert is_held(workshop.home / "jobs" / training / "lock")
    workshop.start()
    again = workshop.until(training, lambda job: job["state"] == "running" and job["progress"])
    assert again["progress"]["step"] >= running["progress"]["step"]
    assert workshop.ask("POST", f"/api/jobs/{training}/stop", {})[0] == 200
    job = workshop.ended(training)
    assert job["state"] == "cancelled"
    assert "Checkpoint saved at epoch" in job["said"]
    assert "Resume anytime" in job["said"]
    assert workshop.ended(waiting)["state"] == "done"
    model = next(row for row in workshop.get("/api/models") if row["name"] == "Käuzchen")
    assert model["begun"]["training/model"]["step"] > 0
    assert not model["begun"]["training/model"]["completed"]
    refused = workshop.ended(workshop.order("train", model="Käuzchen", corpus=corpus, minutes=1))
    assert "add --resume or --fresh" in refused["said"]


@pytest.fixture
def store(tmp_path):
    return JobStore(tmp_path)


def order(*words, heavy=True):
    return Order(kind="check", title="x", words=words, heavy=heavy)


def test_a_job_that_vanishes_is_lost_and_its_files_tell_any_process(store):
    job = store.add(order("sleep", f"{FOLDER}/a"))
    assert job.words[1] == f"{store.folder(job.id)}/a"
    ended = []
    child = ("sh", "-c", "echo '{\"pid\": '$$'}' > \"$0/run.json\"; echo hello >&2; exec sleep 60")
    runner = JobRunner(store, child, lambda job, state: ended.append(state) or "")
    runner.round()
    assert runner.states[job.id] == "running"
    while not (store.folder(job.id) / "run.json").exists():
        time.sleep(0.01)
    store.pause(job.id, paused=True)
    assert store.state(job.id) == "paused"
    store.pause(job.id, paused=False)
    assert store.state(job.id) == "running"
    second = store.add(order("later"))
    runner.round()
    assert JobStore(store.root).state(second.id) == "queued"
    store.stop(second.id)
    assert store.state(second.id) == "cancelled"
    with pytest.raises(LibraryError, match="not ended"):
        store.delete(job.id)
    store.stop(job.id, kill=True)
    while store.state(job.id) == "stopping":
        runner.round()
    runner.round()
    assert (store.state(job.id), runner.readers[job.id].progress.said) == ("lost", "hello")
    assert "lost" in ended
    with pytest.raises(LibraryError, match="ended already"):
        store.stop(job.id)
    store.delete(job.id)
    assert job.id in runner.round()
    assert list(runner.jobs) == [second.id]


def test_a_job_stops_though_the_workshop_ignores_the_interrupt(store):
    job = store.add(
        Order(kind="render", title="x", words=("render", "starter", f"--output={FOLDER}/s.wav", "--duration=600"))
    )
    runner = JobRunner(store, (sys.executable, "-m", "distill_control.cli.ui.child"), lambda job, state: "")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a script: distill ui &
    try:
        runner.round()
    finally:
        signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 60
    while not runner.readers[job.id].progress.last.get("done") and time.monotonic() < deadline:
        time.sleep(0.05)
        runner.round()
    store.stop(job.id)
    deadline = time.monotonic() + 20
    while store.state(job.id) == "stopping" and time.monotonic() < deadline:
        time.sleep(0.05)
        runner.round()
    state = store.state(job.id)
    if state == "stopping":
        store.stop(job.id, kill=True)
    process = json.loads((store.folder(job.id) / "run.json").read_text())["pid"]
    with contextlib.suppress(ProcessLookupError):
        while True:  # until the runner has seen its end
            os.kill(process, 0)
            time.sleep(0.02)
            runner.round()
    assert state == "cancelled"


def test_two_workshops_on_one_home_start_and_finish_a_job_once(store):
    job = store.add(order("once", heavy=False))
    ended = []
    child = ("sh", "-c", 'echo started >> "$0/starts"; printf 0 > "$0/exit"')
    runners = [JobRunner(store, child, lambda job, state: ended.append(state) or "") for _ in range(2)]
    threads = [threading.Thread(target=lambda one=one: [one.round() for _ in range(100)]) for one in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while any(runner.states[job.id] != "done" for runner in runners):
        for runner in runners:
            runner.round()
    assert (store.folder(job.id) / "starts").read_text() == "started\n"
    assert ended == ["done"]


@pytest.mark.parametrize("identity", ["..", "a/b", "", "20261128-140000-check-abcdef"])
def test_only_jobs_are_reached(store, identity):
    for act in (store.get, store.stop, store.delete):
        with pytest.raises(LibraryError, match="no job"):
            act(identity)


@pytest.mark.parametrize(
    "change",
    [{"words": "train"}, {"words": [1]}, {"about": []}, {"heavy": "no"}, {"title": 3}, {"created": "now"}, {"more": 1}],
    ids=str,
)
def test_a_job_of_other_types_is_passed_over_and_the_others_are_seen(store, change):
    good, bad = store.add(order("good")), store.add(order("bad"))
    (store.folder(good.id) / "stop").touch()
    table = store.folder(bad.id) / "job.json"
    table.write_text(json.dumps({**json.loads(table.read_text()), **change}))
    with pytest.raises(LibraryError, match="cannot be read"):
        store.get(bad.id)
    runner = JobRunner(store, ("true",), lambda job, state: "")
    runner.round()
    assert list(runner.jobs) == [good.id]


@pytest.mark.parametrize("name", ["job.json", "exit", "lock", "events.jsonl", "result.json"])
def test_a_pipe_in_a_jobs_folder_holds_nothing_up(store, name):
    job = store.add(order("x"))
    (store.folder(job.id) / name).unlink(missing_ok=True)
    os.mkfifo(store.folder(job.id) / name)
    (store.folder(job.id) / "stop").touch()
    runner = JobRunner(store, ("true",), lambda job, state: "")
    runner.round()
    assert store.result(job.id) is None
    assert list(runner.jobs) == ([] if name == "job.json" else [job.id])


def test_an_order_is_on_the_disk_before_it_can_be_seen(store, monkeypatch):
    flushed = []
    monkeypatch.setattr(atomic_write, "sync_file", lambda file: flushed.append((os.fstat(file).st_size, store.ids())))
    job = store.add(order("x"))
    assert flushed == [((store.folder(job.id) / "job.json").stat().st_size, [])]


def test_events_are_read_on_and_a_line_without_an_end_fills_no_memory(tmp_path):
    reader, line = EventReader(tmp_path / "events.jsonl"), json.dumps({"event": "warned", "text": "careful"})
    assert not reader.read()
    with (tmp_path / "events.jsonl").open("w") as file:
        file.write("x" * 3 * READ_BYTES)
        file.flush()
        assert reader.read()
        file.write(f"\n{line}\n{line[:10]}")
        file.flush()
        assert reader.read()
        assert reader.progress.notes == ["careful"]
        file.write(f"{line[10:]}\n")
    assert reader.read()
    assert reader.progress.notes == ["careful"] * 2
    assert not reader.read()


def test_previews_begin_with_the_sound_itself():
    progress = Progress()
    for epoch in (25, 50):
        event = {"event": "preview", "epoch": epoch, "path": f"/x/{epoch}.flac", "original": "/x/original.flac"}
        progress.take(json.dumps(event))
    assert [one["epoch"] for one in progress.previews] == ["original", 25, 50]


def test_a_curve_stays_short_and_keeps_its_ends():
    progress = Progress()
    for step in range(5000):
        progress.take(json.dumps({"event": "progress", "step": step, "losses": {"mel": 1.0}}))
    assert CURVE_POINTS / 2 <= len(progress.curve) <= CURVE_POINTS
    assert progress.curve[0][0] < 20
    assert progress.curve[-1][0] > 4980
    for line in ("no event", "[1]", '{"event": "warned", "text": "careful"}', "1" * 10_000):
        progress.take(line)
    assert progress.notes == ["careful"]
