"""Types of the functions that the session calls."""

from collections.abc import Callable, Sequence

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


def no_reply(address: str, *arguments: Value) -> None:
    """Ignore an answer."""
