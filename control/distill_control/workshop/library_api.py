"""Requests on models, renders, vocoders and what else the library holds."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from distill_control.workshop.answers import answered, body_of, in_thread, receive
from distill_control.workshop.corpora import playable
from distill_control.workshop.jobs import Order
from distill_control.workshop.models import delete_take, shelf, take_models
from distill_control.workshop.words import codes_file
from distill_control.workshop.workshop import Workshop
from distill_engine.errors import ControlError, LibraryError
from distill_engine.library.folders import models_dir
from distill_engine.library.lookup import MODEL_SUFFIX, find_model, new_file, new_name, safe_name
from distill_engine.library.model_notes import name_levels, write_notes
from distill_engine.library.renders import OUTLINE, PICTURE
from distill_engine.library.saved_codes import new_codes
from distill_engine.system.atomic_write import copy_into, replacing


class LibraryApi:
    """Answers requests below `/api/models`, `/api/renders` and of single lists."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._renders = workshop.renders

    def routes(self) -> list[Route]:
        """Return the routes."""
        model, render = "/api/models/{name:path}", "/api/renders/{id}"
        return [
            Route("/api/models", answered(self.models), methods=["GET"]),
            Route(f"{model}/clip", answered(self.clip), methods=["GET"]),
            Route(model, answered(self.model), methods=["GET"]),
            Route(model, answered(self.change_model), methods=["PATCH"]),
            Route(model, answered(self.take_in), methods=["PUT"]),
            Route("/api/vocoders", answered(self.vocoders), methods=["GET"]),
            Route("/api/doctor", answered(self.doctor), methods=["GET"]),
            Route("/api/shelf", answered(self.shelf), methods=["GET"]),
            Route("/api/codes/{name}", answered(self.codes), methods=["GET"]),
            Route("/api/codes/{name}", answered(self.save_codes), methods=["POST"]),
            Route("/api/takes/{name}", answered(self.take), methods=["GET"]),
            Route("/api/takes/{name}", answered(self.forget_take), methods=["DELETE"]),
            Route("/api/renders", answered(self.renders), methods=["GET"]),
            Route(render, answered(self.change_render), methods=["PATCH"]),
            Route(render, answered(self.delete_render), methods=["DELETE"]),
            Route(f"{render}/audio", answered(self.audio), methods=["GET"]),
            Route(f"{render}/{OUTLINE}", answered(self.drawing), methods=["GET"]),
            Route(f"{render}/{PICTURE}", answered(self.drawing), methods=["GET"]),
        ]

    async def models(self, request: Request) -> Any:
        """Return the facts of all models."""
        return await in_thread(self._workshop.models.rows)

    async def model(self, request: Request) -> Any:
        """Return all that a model says about itself."""
        return await in_thread(self._workshop.models.details, request.path_params["name"])

    async def clip(self, request: Request) -> Response:
        """Return a recording that a model was made of, if it is on this machine."""
        name, clip = request.path_params["name"], request.query_params.get("name", "")
        sounds = await in_thread(self._workshop.models.sounds, name)
        if clip not in sounds:
            raise LibraryError(f"{name} has no sound {clip[:80]!r}")
        path = await in_thread(self._workshop.corpora.clip, clip, sounds)
        return FileResponse(await in_thread(playable, path))

    async def change_model(self, request: Request) -> Any:
        """Rename or copy a model, or replace its tags and note, or the names of its levels."""
        order, name, models = await body_of(request), request.path_params["name"], self._workshop.models
        if "rename" in order:
            return {"name": await in_thread(models.rename, name, str(order["rename"]))}
        if "copy" in order:
            return {"name": await in_thread(models.copy, name, str(order["copy"]))}
        tags, note, levels = order.get("tags"), order.get("note"), order.get("levels")
        digest = (await in_thread(models.details, name))["digest"]
        if isinstance(levels, list):
            return (await in_thread(name_levels, digest, list(map(str, levels)))).to_dict()
        if not isinstance(tags, list) or not isinstance(note, str):
            raise ControlError("give rename, copy, levels, or tags and note")
        return (await in_thread(write_notes, digest, list(map(str, tags)), note)).to_dict()

    async def take_in(self, request: Request) -> Any:
        """Receive a model file; it gets its name once it is verified."""
        name = safe_name(request.path_params["name"].removesuffix(MODEL_SUFFIX))
        new_name(await in_thread(new_file, models_dir(), name, MODEL_SUFFIX, False))
        part = models_dir() / f".{secrets.token_hex(8)}{MODEL_SUFFIX}"
        await receive(request, part, f"{name}{MODEL_SUFFIX}")
        words = ("model", "verify", str(part))
        order = Order(kind="import", title=f"Import {name}", words=words, heavy=False, about={"model": name})
        return {"job": (await in_thread(self._workshop.jobs.add, order)).id}

    async def vocoders(self, request: Request) -> Any:
        """Return all vocoders, and whether they are on this machine."""
        return await self._workshop.ask("vocoder", "list")

    async def doctor(self, request: Request) -> Any:
        """Return the checks of this computer."""
        return await self._workshop.ask("doctor")

    async def shelf(self, request: Request) -> Any:
        """Return takes, and how many presets and MIDI maps there are."""
        return await in_thread(shelf)

    async def codes(self, request: Request) -> Any:
        """Return the codes of a file by level, as the model in the query names the levels."""
        path = await in_thread(codes_file, request.path_params["name"])
        model = await in_thread(lambda: find_model(request.query_params.get("model", ""), allow_paths=False))
        return await self._workshop.ask("codes", "show", str(model), str(path))

    async def save_codes(self, request: Request) -> Any:
        """Save codes that a job has made under a name, where the engine finds them."""
        name = str((await body_of(request)).get("name", ""))
        path = await in_thread(codes_file, request.path_params["name"])
        target = await in_thread(new_codes, name)
        await in_thread(_copy, path, target)
        return {"name": target.stem}

    async def take(self, request: Request) -> Any:
        """Return which models played when a take began."""
        return {"models": await in_thread(take_models, request.path_params["name"])}

    async def forget_take(self, request: Request) -> Any:
        """Delete a take."""
        await in_thread(delete_take, request.path_params["name"])
        return {}

    async def renders(self, request: Request) -> Any:
        """Return the history, the newest first."""
        return [entry.to_dict() for entry in await in_thread(self._renders.entries)]

    async def change_render(self, request: Request) -> Any:
        """Rename a render, or mark it."""
        order, identity = await body_of(request), request.path_params["id"]
        title, starred = order.get("title"), order.get("starred")
        kept = None if title is None else str(title)
        marked = starred if isinstance(starred, bool) else None
        return (await in_thread(lambda: self._renders.change(identity, title=kept, starred=marked))).to_dict()

    async def delete_render(self, request: Request) -> Any:
        """Delete a render."""
        await in_thread(self._renders.delete, request.path_params["id"])
        return {}

    async def audio(self, request: Request) -> Response:
        """Return a render's sound: to play, or with `?download` the file itself under its name."""
        identity = request.path_params["id"]
        path = await in_thread(self._renders.sound, identity)
        if "download" not in request.query_params:
            return FileResponse(await in_thread(playable, path))
        title = (await in_thread(self._renders.get, identity)).title
        return FileResponse(path, filename=f"{title}{path.suffix}")

    async def drawing(self, request: Request) -> Response:
        """Return a render's outline or picture."""
        identity = (await in_thread(self._renders.get, request.path_params["id"])).id
        return FileResponse(self._renders.folder(identity) / request.url.path.rpartition("/")[2])


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as file:
        copy_into(file, source)
