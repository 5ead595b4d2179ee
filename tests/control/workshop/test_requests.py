"""The workshop over real HTTP: what it answers, what it refuses, and that nothing leads out."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

import distill_control.workshop as workshop_package
from distill_control.workshop.answers import SPARE_BYTES, receive
from distill_control.workshop.corpus_api import CorpusApi
from distill_control.workshop.workshop import Commands, Workshop
from distill_engine.errors import ControlError
from distill_engine.library.assets import starter_path

pytestmark = [pytest.mark.realtime, pytest.mark.listens]

PATHS = ("/", "/workshop/", "/ui/style.css", "/api/engine", "/api/models", "/api/corpora", "/api/jobs", "/api/jobs/events",
         "/api/renders", "/api/vocoders", "/api/shelf")  # fmt: skip


@pytest.fixture(scope="module")
def filled(workshop, tone):
    """A workshop with the corpus `sea` of one sound, and a model of its own."""
    assert workshop.ask("POST", "/api/corpora", {"name": "sea"})[0] == 200
    assert workshop.upload("sea", "deep/波 1.aiff", tone(1, kind="aiff"))[0] == 200
    models = workshop.home / "models"
    models.mkdir(exist_ok=True)
    shutil.copyfile(starter_path(), models / "mine.distillgan")
    (models / "broken.distillgan").write_bytes(starter_path().read_bytes()[:5000])
    return workshop


def test_pages_of_other_hosts_get_nothing_anywhere(workshop):
    for path in PATHS:
        for headers in (
            {"Host": "evil.example.com"}, {"Origin": "https://evil.example.com"}, {"Origin": "null"},
            {"Host": f"rebound.example.com:{workshop.port}"}, {"Host": "elsewhere.local"}, {"Host": "elsewhere"},
        ):  # fmt: skip
            assert workshop.ask("GET", path, headers=headers)[0] == 403, (path, headers)
            assert workshop.ask("POST", path, {}, headers)[0] == 403


def test_what_changes_something_needs_its_mark_and_is_no_form(workshop):
    for method, path in (
        ("POST", "/api/corpora"),
        ("POST", "/api/jobs/check"),
        ("PUT", "/api/models/x"),
        ("DELETE", "/api/takes/x"),
    ):
        assert workshop.ask(method, path, {}, {"X-Distill": "0"})[0] == 403
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""):
        assert workshop.ask("POST", "/api/corpora", b"name=x", {"Content-Type": kind})[0] == 415
    assert workshop.ask("OPTIONS", "/api/corpora", headers={"X-Distill": "0"})[0] == 403
    assert not any(row["name"] == "x" for row in workshop.get("/api/corpora"))


def test_a_take_tells_its_model_and_a_damaged_one_tells_none(workshop):
    takes = workshop.home / "recordings"
    takes.mkdir(exist_ok=True)
    (takes / "夕.take").write_text('{"format": "distill.take", "playing": [{"slot": 0, "name": "owls"}]}\n{"at": 0}\n')
    for name, text in (
        ("cut", '{"format": "dist'),
        ("old", '{"version": 1}\n'),
        ("odd", '{"playing": [3]}\n'),
        ("none", ""),
    ):
        (takes / f"{name}.take").write_text(text)
        assert workshop.get(f"/api/takes/{name}") == {"models": []}
    assert workshop.get("/api/takes/夕") == {"models": ["owls"]}
    assert workshop.ask("GET", "/api/takes/nothing")[0] == 404
    for path in takes.iterdir():
        path.unlink()


def test_every_answer_carries_the_policy_and_no_cross_origin_leave(workshop):
    for path in (*PATHS[:3], "/api/nothing"):
        headers = workshop.ask("GET", path)[2].headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
        assert headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/ui/../service.py", "/workshop/%2e%2e/app.py", "/workshop/..%2fapp.py", "/ui//etc/passwd", "/etc/passwd",
        "/api/corpora/sea/audio?file=../../page-token", "/api/corpora/../audio?file=x", "/api/corpora/%2e%2e/outline?file=models",
        "/api/corpora/sea/audio?file=/etc/passwd", "/api/corpora/sea/outline?file=link.wav", "/api/renders/../audio",
        "/api/renders/%2e%2e%2fmodels/audio", "/api/models/../../etc/passwd", "/api/models/%2e%2e/secret", "/api/jobs/%2e%2e/result",
        "/api/jobs/x/previews/0",
    ],
)  # fmt: skip
def test_no_path_leads_out(filled, path):
    assert filled.ask("GET", path)[0] == 404


def test_a_link_in_an_uploaded_corpus_leads_nowhere(filled, tone):
    (filled.home / "outside").mkdir(exist_ok=True)
    link = filled.home / "corpora" / "sea" / "away"
    link.symlink_to(filled.home / "outside")
    assert filled.upload("sea", "away/x.wav", tone(2))[0] == 404
    assert list((filled.home / "outside").iterdir()) == []
    link.unlink()


@pytest.mark.parametrize(
    "name",
    [
        "../../x.wav",
        "..",
        "a/../../x.wav",
        "/etc/x.wav",
        ".hidden.wav",
        "a\\b.wav",
        "con.wav",
        "a/b/c/d/e.wav",
        "x" * 300,
    ],
)
def test_names_that_lead_out_or_hide_are_refused(filled, tone, name):
    status, answer = filled.upload("sea", name, tone(2))
    assert status in (400, 404), answer
    assert list(filled.home.rglob("*x.wav")) == []


def test_an_upload_arrives_whole_or_not_at_all(filled, tone):
    assert filled.upload("sea", "one.wav", tone(3))[0] == 200
    status, answer = filled.upload("sea", "one.wav", tone(4))
    assert (status, "nothing is overwritten" in answer["error"]) == (400, True)
    folder = filled.home / "corpora" / "sea"
    assert (folder / "one.wav").read_bytes() == tone(3)
    with socket.create_connection(("127.0.0.1", filled.port)) as breaking:
        head = "PUT /api/corpora/sea/files/half.wav HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Distill: 1\r\nContent-Length: 90000\r\n"
        breaking.sendall((head + "Content-Type: application/octet-stream\r\n\r\n").encode() + b"x" * 30000)
    huge = {"Content-Type": "application/octet-stream", "Content-Length": str(3 << 30)}
    assert filled.ask("PUT", "/api/corpora/sea/files/huge.wav", b"", huge)[0] == 400
    deadline = time.monotonic() + 10
    while sorted(path.name for path in folder.iterdir()) != ["deep", "one.wav"]:  # no part of the broken one stays
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_killed_workshop_was_receiving_goes_with_the_next_upload(start_workshop, tone, tmp_path):
    shop = start_workshop("--no-engine")
    assert shop.ask("POST", "/api/corpora", {"name": "sea"})[0] == 200
    folder = tmp_path / "corpora" / "sea"
    with socket.create_connection(("127.0.0.1", shop.port)) as going:
        head = "PUT /api/corpora/sea/files/half.wav HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Distill: 1\r\nContent-Length: 90000\r\n"
        going.sendall((head + "Content-Type: application/octet-stream\r\n\r\n").encode() + b"x" * 30000)
        deadline = time.monotonic() + 10
        while not any(path.stat().st_size for path in folder.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert shop.upload("sea", "one.wav", tone(3))[0] == 200
        assert len(list(folder.iterdir())) == 2, "what is being received stays"
        shop.stop(signal.SIGKILL)
    shop.start()
    assert shop.upload("sea", "two.wav", tone(4))[0] == 200
    assert sorted(path.name for path in folder.iterdir()) == ["one.wav", "two.wav"]


def test_a_corpus_has_five_hundred_files_at_most(filled, tone):
    folder = filled.home / "corpora" / "crowd"
    assert filled.ask("POST", "/api/corpora", {"name": "crowd"})[0] == 200
    for number in range(499):
        (folder / f"{number}.wav").write_bytes(b"RIFF")
    assert filled.upload("crowd", "the last.wav", tone(2))[0] == 200
    status, answer = filled.upload("crowd", "one more.wav", tone(2))
    assert (status, "at most 500 files here: give a folder" in answer["error"]) == (400, True)
    assert not (folder / "one more.wav").exists()
    assert filled.ask("DELETE", "/api/corpora/crowd")[0] == 200


def test_an_upload_that_the_disk_has_no_room_for_is_refused_before_a_byte_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=SPARE_BYTES + 999))

    async def never() -> Any:
        raise AssertionError("nothing is read")

    scope = {"type": "http", "method": "PUT", "path": "/", "headers": [(b"content-length", b"1000")]}
    with pytest.raises(ControlError, match="make room first"):
        asyncio.run(receive(Request(scope, never), tmp_path / "sub" / "x.wav"))
    assert list((tmp_path / "sub").iterdir()) == []


def test_a_folder_of_this_machine_is_named_from_this_machine_alone():
    body = b'{"name": "etc", "folder": "/etc"}'

    async def once() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/api/corpora", "headers": [], "client": ("192.168.1.20", 5)}
    with pytest.raises(ControlError, match="on this machine only"):
        asyncio.run(CorpusApi(Workshop(Commands((), ()), 9001)).create(Request(scope, once)))


def test_files_are_heard_seen_left_out_and_deleted(filled):
    file = "deep/波 1.aiff"
    low, high = filled.get(f"/api/corpora/sea/outline?file={file}")
    assert len(low) == len(high) == 200
    assert filled.ask("GET", f"/api/corpora/sea/audio?file={file}", headers={"Range": "bytes=0-3"})[1] == b"fLaC"
    assert filled.ask("POST", "/api/corpora/sea/left-out", {"file": file, "out": True})[0] == 200
    check = filled.order("check", corpus="sea")
    assert filled.ended(check)["state"] in ("done", "failed")
    verdicts = {row["name"]: row["reason"] for row in filled.get(f"/api/jobs/{check}/result")["files"]}
    assert verdicts[file] == "left out in corpus.toml"
    assert filled.ask("POST", "/api/corpora/sea/left-out", {"file": file, "out": False})[0] == 200
    assert filled.ask("DELETE", "/api/corpora/sea/files/one.wav")[0] == 200
    assert [row["files"] for row in filled.get("/api/corpora") if row["name"] == "sea"] == [[file]]


def test_a_folder_of_this_machine_is_named_and_nothing_in_it_is_changed(filled, tone, tmp_path):
    (tmp_path / "a.wav").write_bytes(tone(5))
    assert filled.ask("POST", "/api/corpora", {"name": "far", "folder": str(tmp_path)})[0] == 200
    assert filled.ask("POST", "/api/corpora", {"name": "far", "folder": str(tmp_path)})[0] == 404
    assert filled.ask("POST", "/api/corpora", {"name": "none", "folder": "relative"})[0] == 404
    assert filled.upload("far", "b.wav", tone(6))[0] == 400
    assert filled.ask("DELETE", "/api/corpora/far/files/a.wav")[0] == 400
    assert filled.ask("DELETE", "/api/corpora/far")[0] == 200
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_corpus_under_a_second_name_is_forgotten_and_its_files_stay(filled, tone, tmp_path):
    assert filled.ask("POST", "/api/corpora", {"name": "inner"})[0] == 200
    assert filled.upload("inner", "a.wav", tone(5))[0] == 200
    folder = filled.home / "corpora" / "inner"
    (tmp_path / "b.wav").write_bytes(tone(6))
    (filled.home / "corpora" / "linked").symlink_to(tmp_path)
    assert filled.ask("POST", "/api/corpora", {"name": "again", "folder": str(folder)})[0] == 200
    own = {row["name"]: row["own"] for row in filled.get("/api/corpora")}
    assert (own["inner"], own["again"]) == (True, False)
    assert filled.ask("DELETE", "/api/corpora/again/files/a.wav")[0] == 400
    for name in ("again", "linked"):
        assert filled.ask("DELETE", f"/api/corpora/{name}")[0] == 200
    assert {"again", "linked"}.isdisjoint(row["name"] for row in filled.get("/api/corpora"))
    assert ((folder / "a.wav").exists(), (tmp_path / "b.wav").exists()) == (True, True)
    assert filled.ask("DELETE", "/api/corpora/inner")[0] == 200
    assert not folder.exists()


def test_models_are_listed_named_tagged_copied_and_taken_in(filled):
    rows = {row["name"]: row for row in filled.get("/api/models")}
    assert rows.keys() >= {"mine", "broken", "starter"}
    assert rows["broken"]["fault"]
    assert str(filled.home) not in rows["broken"]["fault"]
    assert rows["starter"]["built_in"]
    tags = {"tags": ["<img src=x onerror=alert(1)>", "夜"], "note": "first"}
    levels = {"levels": ["Gestalt", "<img src=x>", "夕"]}
    assert filled.ask("PATCH", "/api/models/mine", levels)[1] == {"tags": [], "note": "", **levels}
    assert filled.ask("PATCH", "/api/models/mine", {"levels": ["a", ""]})[0] == 404
    assert filled.ask("PATCH", "/api/models/mine", tags)[1] == {**tags, **levels}
    assert filled.ask("PATCH", "/api/models/mine", {"rename": "yours"})[1] == {"name": "yours"}
    assert filled.ask("PATCH", "/api/models/yours", {"copy": "third"})[1] == {"name": "third"}
    assert filled.ask("PATCH", "/api/models/yours", {"copy": "third"})[0] == 404
    assert filled.ask("PATCH", "/api/models/yours", {"rename": "../x"})[0] == 404
    assert filled.ask("PATCH", "/api/models/starter", {"rename": "x"})[0] == 404
    rows = {row["name"]: row for row in filled.get("/api/models")}
    assert (rows["yours"]["tags"], rows["yours"]["note"]) == (tags["tags"], "first"), "notes follow the digest"
    assert filled.get("/api/models/yours")["manifest"]["name"] == "starter"
    assert filled.ended(filled.order("delete", model="broken"))["state"] == "done"
    kind = {"Content-Type": "application/octet-stream"}
    whole = filled.ask("PUT", "/api/models/new one.distillgan", starter_path().read_bytes(), kind)[1]["job"]
    damaged = filled.ask("PUT", "/api/models/bad", starter_path().read_bytes()[:9000], kind)[1]["job"]
    assert filled.ended(whole)["state"] == "done"
    assert filled.ended(damaged)["state"] == "failed"
    said = filled.job(damaged)["said"]
    assert "error: bad.distillgan: " in said
    assert str(filled.home) not in said
    assert filled.ask("PUT", "/api/models/third", b"x", kind)[0] == 404
    filled.until(whole, lambda _: any(row["name"] == "new one" for row in filled.get("/api/models")))
    names = sorted(path.name for path in (filled.home / "models").iterdir())
    assert names == ["new one.distillgan", "third.distillgan", "yours.distillgan"]


def test_every_browser_gets_all_jobs_at_its_start_and_what_changes_after(filled):
    connection = http.client.HTTPConnection("127.0.0.1", filled.port, timeout=60)
    connection.request("GET", "/api/jobs/events")
    stream = connection.getresponse()
    assert stream.headers["Content-Type"].startswith("text/event-stream")

    def news():
        while not (line := stream.readline()).startswith(b"data: "):
            assert line, "the stream has ended"
        return {job["id"]: job for job in json.loads(line[6:])}

    assert set(news()) == {job["id"] for job in filled.get("/api/jobs")}
    ordered = filled.order("verify", model="starter")
    while ordered not in (told := news()) or told[ordered]["state"] not in ("done", "failed"):
        pass
    assert set(told) == {ordered}
    filled.ask("DELETE", f"/api/jobs/{ordered}")
    while (told := news()).get(ordered, {}).get("state") != "gone":
        pass
    stream.close()
    connection.close()


def test_a_recording_of_a_model_is_heard_while_a_corpus_here_has_it(filled, tone):
    sound = "elec_bell.flac"
    status, answer, _ = filled.ask("GET", f"/api/models/starter/clip?name={sound}")
    assert (status, "is in no corpus on this machine" in answer["error"]) == (404, True)
    assert filled.upload("sea", sound, tone(9, kind="flac"))[0] == 200
    assert filled.ask("GET", f"/api/models/starter/clip?name={sound}")[1] == tone(9, kind="flac")
    for name in ("../../page-token", "deep/波 1.aiff", ""):
        assert filled.ask("GET", f"/api/models/starter/clip?name={name}")[0] == 404
    assert filled.ask("DELETE", f"/api/corpora/sea/files/{sound}")[0] == 200


def test_bodies_that_are_no_orders_are_named(workshop):
    for body in (
        b"[",
        b"[1]",
        b'{"a": 1, "a": 2}',
        b"\xff",
        b'{"name": ' + b"[" * 1000 + b"}",
        b"{" + b" " * 300_000 + b"}",
    ):
        status, answer, _ = workshop.ask("POST", "/api/corpora", body)
        assert status == 400
        assert answer["error"].startswith(("the order is", "an order has"))
    assert workshop.ask("POST", "/api/jobs/nonsense", {})[0] == 400
    assert workshop.ask("POST", "/api/jobs/render", {"model": "absent"})[0] == 404
    assert workshop.ask("POST", "/api/jobs/render", {"model": "starter", "batch": 1000})[0] == 400


def test_another_machine_needs_the_token(start_workshop, tmp_path):
    shown = start_workshop("--no-engine", "--bind", "0.0.0.0", "--allow", "10.0.0.0/8")
    assert (tmp_path / "page-token").read_text() in shown.url
    assert shown.ask("GET", "/api/models")[0] == 200, "this machine itself needs none"
    own = socket.gethostbyname(socket.gethostname())
    if not own.startswith("127."):
        other = http.client.HTTPConnection(own, shown.port, timeout=5)
        other.request("GET", "/api/models")
        with other.getresponse() as answer:
            assert answer.status == 403
        other.close()


def test_a_workshop_for_the_network_names_who_may_use_it():
    words = ["ui", "--bind", "0.0.0.0", "--no-browser", "--no-engine", "--port", "0"]
    command = [sys.executable, "-m", "distill_control.cli.main", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "name who may use it with --allow" in done.stderr


def test_only_this_command_knows_the_servers_libraries():
    code = (
        "import sys, distill_control.cli.main as m, distill_control.cli.engine; m.build_parser();"
        "print([n for n in ('starlette', 'uvicorn', 'anyio', 'torch', 'onnxruntime') if n in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_the_workshop_itself_loads_neither_torch_nor_onnx():
    code = "import sys, distill_control.workshop.app; print([n for n in ('torch', 'onnxruntime', 'matplotlib') if n in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_the_pages_name_no_other_host_and_hold_no_inline_code():
    static = Path(workshop_package.__file__).parent / "static"
    texts = {path.name: path.read_text("utf-8") for path in static.iterdir()}
    assert sum(len(text.encode()) for text in texts.values()) <= 200_000
    for name, text in texts.items():
        assert not [url for url in re.findall(r"https?://[^\s\"'<$]+", text) if "w3.org" not in url], name
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", text), name
    assert not re.search(r"style=|<script>|<style>|\son\w+=", texts["index.html"])


def test_codes_are_saved_under_names_that_the_engine_finds(workshop):
    made = workshop.home / "codes" / "made.distillcodes"
    made.parent.mkdir(exist_ok=True)
    made.write_bytes(b"codes")
    answer = workshop.ask("POST", "/api/codes/made", {"name": "folder/other"})
    assert answer[0] == 404
    assert "without folders" in str(answer)
    assert workshop.ask("POST", "/api/codes/made", {"name": "e\u0301tude.DISTILLCODES"})[0] == 200
    assert (made.parent / "\u00e9tude.distillcodes").read_bytes() == b"codes"
    assert not (made.parent / "folder").exists()
