"""Problems of voices that were handled, for the user."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReportKind(StrEnum):
    """The kind of a problem: a network failed, gave NaN or infinity, or continues in another way.

    TAKE: a take cannot be written. PARAMETER: a parameter cannot be set.
    """

    FAILED = "failed"
    NOT_A_NUMBER = "not-a-number"
    MADE_DO = "made-do"
    TAKE = "take"
    PARAMETER = "parameter"


@dataclass(frozen=True)
class Report:
    """A problem that was handled at hop number `hop`, with its consequence for the sound."""

    hop: int
    kind: ReportKind
    cause: str
    consequence: str = ""

    @property
    def message(self) -> str:
        """Cause and consequence in one sentence."""
        return f"{self.cause}; {self.consequence}" if self.consequence else self.cause
