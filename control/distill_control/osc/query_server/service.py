"""The OSCQuery server: HTTP and WebSocket on one port, with the websockets library."""

import asyncio
import itertools
import json
import logging
import socket
import time
from collections.abc import Container, Mapping
from functools import partial
from http import HTTPStatus
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from distill_control.osc.clients import Client
from distill_control.osc.places import make_place
from distill_control.osc.ports import open_sockets
from distill_control.osc.query_server.connection import (
    MESSAGE_LIMIT_BYTES,
    BoundedConnection,
    KeptConnections,
    wants_websocket,
)
from distill_control.osc.query_server.listener import Listener
from distill_control.osc.query_server.tree import ATTRIBUTES, find, host_info, tree
from distill_control.osc.server_context import ServerContext
from distill_control.session import ModelInfo, Session
from distill_control.session.types import PageRequest
from distill_control.settings import ControlSettings
from distill_control.settings.origins import is_ours
from distill_engine.errors import ControlError
from distill_engine.library.reports import report
from distill_engine.system.names import printable

CONNECTION_LIMIT = 64
REQUEST_SECONDS = 0.001  # that a request takes in this process beside its answer
TURN_SECONDS, LONGEST_WAIT_SECONDS = 0.03, 2.0  # between two looks for time, and of a request in all
_BUNDLES = "?BUNDLES"  # the end of the address of a WebSocket client that wants the values of one moment in one packet


