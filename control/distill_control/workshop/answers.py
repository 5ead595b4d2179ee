"""Answers to requests: JSON, errors in one line, bodies that are checked, uploads."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any

from anyio import open_file, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from distill_control.workshop.guard import refused
from distill_engine.errors import ControlError, DistillError, LibraryError
from distill_engine.system.atomic_write import give_new_name, open_temporary, remove_stale, write_advice
from distill_engine.system.plain_json import parse
from distill_engine.system.portable.files import RENAMES_OPEN_FILES, sync_file

BODY_BYTES = 256 * 1024  # of an order
UPLOAD_BYTES = 2 << 30  # of one file
SPARE_BYTES = 64 << 20  # that stay free on the disk

Handler = Callable[[Request], Awaitable[Response]]
Work = Callable[[Request], Awaitable[Any]]


def answered(work: Work) -> Handler:
    """Return a handler that answers with what `work` returns, or with its error in one line."""

    @wraps(work)
    async def handle(request: Request) -> Response:
        try:
            found = await work(request)
        except LibraryError as error:
            return refused(HTTPStatus.NOT_FOUND, str(error))
        except DistillError as error:
            return refused(HTTPStatus.BAD_REQUEST, str(error))
        except OSError as error:
            path = Path(error.filename or "a file")
            return refused(HTTPStatus.INSUFFICIENT_STORAGE, f"{path.name}: {write_advice(error, path)}")
        return found if isinstance(found, Response) else JSONResponse(found)

    return handle


async def body_of(request: Request) -> dict[str, Any]:
    """Return the table in a request's body. Raises ControlError."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > BODY_BYTES:
            raise ControlError(f"an order has at most {BODY_BYTES} bytes")
    try:
        table = parse(data or b"{}")
    except ValueError as error:
        raise ControlError(f"the order is no JSON ({error})") from None
    if not isinstance(table, dict):
        raise ControlError("the order is no table")
    return table


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run work that waits for the disk in a thread."""
    return await to_thread.run_sync(work, *arguments)


async def receive(request: Request, target: Path, name: str = "") -> None:
    """Write a request's body to `target`: whole, or not at all.

    `name` is what its sender calls the file, where `target` has another name; errors say it. Raises
    ControlError, OSError.
    """
    named = target.with_name(name or target.name)
    try:
        await _receive(request, target, named.name)
    except OSError as error:  # of the temporary file, or of no file
        raise OSError(error.errno, error.strerror or str(error), str(named)) from None


async def _receive(request: Request, target: Path, name: str) -> None:
    announced = int(request.headers.get("content-length") or 0)
    if announced > UPLOAD_BYTES:
        raise ControlError(f"{name}: a file has at most {UPLOAD_BYTES >> 30} GB here")
    await in_thread(lambda: target.parent.mkdir(parents=True, exist_ok=True))
    free = shutil.disk_usage(target.parent).free
    if free - announced < SPARE_BYTES:
        raise ControlError(f"{name}: the disk has {free >> 20} MB free: make room first")
    await in_thread(remove_stale, target.parent)  # of uploads that a killed workshop was receiving
    part, descriptor = await in_thread(open_temporary, target)  # locked, so that nobody takes it for such a one
    try:
        received = 0
        async with await open_file(descriptor, "wb") as file:
            async for chunk in request.stream():
                received += len(chunk)
                if received > UPLOAD_BYTES:
                    raise ControlError(f"{name}: a file has at most {UPLOAD_BYTES >> 30} GB here")
                await file.write(chunk)
            await file.flush()
            await in_thread(sync_file, descriptor)
            if RENAMES_OPEN_FILES:
                await in_thread(give_new_name, part, target)
        if not RENAMES_OPEN_FILES:
            await in_thread(give_new_name, part, target)
    except ClientDisconnect:
        raise ControlError(f"{name}: the upload was broken off") from None
    except FileExistsError:
        raise ControlError(f"{name} is there already: nothing is overwritten") from None
    finally:
        part.unlink(missing_ok=True)
