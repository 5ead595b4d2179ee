"""The workshop's server: the pages' files, the interface `/api/`, the guard before both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from distill_control.osc.limits import AllowList
from distill_control.web.access import PageToken
from distill_control.web.service import static_files
from distill_control.workshop.answers import answered
from distill_control.workshop.corpus_api import CorpusApi
from distill_control.workshop.guard import Guard, refused
from distill_control.workshop.job_api import JobApi
from distill_control.workshop.library_api import LibraryApi
from distill_control.workshop.workshop import Workshop
from distill_engine.library.folders import data_dir

CONNECT_SECONDS = 0.3  # to find out whether an engine listens


class Pages:
    """The files of both pages, from memory: no path of a request is ever opened."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._files = {
            "ui": static_files("distill_control.web"),
            "workshop": static_files("distill_control.workshop"),
        }

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self.first, methods=["GET"]),
            Route("/api/engine", answered(self.engine), methods=["GET"]),
            Route("/{folder}/{name:path}", self.file, methods=["GET"]),
        ]

    async def first(self, request: Request) -> Response:
        """Send a browser to the page."""
        return RedirectResponse("/workshop/")

    async def engine(self, request: Request) -> Any:
        """Return the engine's port, whether it listens there, and where the library is."""
        listens = await _listens(self._workshop.engine_port)
        return {"port": self._workshop.engine_port, "running": listens, "home": str(data_dir())}

    async def file(self, request: Request) -> Response:
        """Return a file of a page."""
        folder, name = request.path_params["folder"], request.path_params["name"] or "index.html"
        found = self._files.get(folder, {}).get(name)
        if found is None:
            return refused(HTTPStatus.NOT_FOUND, "there is no such page; the workshop is at /")
        return Response(found[0], media_type=found[1])


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), CONNECT_SECONDS)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def make_app(workshop: Workshop, allow: AllowList, token: PageToken | None, bind: str) -> Guard:
    """Return the server's application, which listens on the address or name `bind`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        moving = asyncio.create_task(workshop.run())
        yield
        workshop.closing = True
        await moving

    parts = (CorpusApi(workshop), JobApi(workshop), LibraryApi(workshop), Pages(workshop))
    app = Starlette(routes=[route for part in parts for route in part.routes()], lifespan=lifespan)
    return Guard(app, allow, token, workshop.engine_port, bind)
