"""Requests on corpora: list, fill, listen, leave out."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from distill_control.settings.addresses import is_loopback
from distill_control.workshop.answers import answered, body_of, in_thread, receive
from distill_control.workshop.corpora import outline_of, playable
from distill_control.workshop.workshop import Workshop
from distill_engine.errors import ControlError


class CorpusApi:
    """Answers requests below `/api/corpora`."""

    def __init__(self, workshop: Workshop) -> None:
        self._corpora = workshop.corpora

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/api/corpora/{name}"
        return [
            Route("/api/corpora", answered(self.listing), methods=["GET"]),
            Route("/api/corpora", answered(self.create), methods=["POST"]),
            Route(one, answered(self.forget), methods=["DELETE"]),
            Route(f"{one}/files/{{file:path}}", answered(self.upload), methods=["PUT"]),
            Route(f"{one}/files/{{file:path}}", answered(self.remove), methods=["DELETE"]),
            Route(f"{one}/audio", answered(self.audio), methods=["GET"]),
            Route(f"{one}/outline", answered(self.outline), methods=["GET"]),
            Route(f"{one}/left-out", answered(self.leave_out), methods=["POST"]),
        ]

    async def listing(self, request: Request) -> Any:
        """Return name, folder and number of files of every corpus."""
        return await in_thread(self._rows)

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        for name, folder in sorted(self._corpora.folders().items()):
            here = folder.is_dir()
            row = {"name": name, "folder": str(folder), "own": self._corpora.is_own(name), "here": here}
            rows.append(row | {"files": [one.name for one in self._corpora.files(name)] if here else []})
        return rows

    async def create(self, request: Request) -> Any:
        """Make a corpus; a folder of this machine is named from this machine alone."""
        order = await body_of(request)
        folder = order.get("folder")
        if folder is not None and not (request.client and is_loopback(request.client.host)):
            raise ControlError("a folder of this machine can be named on this machine only")
        made = await in_thread(self._corpora.create, str(order.get("name", "")), folder and str(folder))
        return {"name": order["name"], "folder": str(made)}

    async def forget(self, request: Request) -> Any:
        """Delete or forget a corpus."""
        await in_thread(self._corpora.forget, request.path_params["name"])
        return {}

    async def upload(self, request: Request) -> Any:
        """Receive one file."""
        name = request.path_params["file"]
        await receive(request, await in_thread(self._corpora.place, request.path_params["name"], name))
        return {"name": name}

    async def remove(self, request: Request) -> Any:
        """Delete an uploaded file."""
        await in_thread(self._corpora.remove, request.path_params["name"], request.path_params["file"])
        return {}

    async def audio(self, request: Request) -> Response:
        """Return a file as a browser plays it."""
        path = await in_thread(self._corpora.file, request.path_params["name"], request.query_params.get("file", ""))
        return FileResponse(await in_thread(playable, path))

    async def outline(self, request: Request) -> Any:
        """Return a file's outline."""
        path = await in_thread(self._corpora.file, request.path_params["name"], request.query_params.get("file", ""))
        return await in_thread(outline_of, path)

    async def leave_out(self, request: Request) -> Any:
        """Leave a file out, or take it in again."""
        order = await body_of(request)
        out, file = order.get("out") is True, str(order.get("file", ""))
        await in_thread(lambda: self._corpora.leave_out(request.path_params["name"], file, out=out))
        return {}
