"""The start of the control process: a process of its own, with its settings as words."""

import subprocess
import sys
from socket import socket

from distill_control.settings.control import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.system.portable.files import start_child

CONTROL_PROGRAM = (sys.executable, "-m", "distill_control.session")


def spawn_control(
    settings: ControlSettings, connection: socket, shared_name: str, *, again: bool
) -> "subprocess.Popen[bytes]":
    """Start the control process in a process group of its own.

    Ctrl-C therefore reaches only the engine, which ends the control process. `again` marks one that
    replaces a process that died. Raises ControlError.
    """
    command = [*CONTROL_PROGRAM, "--channel-fd", str(connection.fileno()), "--shared", shared_name]
    command += ["--settings", settings.to_json(), *(["--again"] if again else [])]
    try:
        return start_child(command, (connection.fileno(), int(shared_name.removeprefix("fd:"))))
    except OSError as error:
        raise ControlError(f"the control process cannot be started: {error}") from None
