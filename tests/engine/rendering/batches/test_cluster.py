"""Batches on a cluster: the bytes of one machine, whatever happens to a worker; other workers are refused."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_control.cli.main import main
from distill_engine.errors import MissingPartError, RenderingError
from distill_engine.library.assets import starter_path
from distill_engine.rendering.batches import analyse_batch
from distill_engine.rendering.batches import cluster as cluster_module
from distill_engine.rendering.batches.analyse_batch import AnalyseBatch
from distill_engine.rendering.batches.manifest import NAME
from distill_engine.rendering.batches.pool import Pool
from distill_engine.rendering.batches.render_batch import RenderBatch
from distill_engine.rendering.batches.resynth_batch import ResynthBatch
from distill_engine.rendering.batches.variations import Variation, Varied
from distill_engine.rendering.batches.worker import JOBS, do_order, order, plain
from distill_engine.rendering.render import RenderTarget
from distill_engine.rendering.score import Score
from distill_engine.system.extras import need_cluster
from support_ports import free_ports
from support_skeleton import skeleton_model, write_tones

LONG = ["render", "starter", "--count", "60", "--duration", "0.5"]
RENDER = ["render", "starter", "--count", "12", "--duration", "0.2", "--vary", "brightness=-1:1", "--latent", "3=0.5"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def kill_once_it_works(pid: int, folder: Path) -> None:
    """Kill a process when some files are there, so that one has been counted; wait as long as the test does."""
    while len(list(folder.glob("*.wav"))) < 4:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing_and_the_bytes_are_those_of_one_process(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    (tmp_path / "two").mkdir()
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=60
    ) as cluster:
        victim = threading.Thread(target=kill_once_it_works, args=(cluster.workers[0].pid, tmp_path / "two"))
        victim.daemon = True
        victim.start()
        words = ["--cluster", cluster.scheduler_address]
        assert main([*RENDER, "-o", str(tmp_path / "two"), *words]) == 0
        assert not victim.is_alive()
        folder = tmp_path / "through"
        sounds = write_tones(tmp_path / "sounds", count=2)
        (sounds / "text.wav").write_text("no sound")
        assert main(["resynth", "starter", str(sounds), "-o", str(folder), *words]) == 0
        assert len(contents(folder)) == 2
    assert main([*RENDER, "-o", str(tmp_path / "one"), "--workers", "1"]) == 0
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    assert len((tmp_path / "two" / NAME).read_text().splitlines()) == 12


@pytest.mark.slow
def test_workers_of_this_machine_write_the_same_bytes_beside_another_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    words = ["render", "starter", "--count", "2", "--duration", "0.1"]
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # taken by another already
            other.bind(("127.0.0.1", 8787))  # Dask's own choice
            other.listen()
        assert main([*words, "-o", str(tmp_path / "two"), "--cluster", "local:1"]) == 0
    assert not capsys.readouterr().err
    assert main([*words, "-o", str(tmp_path / "one"), "--workers", "1"]) == 0
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


@contextlib.contextmanager
def dask(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `dask WORDS` until the block ends."""
    command = [sys.executable, "-m", "dask", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_a_scheduler_that_dies_ends_the_batch_with_one_line_and_what_is_done_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 3.0)  # the patience with a scheduler that is gone
    port, folder = free_ports(1), tmp_path / "out"
    folder.mkdir()
    address = f"tcp://127.0.0.1:{port}"
    host = ("--host", "127.0.0.1")
    with (
        dask("scheduler", *host, "--port", str(port), "--no-dashboard") as scheduler,
        dask("worker", address, *host, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
    ):
        deadline = time.monotonic() + 60.0
        while not reachable(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        killer = threading.Thread(target=kill_once_it_works, args=(scheduler.pid, folder), daemon=True)
        killer.start()
        assert main([*LONG, "-o", str(folder), "--cluster", address]) == 1
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1, lines
    assert f"the cluster {address} gave up" in errors[0]
    assert "--skip-existing goes on" in errors[0]
    assert not [line for line in lines if "Traceback" in line]
    done = [json.loads(line)["file"] for line in (folder / NAME).read_text().splitlines()]
    assert 0 < len(done) < 60
    before = {name: (folder / name).stat().st_mtime_ns for name in done}
    assert main([*LONG, "-o", str(folder), "--workers", "1", "--skip-existing"]) == 0
    assert before == {name: (folder / name).stat().st_mtime_ns for name in done}
    assert main([*LONG, "-o", str(tmp_path / "one"), "--workers", "1"]) == 0
    assert contents(folder) == contents(tmp_path / "one")


def reachable(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def batch(folder: Path) -> RenderBatch:
    score = Score(0.1, 4, controls={"brightness": 0.5}, latents={3: 0.5}, parameters={"/distill/map/x": 0.2})
    return RenderBatch(starter_path(), score, RenderTarget(folder), 2, (Varied("map/y", -1, 1),))


def test_orders_are_plain_values_and_give_the_job_again(tmp_path: Path) -> None:
    jobs: tuple[tuple[Any, Any], ...] = (
        (batch(tmp_path), Variation(4, {"map/y": 0.25})),
        (ResynthBatch(starter_path(), tmp_path, RenderTarget(tmp_path), "vocos"), (tmp_path / "a.wav", "a.wav")),
        (replace(batch(tmp_path), playing=batch(tmp_path).played()), Variation(4, {})),
        (AnalyseBatch(tmp_path, 3), starter_path()),
    )
    for job, task in jobs:
        given = json.loads(order(job, task, tmp_path))
        again = JOBS[given["kind"]].from_plain(given["job"])
        assert again == job
        assert again.task_from_plain(given["task"]) == task
        assert len(given["digest"]) == 64
        assert plain(again) == given["job"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"distill": "0.0.1"}, "this machine 0.0.1: install the same on both"),
        ({"digest": "0" * 64}, "is another model than here: use the address of a folder that all machines share"),
        ({"mark": "/nowhere/mark"}, "does not see the folder /nowhere"),
    ],
)
def test_a_worker_refuses_what_it_would_do_otherwise(change: dict[str, str], reason: str, tmp_path: Path) -> None:
    given = json.loads(order(batch(tmp_path), Variation(4, {}), tmp_path))
    assert reason in do_order(json.dumps(given | change))["refused"]
    assert not list(tmp_path.iterdir())


