"""What goes wrong with an upload is said under the name that its sender gave the file."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from distill_control.workshop import answers
from distill_control.workshop.answers import UPLOAD_BYTES
from distill_control.workshop.jobs import Job, JobStore, Order
from distill_control.workshop.keeping import as_sent
from distill_control.workshop.library_api import LibraryApi
from distill_control.workshop.workshop import Commands, Workshop

GONE, WHOLE = {"type": "http.disconnect"}, {"type": "http.request", "body": b"sound", "more_body": False}


def answer_to_upload(message: dict[str, Any], size: int = 5) -> tuple[int, str]:
    """Send a model to a workshop of this process; return status and error of the answer."""

    async def once() -> Any:
        return message

    headers = [(b"content-length", str(size).encode())]
    path = {"name": "My birds.distillgan"}
    scope = {"type": "http", "method": "PUT", "path": "/", "headers": headers, "path_params": path}
    route = next(one for one in LibraryApi(Workshop(Commands((), ()), 9001)).routes() if "PUT" in (one.methods or ()))
    answer = asyncio.run(route.endpoint(Request(scope, once)))
    return answer.status_code, json.loads(answer.body)["error"]


@pytest.mark.parametrize(
    ("message", "size", "reason"), [(GONE, 5, "broken off"), (WHOLE, UPLOAD_BYTES + 1, "at most 2 GB")]
)
def test_a_refused_upload_is_named_as_it_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: dict[str, Any], size: int, reason: str
) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    status, error = answer_to_upload(message, size)
    assert status == 400
    assert error.startswith("My birds.distillgan: ")
    assert reason in error


@pytest.mark.parametrize("named", [True, False])
def test_a_full_disk_is_said_with_the_file_as_it_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", *[str(source)] * named)

    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    monkeypatch.setattr(answers, "give_new_name", full)
    status, error = answer_to_upload(WHOLE)
    assert (status, error) == (507, "My birds.distillgan: the disk is full: free some space or choose another folder")
    assert list((tmp_path / "models").iterdir()) == []


def test_what_a_job_says_of_an_uploaded_file_names_it_as_it_was_sent() -> None:
    part = "/home/me/models/.0a1b.distillgan"
    job = Job(kind="import", title="Import birds", words=("model", "verify", part), about={"model": "birds"}, id="1")
    assert as_sent(job, f"error: {part}: cut") == "error: birds.distillgan: cut"
    assert as_sent(job, "error: m\\xe9/.0a1b.distillgan: cut") == "error: m\\xe9/birds.distillgan: cut"
    other = Job(kind="verify", title="", words=job.words, id="2")
    assert as_sent(other, f"error: {part}: cut") == f"error: {part}: cut"


def test_what_is_received_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def name(source: Path, target: Path) -> None:
        calls.append(f"named {target.name}")

    monkeypatch.setattr(answers, "sync_file", lambda file: calls.append(f"flushed {os.fstat(file).st_size} bytes"))
    monkeypatch.setattr(answers, "give_new_name", name)
    scope = {"type": "http", "method": "PUT", "path": "/", "headers": []}

    async def once() -> Any:
        return WHOLE

    asyncio.run(answers.receive(Request(scope, once), tmp_path / "x.wav"))
    assert calls == ["flushed 5 bytes", "named x.wav"]


def test_a_refused_model_is_deleted_and_stays_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    models = tmp_path / "models"
    models.mkdir()
    part, there = models / ".0a1b.distillgan", models / "dup.distillgan"
    part.write_bytes(b"second")
    there.write_bytes(b"first")
    jobs = JobStore()
    job = jobs.add(
        Order(kind="import", title="", words=("model", "verify", str(part)), heavy=False, about={"model": "dup"})
    )
    monkeypatch.setattr(JobStore, "state", lambda self, identity: "done")
    for _ in range(2):  # the second is another start of the workshop
        workshop = Workshop(Commands((), ()), 9001)
        workshop.round()
        assert "dup exists already in the library" in workshop.summaries()[0]["said"]
        assert not part.exists()
        there.rename(models / "other.distillgan") if there.exists() else None
    assert [path.name for path in models.iterdir()] == ["other.distillgan"]
    assert jobs.get(job.id).kind == "import"
