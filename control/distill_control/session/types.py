"""What the session calls, and is called with."""

from collections.abc import Callable, Sequence

from distill_control.arguments import Value
from distill_control.session.engine_protocol import ModelInfo

Reply = Callable[..., None]
"""`reply(address, *arguments)`: says something to the one who asked."""

Handler = Callable[[tuple[Value, ...], str], Sequence[Value] | None]
"""`handler(arguments, origin)` carries out a command or query of the control process itself. What it returns goes back
as `<address>.reply`; None means done; a DistillError means failed."""

ModelListener = Callable[[ModelInfo, ModelInfo], None]
"""`listener(before, now)`: another model plays."""


def no_reply(address: str, *arguments: Value) -> None:
    """For callers who want no answer."""