def test_a_worker_refuses_a_model_that_plays_otherwise_than_the_batch_began_with(tmp_path: Path) -> None:
    job = batch(tmp_path)
    changed = replace(job, playing=replace(job.played(), analysis_digest="0" * 64, vocoder="hifigan"))
    given = order(changed, Variation(4, {}), tmp_path)
    assert "another analysis and vocoder than when the batch began" in do_order(given)["refused"]
    with pytest.raises(RenderingError, match="another analysis and vocoder"):
        list(Pool(2).run(changed, [Variation(4, {}), Variation(5, {})]))
    assert not list(tmp_path.iterdir())


def test_a_worker_reads_a_model_again_that_was_replaced(tmp_path: Path, tiny_model: Path) -> None:
    model, out = tmp_path / "tiny.distillgan", tmp_path / "out"
    out.mkdir()
    job, task = ResynthBatch(model, tmp_path, RenderTarget(out)), (tmp_path / "a.wav", "a.wav")
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(np.arange(4410) * 0.05), 44100)
    digests = []
    for source in (tiny_model, starter_path()):
        shutil.copyfile(source, model)
        given = order(replace(job, playing=job.played()), task, None)
        digests.append(json.loads(given)["digest"])
        assert do_order(given) == {"outcome": ""}
    assert len(set(digests)) == 2


def test_a_model_that_a_worker_lacks_is_named(tmp_path: Path) -> None:
    given = json.loads(order(batch(tmp_path), Variation(4, {}), tmp_path))
    given["job"]["model"] = str(tmp_path / "gone.distillgan")
    assert "gone.distillgan" in do_order(json.dumps(given))["refused"]


def test_an_order_does_what_a_process_does(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one = Variation(4, {"map/y": 0.25})
    assert do_order(order(batch(tmp_path / "a"), one, None)) == {"outcome": []}
    list(Pool(1).run(batch(tmp_path / "b"), [one]))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_models_are_analysed_by_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, corpus = skeleton_model(tmp_path / "m.distillgan", tmp_path / "sounds")
    monkeypatch.setattr(analyse_batch, "analyse_model_file", lambda path, corpus, options: {"clips": len(corpus.clips)})
    done = do_order(order(AnalyseBatch(tmp_path / "sounds"), model, None))["outcome"]
    assert done["table"] == {"clips": len(corpus.clips)}
    again = do_order(order(AnalyseBatch(tmp_path / "none"), model, None))["outcome"]
    assert "none" in again["reason"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "local:0",
        "local:x",
        "tcp://host",
        "tcp://:1",
        "tcp:host:1",
        "http://h:1",
        "tcp://h:99999",
        "local:" + "9" * 5000,
    ],
)
def test_what_is_no_cluster_is_a_usage_error(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*RENDER, "-o", str(tmp_path / "out"), "--cluster", text])
    assert "is no cluster: give tcp://HOST:PORT" in capsys.readouterr().err


def test_a_cluster_excludes_workers_and_single_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = ["--cluster", "local:2"]
    assert main([*RENDER, "-o", str(tmp_path / "out"), *cluster, "--workers", "2"]) == 1
    assert "exclude each other" in capsys.readouterr().err
    assert main(["analyse", "starter", str(tmp_path), *cluster]) == 1
    assert "for a folder of models" in capsys.readouterr().err


def test_without_the_part_for_clusters_the_command_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distill_engine.system.extras.find_spec", lambda name: None)
    with pytest.raises(MissingPartError, match=r"needs the cluster part.*distill-audio\[cluster\]"):
        need_cluster("--cluster")
