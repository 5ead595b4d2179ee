"""The ranges of values that are not set by messages: the vocabulary's, and those of a start."""

from __future__ import annotations

from distill_engine.errors import ConfigError
from distill_engine.vocabulary.table import row

DEVICE_RATES_HZ, RENDER_RATES_HZ = (8000, 384_000), (8000, 192_000)
RENDER_SECONDS_LIMIT = 86400.0
LATENCIES_MS = (1.0, 500.0)
THREADS_LIMIT = 256  # of the networks: more than any machine's cores would serve


def range_of(address: str) -> tuple[float, float, str]:
    """Return the lowest and highest value of a parameter or setting, and their unit.

    Raises ControlError if no such address exists.

    >>> range_of("/distill/gain")
    (-90.0, 12.0, 'dB')
    """
    argument = row(address).value_argument
    low = float("-inf") if argument.minimum is None else argument.minimum
    high = float("inf") if argument.maximum is None else argument.maximum
    return low, high, argument.unit


def check_range(address: str, value: float, name: str) -> None:
    """Check that a value lies in the range of its address. Offline nothing is clipped.

    Raises ConfigError with `name`, the value and the range; ControlError if there is no such
    address.
    """
    low, high, unit = range_of(address)
    if not low <= value <= high:
        given = f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
        raise ConfigError(f"{name} {given} is out of range: give {low:.10g} to {high:.10g}{f' {unit}' if unit else ''}")
