"""A small weights hub on 127.0.0.1 for the download tests, run as a process of its own: ROOT [options].

Serves ROOT/<owner>/<name>/<file> as the hub library expects: file metadata by HEAD, content by GET with ranges. The port is
printed on the first line, then one line per request. Options break it on purpose: `cut=N` closes the connection after N bytes
of each file's first full download; `slow=N` sends N bytes a second; `lie` sends other
bytes than the checksum says; `short` announces one byte more than it has; `portal` answers every request with a sign-in
page, `portal=N` with the status N.
"""

from __future__ import annotations

import hashlib
import re
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c0ffee" + "0" * 34


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root: Path
    cut = 0
    slow = 0
    lie = False
    short = False
    portal: bool | int = False
    already_cut: set[str] = set()  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:
        print(self.command, self.path, self.headers.get("Range") or "-", flush=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        if self.portal:
            return self._sign_in(with_body)
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/([^?]+).*", self.path)
        repository = self.root / found[1] if found else None
        if found is None or repository is None or not repository.is_dir():
            return self._refuse("RepoNotFound")
        file = repository / found[2]
        if not file.is_file():
            return self._refuse("EntryNotFound")
        return self._send(file, with_body)

    def _sign_in(self, with_body: bool) -> None:
        page = b"<!DOCTYPE html><title>Welcome</title><form action='/login'>Sign in to use this network</form>"
        self.send_response(200 if self.portal is True or self.path == "/login" else self.portal)
        for name, value in (("Content-Type", "text/html"), ("Content-Length", len(page)), ("Location", "/login")):
            self.send_header(name, str(value))
        self.end_headers()
        if with_body:
            self.wfile.write(page)

    def _refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, file: Path, with_body: bool) -> None:
        content = file.read_bytes()
        checksum = hashlib.sha256(content).hexdigest()
        weights = file.suffix == ".pt"
        if self.lie and weights:
            content = content[:-1] + bytes([content[-1] ^ 255])
        announced = len(content) + (self.short and weights)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        start = int(wanted[1]) if wanted else 0
        end = int(wanted[2]) if wanted and wanted[2] else len(content) - 1
        self.send_response(206 if wanted else 200)
        for name, value in {
            "ETag": f'"{checksum}"',
            "X-Linked-ETag": f'"{checksum}"',
            "X-Linked-Size": announced,
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
            "Content-Length": end - start + 1,
        }.items():
            self.send_header(name, str(value))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(content)}")
        self.end_headers()
        if with_body:
            self._body(content[start : end + 1], str(file), start)

    def _body(self, content: bytes, file: str, start: int) -> None:
        if self.cut and start == 0 and len(content) > self.cut and file not in self.already_cut:
            self.already_cut.add(file)
            self.wfile.write(content[: self.cut])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        step = self.slow // 20 or len(content) or 1
        for place in range(0, len(content), step):
            self.wfile.write(content[place : place + step])
            if self.slow:
                time.sleep(0.05)


if __name__ == "__main__":
    Hub.root = Path(sys.argv[1])
    for option in sys.argv[2:]:
        name, _, value = option.partition("=")
        setattr(Hub, name, int(value) if value else True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    print(server.server_address[1], flush=True)
    server.serve_forever()
