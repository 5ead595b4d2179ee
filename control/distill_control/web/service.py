"""The service that answers `/ui/`: the page's files, and facts of the model as JSON."""

import json
import re
from dataclasses import replace
from http import HTTPStatus
from importlib.resources import files

from distill_control.session import Session
from distill_control.session.service import Notify
from distill_control.session.types import PageAnswer, PageRequest
from distill_control.settings import ControlSettings
from distill_control.settings.addresses import is_loopback
from distill_control.web.access import PATH, PageToken, page_address

MODEL_FACTS = "model.json"
_FACTS = ("name", "controls", "withheld", "analysis", "map", "latents", "sources", "has_map")
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_POLICY = "default-src 'self'; {media}object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_SITE = re.compile(r"([\w.-]+|\[[\da-fA-F:]+\])(:\d+)?", re.ASCII)  # name or address of this machine, and a port


class PageService:
    """Answer requests below `/ui/` from memory: no path of a request is ever opened.

    A page from another machine needs the token, because its port may be open to a network.
    """

    def __init__(self, session: Session, token: PageToken | None) -> None:
        self._session = session
        self._token = token
        self._files = static_files("distill_control.web")
        session.pages[PATH] = self.answer

    async def stop(self) -> None:
        """Take the page away."""
        self._session.pages.pop(PATH, None)

    def status(self) -> dict[str, float | int | str]:
        """Return no figures."""
        return {}

    def answer(self, request: PageRequest) -> PageAnswer:
        """Return the file, the facts, or what is wrong in one line."""
        found = self._find(request)
        return replace(found, headers={**_HEADERS, "Content-Security-Policy": _policy(request.site), **found.headers})

    def _find(self, request: PageRequest) -> PageAnswer:
        name = request.path.removeprefix(PATH) or "index.html"
        if self._token is not None and not is_loopback(request.host):
            denied = self._token.demand(request)
            if denied is not None:
                return denied
        if name == MODEL_FACTS:
            return _answer(HTTPStatus.OK, json.dumps(self._facts()).encode(), "application/json")
        if name not in self._files:
            return _answer(HTTPStatus.NOT_FOUND, b"there is no such page; the page is at /ui/", "text/plain")
        return _answer(HTTPStatus.OK, *self._files[name])

    def _facts(self) -> dict[str, object]:
        details = self._session.model.details
        return {name: details[name] for name in _FACTS if name in details}


def static_files(package: str) -> dict[str, tuple[bytes, str]]:
    """Return contents and type of the files in a package's folder `static`, by name."""
    return {
        entry.name: (entry.read_bytes(), _TYPES[entry.name.rpartition(".")[2]])
        for entry in files(package).joinpath("static").iterdir()
        if entry.name.rpartition(".")[2] in _TYPES
    }


def _answer(status: HTTPStatus, body: bytes, kind: str) -> PageAnswer:
    return PageAnswer(status.value, body, {"Content-Type": f"{kind}; charset=utf-8"})


def _policy(site: str) -> str:
    """Return the policy of a page: its recordings come from any port of the same machine."""
    named = _SITE.fullmatch(site)
    return _POLICY.format(media=f"media-src 'self' http://{named[1]}:*; " if named else "")


async def start(session: Session, settings: ControlSettings, notify: Notify) -> PageService:
    """Offer the page, if the port is open that serves it. Raises LibraryError."""
    token = None if is_loopback(settings.bind) else PageToken.of_library()
    service = PageService(session, token)
    if settings.oscquery_port is None:
        await service.stop()
    elif settings.oscquery_port:
        notify("info", f"page: {page_address(settings.bind, settings.oscquery_port)}")
    return service
