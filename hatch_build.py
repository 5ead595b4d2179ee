"""Build hook: compile the native kernels into the package, where there is a C compiler.

    python hatch_build.py

compiles them into this checkout. Without a compiler, or on Windows, the package is pure Python and
plays through ONNX Runtime alone, slower. The library uses nothing of Python, so one wheel of a
platform serves every version.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script, without the build backend
    BuildHookInterface = object  # type: ignore[assignment, misc]

FOLDER = "engine/distill_engine/native"
LIBRARY, DIGEST = "_kernels.so", "_kernels.sha256"  # the digest is checked before the library is loaded
FLAGS = ("-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-fPIC", "-shared")


def target_of(platform: str) -> list[str]:
    """Return the compiler's options for a platform of `sysconfig`, such as "macosx-11.0-universal2".

    On macOS the compiler would take this machine's processor and system alone, whatever a wheel's name promises.
    """
    system, _, rest = platform.partition("-")
    if system != "macosx":
        return []
    version, _, processor = rest.partition("-")
    processors = ("x86_64", "arm64") if processor == "universal2" else (processor,)
    return [f"-mmacosx-version-min={version}", *(word for name in processors for word in ("-arch", name))]


def compile_kernels(root: Path) -> Path | None:
    """Compile the kernels of the source tree `root`; return the library, None if that is not possible here."""
    compiler = os.environ.get("CC", "").split() or list(filter(shutil.which, ("cc", "gcc", "clang")))[:1]
    if sys.platform == "win32" or not compiler:
        print("no C compiler: Distill plays through ONNX Runtime alone, slower", file=sys.stderr)
        return None
    folder = root / FOLDER
    library, made = folder / LIBRARY, folder / f"{LIBRARY}.{os.getpid()}.tmp"
    sources = [str(path) for path in sorted(folder.glob("*.c"))]
    try:
        command = [*compiler, *FLAGS, *target_of(sysconfig.get_platform()), *sources, "-o", str(made), "-lm"]
        subprocess.run(command, capture_output=True, text=True, check=True)
        digest = hashlib.sha256(made.read_bytes()).hexdigest()
        made.replace(library)  # a process that plays keeps the old one
        (folder / DIGEST).write_text(digest + "\n", encoding="ascii")
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or error
        print(f"the kernels did not compile, Distill plays slower without them:\n{reason}", file=sys.stderr)
        with suppress(OSError):  # a tree that cannot be written to
            for old in (made, library, folder / DIGEST):  # an old library may not be what the sources say
                old.unlink(missing_ok=True)
        return None
    return library


class KernelsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the library to a wheel, which then is one of this platform."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernels before a wheel or an editable installation is built."""
        library = compile_kernels(Path(self.root)) if self.target_name == "wheel" else None
        if library is not None:
            build_data["artifacts"] += [f"/{FOLDER}/{LIBRARY}", f"/{FOLDER}/{DIGEST}"]
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


if __name__ == "__main__":
    sys.exit(0 if compile_kernels(Path(__file__).parent) else 1)
