"""Describe the machine that figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from contextlib import suppress
from importlib import metadata
from pathlib import Path

Machine = dict[str, str | int | float | None]
FIELDS = ("cpu", "cores", "ram_gb", "os", "python", "torch", "onnxruntime", "governor", "thp", "gpu")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def machine() -> Machine:
    """Return the facts in `FIELDS`; None where one is unknown or does not exist here.

    Imports neither torch nor onnxruntime: live benchmarks measure without them.
    """
    return {
        "cpu": processor(),
        "cores": os.cpu_count(),
        "ram_gb": memory_gb(),
        "os": operating_system(),
        "python": platform.python_version(),
        "torch": _version("torch"),
        "onnxruntime": _version("onnxruntime"),
        "governor": _read(_GOVERNOR),
        "thp": huge_pages(),
        "gpu": graphics_processor(),
    }


def describe(facts: Machine) -> str:
    """Return the facts that are known as one line."""
    labels = {
        "cpu": "{}",
        "cores": "{} cores",
        "ram_gb": "{:g} GB",
        "os": "{}",
        "python": "Python {}",
        "torch": "torch {}",
        "onnxruntime": "ONNX Runtime {}",
        "governor": "governor {}",
        "thp": "huge pages {}",
        "gpu": "{}",
    }
    return ", ".join(label.format(facts[name]) for name, label in labels.items() if facts.get(name) is not None)


def processor() -> str:
    """Return the name of the processor."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor() or platform.machine()


def memory_gb() -> float | None:
    """Return the physical memory in GB (10^9 bytes)."""
    with suppress(OSError, ValueError):
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    return None


def operating_system() -> str:
    """Return the distribution or system with its kernel's release."""
    name = platform.system()
    with suppress(OSError):
        name = f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {name}"
    return f"{name} {platform.release()}"


def huge_pages() -> str | None:
    """Return the mode of transparent huge pages: "always", "madvise" or "never"."""
    chosen = re.search(r"\[(\w+)\]", _read(_HUGE_PAGES) or "")
    return chosen.group(1) if chosen else None


def graphics_processor() -> str | None:
    """Return the name of the first NVIDIA GPU."""
    names = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return names.splitlines()[0].strip() if names else None


def _version(package: str) -> str | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return None


def _read(path: Path) -> str | None:
    with suppress(OSError):
        return path.read_text().strip() or None
    return None


def _output(program: str, *arguments: str) -> str | None:
    if shutil.which(program) is None:
        return None
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=10)
        return done.stdout.strip() if done.returncode == 0 else None
    return None
