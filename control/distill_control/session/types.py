"""Types of the functions that the session calls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from distill_control.arguments import Value
from distill_control.session.engine_protocol import ModelInfo

Reply = Callable[..., None]
"""`reply(address, *arguments)`: sends a message back to the sender."""

Handler = Callable[[tuple[Value, ...], str], Sequence[Value] | None]
"""`handler(arguments, origin)`: carries out a command or query inside the control process.

A returned sequence is sent back as `<address>.reply`; None is answered with done, a DistillError
with its reason.
"""

ModelListener = Callable[[ModelInfo, ModelInfo], None]
"""`listener(before, now)`: called when another model has been loaded."""


@dataclass(frozen=True)
class PageRequest:
    """A GET request of a browser.

    `host` is the numeric address it comes from, `site` the name and port that it calls the server.
    """

    path: str
    query: str
    cookie: str
    host: str
    site: str = ""


@dataclass(frozen=True)
class PageAnswer:
    """The answer to a browser: HTTP status, body, and headers beside its length."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


PageAnswerer = Callable[[PageRequest], PageAnswer]
"""Answers requests below one path. It is called in the loop that ticks, and must return at once."""


def no_reply(address: str, *arguments: Value) -> None:
    """Ignore an answer."""
