"""The token without which a page opens on no other machine."""

from __future__ import annotations

import contextlib
import hmac
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from distill_control.session.types import PageAnswer, PageRequest
from distill_control.settings.addresses import LOOPBACK, is_everywhere, is_loopback
from distill_engine.errors import LibraryError
from distill_engine.library import folders
from distill_engine.system.atomic_write import write_new_file
from distill_engine.system.regular_files import read_small, reason_of

PATH = "/ui/"
COOKIE = "distill"
TOKEN_BYTES = 16
TOKEN_FILE_BYTES = 1000  # at most
_REFUSAL = b"this page needs its token: open the address that the engine prints at its start"


@dataclass(frozen=True)
class PageToken:
    """A secret that a page brings once in its address, and then as a cookie."""

    text: str

    @classmethod
    def of_library(cls) -> PageToken:
        """Return the token of this account, kept in a file that others cannot read.

        A bookmark therefore stays valid; deleting the file makes another token. Raises
        LibraryError.
        """
        path = folders.ensure(folders.data_dir()) / "page-token"
        try:
            if not path.exists():
                with contextlib.suppress(FileExistsError):  # another engine that starts now
                    write_new_file(path, secrets.token_urlsafe(TOKEN_BYTES).encode(), 0o600)
            text = read_small(path, TOKEN_FILE_BYTES).decode("ascii").strip()
        except (OSError, ValueError) as error:
            raise LibraryError(f"{path}: cannot be used ({reason_of(error)}): delete it") from None
        if len(text) < TOKEN_BYTES:
            raise LibraryError(f"{path}: holds no token: delete it")
        return cls(text)

    def demand(self, request: PageRequest, path: str = PATH) -> PageAnswer | None:
        """Return None for a request with the cookie; else an answer that sets or asks for it.

        `path` is where the pages begin that the token opens.

        A request with the token in its address gets the cookie and goes on without it, so that the
        token does not stay in the address line.
        """
        if self._is(_cookie(request.cookie)):
            return None
        given = parse_qs(request.query)
        if not self._is(given.pop("token", [""])[0]):
            return PageAnswer(HTTPStatus.FORBIDDEN.value, _REFUSAL, {"Content-Type": "text/plain; charset=utf-8"})
        cookie = f"{COOKIE}={self.text}; Path={path}; HttpOnly; SameSite=Strict; Max-Age=31536000"
        return PageAnswer(HTTPStatus.FOUND.value, b"", {"Location": path, "Set-Cookie": cookie})

    def _is(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.text.encode())


def page_address(bind: str, port: int, path: str = PATH) -> str:
    """Return a page's address, with the token where other machines may ask for the page.

    Raises LibraryError.
    """
    if is_loopback(bind):
        return f"http://{LOOPBACK}:{port}{path}"
    host = "ADDRESS" if is_everywhere(bind) else bind
    return f"http://{host}:{port}{path}?token={PageToken.of_library().text}"


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
