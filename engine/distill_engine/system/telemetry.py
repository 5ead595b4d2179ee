"""Libraries that would contact their makers are told not to, before they are imported.

ONNX Runtime 1.29 and later writes a device identifier and an event store into the user's cache folder and sends events, on Linux and
macOS too, unless ORT_DISABLE_TELEMETRY is set when it is imported. The hub library sends a user agent with figures unless
HF_HUB_DISABLE_TELEMETRY is set.
"""

from __future__ import annotations

import os
import sys
from typing import Any

SWITCHES = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def turn_off() -> None:
    """Set the switches for this process and its children, whatever they were. `import distill_engine` does it."""
    os.environ.update(SWITCHES)
    if "onnxruntime" in sys.modules:  # somebody imported it first: stop what it would still send
        sys.modules["onnxruntime"].disable_telemetry_events()


def import_onnxruntime() -> Any:
    """Import ONNX Runtime with its telemetry off: the only way in which this project imports it."""
    turn_off()
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
