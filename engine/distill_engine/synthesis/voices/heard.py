"""What the voice in slot 0 has played, kept for a while so that it can be captured."""

from __future__ import annotations

from collections import deque

from distill_engine.synthesis.sources.latent_sources import Latent
from distill_engine.synthesis.voices.voice import Voice

KEPT_SECONDS = 30.0


class Heard:
    """The latents of one voice's last KEPT_SECONDS. What another voice plays begins anew."""

    def __init__(self) -> None:
        self._voice: Voice | None = None
        self._latents: deque[Latent] = deque()

    def add(self, voice: Voice, latent: Latent) -> None:
        """Add the latent [D] of a hop."""
        if voice is not self._voice:
            self._latents = deque(maxlen=round(KEPT_SECONDS * voice.instrument.frame_rate))
            self._voice = voice  # after its latents: other threads read both
        self._latents.append(latent)

    def last(self, voice: Voice, seconds: float) -> list[Latent]:
        """Return the latents [D] of a voice's last `seconds`, the oldest first; none of another."""
        if voice is not self._voice:
            return []
        return list(self._latents)[-max(1, round(seconds * voice.instrument.frame_rate)) :]
