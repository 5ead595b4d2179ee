"""Requests on jobs: order, watch, stop, and hear what they made on the way."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from distill_control.workshop.answers import answered, body_of, in_thread
from distill_control.workshop.words import orders
from distill_control.workshop.workshop import Workshop
from distill_engine.errors import LibraryError


class JobApi:
    """Answers requests below `/api/jobs`."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._jobs = workshop.jobs

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/api/jobs", answered(self.listing), methods=["GET"]),
            Route("/api/jobs/events", self.events, methods=["GET"]),
            Route("/api/jobs/{kind}", answered(self.order), methods=["POST"]),
            Route("/api/jobs/{id}", answered(self.delete), methods=["DELETE"]),
            Route("/api/jobs/{id}/result", answered(self.result), methods=["GET"]),
            Route("/api/jobs/{id}/stop", answered(self.stop), methods=["POST"]),
            Route("/api/jobs/{id}/pause", answered(self.pause), methods=["POST"]),
            Route("/api/jobs/{id}/previews/{number:int}", answered(self.preview), methods=["GET"]),
        ]

    async def listing(self, request: Request) -> Any:
        """Return how all jobs stand."""
        return await in_thread(self._workshop.summaries)

    async def events(self, request: Request) -> Response:
        """Stream how the jobs stand; a new connection begins with all of them."""
        return StreamingResponse(self._workshop.stream(), media_type="text/event-stream")

    async def order(self, request: Request) -> Any:
        """Queue the jobs that an order asks for."""
        kind, order = request.path_params["kind"], await body_of(request)
        wanted = await in_thread(orders, kind, order, self._workshop.corpora)
        added = [(await in_thread(self._jobs.add, one)).id for one in wanted]
        await in_thread(self._workshop.round)
        return {"jobs": added}

    async def delete(self, request: Request) -> Any:
        """Forget a job that has ended; what it has made is kept before."""
        await in_thread(self._workshop.round)
        await in_thread(self._jobs.delete, request.path_params["id"])
        await in_thread(self._workshop.round)
        return {}

    async def result(self, request: Request) -> Any:
        """Return what a job's command printed."""
        return await in_thread(self._jobs.result, self._jobs.get(request.path_params["id"]).id)

    async def stop(self, request: Request) -> Any:
        """Stop a job as Ctrl-C does; `kill` ends it at once."""
        identity, kill = request.path_params["id"], (await body_of(request)).get("kill") is True
        await in_thread(lambda: self._jobs.stop(identity, kill=kill))
        return {}

    async def pause(self, request: Request) -> Any:
        """Halt a job, or let it go on."""
        identity, paused = request.path_params["id"], (await body_of(request)).get("paused") is True
        await in_thread(lambda: self._jobs.pause(identity, paused=paused))
        return {}

    async def preview(self, request: Request) -> Response:
        """Return a preview of a training."""
        path = self._workshop.preview(request.path_params["id"], request.path_params["number"])
        if path is None or not path.is_file():
            raise LibraryError("this preview is no longer there")
        return FileResponse(path)
