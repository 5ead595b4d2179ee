"""What may ask the workshop: hosts, pages, the token, the mark of a request that changes."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from distill_control.osc.limits import AllowList
from distill_control.session.types import PageRequest
from distill_control.settings.addresses import is_loopback
from distill_control.settings.origins import is_ours
from distill_control.web.access import PageToken

READING = frozenset({"GET", "HEAD"})
BODIES = ("application/json", "application/octet-stream")  # a form of a foreign page can send neither


class Guard:
    """Lets through what this machine's own pages and programs ask, and hosts of the allow list.

    Those from other machines need the token. A request that changes something carries the header
    `X-Distill: 1`: a foreign page cannot send it without asking first, and is never answered.
    """

    def __init__(self, app: ASGIApp, allow: AllowList, token: PageToken | None, engine_port: int, bind: str) -> None:
        self._app = app
        self._allow = allow
        self._token = token
        self._engine_port = engine_port
        self._bind = bind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        policy = self._policy(headers.get("host", ""))

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(policy)
            await send(message)

        await (self._app if refusal is None else refusal)(scope, receive, sealed)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return why a request is refused; None if it is not."""
        host = str((scope.get("client") or ("",))[0])
        if not self._allow.allows(host):
            return refused(HTTPStatus.FORBIDDEN, "this host is not on the allow list (--allow)")
        if not is_ours(headers.getlist("host"), headers.getlist("origin"), self._allow.allows, self._bind):
            return refused(
                HTTPStatus.FORBIDDEN,
                "the page is from another host, or its name is not this machine's: open it by its numbers",
            )
        if self._token is not None and not is_loopback(host):
            query = scope["query_string"].decode("latin-1")
            answer = self._token.demand(PageRequest(scope["path"], query, headers.get("cookie", ""), host), "/")
            if answer is not None:
                return Response(answer.body, answer.status, dict(answer.headers))
        if scope["method"] in READING:
            return None
        if headers.get("x-distill") != "1":
            return refused(HTTPStatus.FORBIDDEN, "a request that changes something carries the header X-Distill: 1")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in BODIES and not (scope["method"] == "DELETE" and not kind):
            return refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {' or '.join(BODIES)}, not {kind[:40] or 'nothing'}"
            )
        return None

    def _policy(self, host: str) -> dict[str, str]:
        """Return the headers that every answer has: pages may ask the host's engine too."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        engine = f"{name}:{self._engine_port}" if name.replace(".", "").replace("-", "").isalnum() else ""
        asked = f"'self' http://{engine} ws://{engine}" if engine else "'self'"
        return {
            "Content-Security-Policy": (
                f"default-src 'self'; connect-src {asked}; object-src 'none'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }


def refused(status: HTTPStatus, reason: str) -> Response:
    """Return an answer with the reason in one line."""
    return JSONResponse({"error": reason}, status.value)
