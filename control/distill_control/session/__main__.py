"""`python -m distill_control.session`: the engine starts its control process this way."""

import argparse
import sys

from distill_control.session.process import StartOptions, run
from distill_control.settings import ControlSettings
from distill_engine.errors import DistillError
from distill_engine.system.names import printable_line


def main() -> int:
    """Read the options that the engine passes, and run; return the exit code."""
    parser = argparse.ArgumentParser(prog="distill_control.session", description="Started by distill-engine.")
    parser.add_argument("--channel-fd", type=int, required=True)
    parser.add_argument("--shared", required=True)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    try:
        settings = ControlSettings.from_json(options.settings)
        return run(StartOptions(options.channel_fd, options.shared, settings, restarted=options.again))
    except DistillError as error:
        print(f"error: {printable_line(str(error))}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
