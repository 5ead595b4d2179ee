"""The programs `distill`, `distill-engine` and `distill-audio`: each imports its command in here.

Ctrl-C while modules are still being imported would otherwise end in a traceback of that import.
"""

import sys
from importlib import import_module

CANCELLED = 3  # `errors.Cancelled.exit_code`, from a module that may not be there yet


def distill() -> int:
    """Run `distill`; return its exit code."""
    return _program("main")


def engine() -> int:
    """Run `distill-engine`; return its exit code."""
    return _program("engine")


def demo() -> int:
    """Run `distill-audio`; return its exit code."""
    return _program("demo")


def _program(module: str) -> int:
    try:
        return int(import_module(f"distill_control.cli.{module}").main())
    except KeyboardInterrupt:
        sys.stderr.write("cancelled: stopped before it began\n")
        return CANCELLED
