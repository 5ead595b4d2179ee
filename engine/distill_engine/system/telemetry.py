"""Turn the telemetry of libraries off before they are imported.

ONNX Runtime from 1.29 on writes a device identifier and an event store into the user's cache folder
and sends events, on Linux and macOS too, unless ORT_DISABLE_TELEMETRY is set when it is imported.
The hub library sends a user agent with figures unless HF_HUB_DISABLE_TELEMETRY is set.
"""

from __future__ import annotations

import os
import sys
from typing import Any

SWITCHES = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def turn_off() -> None:
    """Set the switches for this process and its children; `import distill_engine` does so."""
    os.environ.update(SWITCHES)
    if "onnxruntime" in sys.modules:  # it was imported before: stop later events
        sys.modules["onnxruntime"].disable_telemetry_events()


def import_onnxruntime() -> Any:
    """Import ONNX Runtime with its telemetry off; nothing in the product imports it otherwise."""
    turn_off()
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
