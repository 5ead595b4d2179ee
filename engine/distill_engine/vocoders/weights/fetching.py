"""Fetch a large file over HTTP, and go on with what an earlier attempt has left."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

ATTEMPTS = 5  # in a row that bring nothing
CHUNK_BYTES = 256 * 1024
TIMEOUT_SECONDS = 30.0  # without a byte


def fetch(url: str, part: Path, size: int, report: Callable[[int], None]) -> None:
    """Append to `part` what it lacks of a file of `size` bytes (0: unknown).

    `report` is called with the bytes that are there. A broken connection is opened again; a server
    that ends too early leaves a file that is too short. Raises OSError.
    """
    idle = 0
    with part.open("ab") as file:
        while idle < ATTEMPTS and (not size or file.tell() < size):
            before = file.tell()
            try:
                _append(url, file, report)
                if not size:
                    return
            except HTTPError:
                raise
            except (http.client.HTTPException, ConnectionError, TimeoutError, URLError) as error:
                if idle + 1 == ATTEMPTS and file.tell() == before:
                    raise OSError(str(error)) from error
            idle = 0 if file.tell() > before else idle + 1


def _append(url: str, file: BinaryIO, report: Callable[[int], None]) -> None:
    """Receive the rest of a file, or all of it from a server that gives no part."""
    have = file.tell()
    headers = {"Range": f"bytes={have}-"} if have else {}
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as answer:
        if have and answer.status != http.client.PARTIAL_CONTENT:
            file.truncate(0)
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
            report(file.tell())
