"""What a shipped file states about its making."""

from __future__ import annotations

import datetime

from harness.machine import describe, machine


def provenance(note: str) -> dict[str, str]:
    """Return date, machine, corpus and licence for the manifest."""
    return {
        "made": datetime.date.today().isoformat(),
        "machine": describe(machine()),
        "corpus": "benchmarks/corpus: base (360 clips, CC0 and MIT) and sonicpi_cc0 (40 clips, CC0); "
        "sources in SOURCES.txt",
        "licence": "weights: MIT, as the product; sounds: CC0 1.0, FluidR3 GM MIT (c) 2000-2002, 2008 Frank Wen",
        "note": note,
    }
