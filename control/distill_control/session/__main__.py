"""`python -m distill_control.session`: how the engine starts its control process."""

import argparse
import sys

from distill_control.session.process import Start, run
from distill_control.settings import ControlSettings
from distill_engine.errors import DistillError


def main() -> int:
    """Reads what the engine hands over, and runs."""
    parser = argparse.ArgumentParser(prog="distill_control.session", description="Started by distill-engine.")
    parser.add_argument("--channel-fd", type=int, required=True)
    parser.add_argument("--shared", required=True)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    try:
        settings = ControlSettings.from_json(options.settings)
        return run(Start(options.channel_fd, options.shared, settings, options.again))
    except DistillError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