class OscQueryService:
    """Answer HTTP requests with the OSCQuery tree, and serve WebSocket clients.

    Requests of web pages are checked against DNS rebinding and cross-origin access.
    """

    def __init__(self, session: Session, settings: ControlSettings, context: ServerContext, osc_port: int) -> None:
        self.port = 0
        self.requests = 0
        self._session = session
        self._settings = settings
        self._context = context
        self._osc_port = osc_port
        self._servers: list[Server] = []
        self._listeners: set[Listener] = set()
        self._kept = KeptConnections(CONNECTION_LIMIT)
        self._connections: set[BoundedConnection] = set()
        self._waiting = 0
        self._numbers = itertools.count(1)

    async def start(self) -> None:
        """Open the port. Raises ControlError."""
        port = self._settings.oscquery_port or 0
        sockets = open_sockets(self._settings.bind, port, "tcp", label="OSCQuery", option="--oscquery-port")
        self.port = int(sockets[0].getsockname()[1])
        for opened in sockets:
            self._servers.append(await self._serve_socket(opened))
        self._session.on_model(self._model_changed)

    async def _serve_socket(self, opened: socket.socket) -> Server:
        silent = logging.getLogger("distill.oscquery")
        silent.setLevel(logging.CRITICAL + 1)
        return await serve(
            self._serve,
            sock=opened,
            create_connection=partial(BoundedConnection, members=self._connections),  # type: ignore[arg-type]
            process_request=self._process_request,
            process_response=self._kept.settle,
            max_size=MESSAGE_LIMIT_BYTES,
            max_queue=16,
            open_timeout=None,  # the connection limits the time of each request
            close_timeout=1,
            logger=silent,
            compression=None,
            server_header="Distill",
        )

    async def stop(self) -> None:
        """Close the port and every connection."""
        for server in self._servers:
            server.close()
        self._kept.close()
        for connection in list(self._connections):
            connection.give_up()
        for server in self._servers:
            await server.wait_closed()

    async def _serve(self, connection: ServerConnection) -> None:
        host = str(connection.remote_address[0])
        bundles = connection.request is not None and connection.request.path.endswith(_BUNDLES)
        origin = f"ws:{host}#{next(self._numbers)}"
        listener = Listener(connection, origin, host, self._session, self._context, bundles=bundles)
        self._listeners.add(listener)
        try:
            await listener.run()
        finally:
            self._listeners.discard(listener)
            self._context.connection_closed(listener.origin)

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer an HTTP request; return None to let a WebSocket handshake continue.

        Our own pages may read every answer, also one that says why there is no other.
        """
        self.requests += 1
        address = connection.remote_address
        headers, allows = request.headers, self._context.allow.allows
        ours = is_ours(headers.get_all("Host"), headers.get_all("Origin"), allows, self._settings.bind)
        response = await self._answer_to(request, str(address[0]) if address else "", ours=ours)
        if response is not None and ours:
            for page in headers.get_all("Origin"):
                response.headers["Access-Control-Allow-Origin"] = page
                response.headers["Vary"] = "Origin"
        return response

    async def _answer_to(self, request: Request, host: str, *, ours: bool) -> Response | None:
        """Answer a request of a host; `ours` is whether its page and the name asked are."""
        if not self._context.admits(host):
            return _response(HTTPStatus.FORBIDDEN, {"ERROR": "this host is not on the allow list (--allow)"})
        if not ours:
            reason = (
                "the page is from another host, or the address has a name that is not this machine's: use its numbers, "
                "serve the page from this machine, or accept the page's address with --allow"
            )
            return _response(HTTPStatus.FORBIDDEN, {"ERROR": reason})
        if getattr(request, "method", "GET") != "GET":
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, {"ERROR": "only GET is answered here"}, Allow="GET")
        client = self._context.clients.seen(f"http:{host}", host, lambda packet: None)
        if not await self._turn(client):
            reason = "too much at once: the requests before it took the time that a host has; send fewer a second"
            return _response(HTTPStatus.TOO_MANY_REQUESTS, {"ERROR": reason}, **{"Retry-After": "1"})
        began = time.thread_time()
        response = self._respond(request, host)
        for limit in client.work:
            limit.charge(time.thread_time() - began + REQUEST_SECONDS)
        return response

    async def _turn(self, client: Client) -> bool:
        """Wait until a host has time left; return whether it has."""
        if self._waiting >= CONNECTION_LIMIT:
            return False
        self._waiting += 1
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        try:
            while not client.has_time():
                if time.monotonic() > end:
                    return False
                await asyncio.sleep(TURN_SECONDS)
            return True
        finally:
            self._waiting -= 1

    def _respond(self, request: Request, host: str) -> Response | None:
        if wants_websocket(request):
            if make_place(self._listeners, CONNECTION_LIMIT, asyncio.get_running_loop().time()):
                return None
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, {"ERROR": f"there are {CONNECTION_LIMIT} clients already"})
        return self._page(request, host) or self._answer(request.path)

    def _page(self, request: Request, host: str) -> Response | None:
        """Return the answer of a service that has this page; None for OSCQuery's own paths."""
        path, _, query = request.path.partition("?")
        pages = self._session.pages
        if path == "/" and not query and pages and "text/html" in ",".join(request.headers.get_all("Accept")):
            return _response(HTTPStatus.FOUND, None, Location=next(iter(pages)))
        if f"{path}/" in pages:
            return _response(HTTPStatus.FOUND, None, Location=f"{path}/")
        answer = next((answer for prefix, answer in pages.items() if path.startswith(prefix)), None)
        if answer is None:
            return None
        cookie, site = ("; ".join(request.headers.get_all(name)) for name in ("Cookie", "Host"))
        try:
            found = answer(PageRequest(unquote(path), query, cookie, host, site))
        except Exception as error:
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR, {"ERROR": report(error, "a page's request")})
        return _with_body(HTTPStatus(found.status), found.body, found.headers)

    def _answer(self, target: str) -> Response:
        path, _, query = target.partition("?")
        attribute = query.partition("&")[0].partition("=")[0]
        if attribute == "HOST_INFO":
            settings = self._settings
            return _response(HTTPStatus.OK, host_info(settings.name, settings.bind, self._osc_port, self.port))
        if attribute and attribute not in ATTRIBUTES:
            return _response(HTTPStatus.BAD_REQUEST, {"ERROR": f"unknown attribute {printable(attribute, 40)}"})
        try:
            node = find(tree(self._session), unquote(path))
        except ControlError as error:
            return _response(HTTPStatus.NOT_FOUND, {"ERROR": str(error)})
        except Exception as error:
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR, {"ERROR": report(error, "an OSCQuery request")})
        if not attribute:
            return _response(HTTPStatus.OK, node)
        if attribute not in node:
            return _response(HTTPStatus.NO_CONTENT, None)
        return _response(HTTPStatus.OK, {attribute: node[attribute]})

    def _model_changed(self, before: ModelInfo, now: ModelInfo) -> None:
        old = _model_paths(before)
        new = _model_paths(now)
        for path in [path for path in old if path not in new]:
            self._broadcast("PATH_REMOVED", path)
        for path in [path for path in new if path not in old]:
            self._broadcast("PATH_ADDED", path)
        self._broadcast("PATH_CHANGED", "/distill/control")
        self._broadcast("PATH_CHANGED", "/distill/latent")

    def broadcast(self, packet: bytes, besides: Container[str] = ()) -> None:
        """Send a packet to every WebSocket client but those of the origins `besides`."""
        for listener in list(self._listeners):
            if listener.origin not in besides:
                listener.enqueue(packet)

    def _broadcast(self, command: str, path: str) -> None:
        for listener in list(self._listeners):
            listener.enqueue(json.dumps({"COMMAND": command, "DATA": path}))


def _model_paths(model: ModelInfo) -> dict[str, None]:
    controls = [f"/distill/control/{name}" for name in model.controls]
    return dict.fromkeys(controls + [f"/distill/latent/{index}" for index in range(model.latents)])


def _response(status: HTTPStatus, body: object, **headers: str) -> Response:
    data = b"" if body is None else json.dumps(body).encode()
    return _with_body(status, data, {"Content-Type": "application/json", **headers})


def _with_body(status: HTTPStatus, data: bytes, headers: Mapping[str, str]) -> Response:
    size = {} if status is HTTPStatus.NO_CONTENT else {"Content-Length": str(len(data))}
    return Response(status.value, status.phrase, Headers({**size, "Cache-Control": "no-store", **headers}), data)
