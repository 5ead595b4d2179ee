"""Runs an engine with the stub as its control process: what tests start as a process of its own.

python play_stub.py PORT_FILE '{"model": ..., "device": ...}' [REASON_WHY_CONTROL_FAILS]

`SET_EARLY='[index, value, glide]'` in the environment: a parameter that is set before the model has been loaded.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from distill_engine.errors import DistillError
from distill_engine.live.engine import run
from distill_engine.live.settings import EngineSettings
from distill_engine.realtime.control_process import ControlProcess
from distill_engine.realtime.shared_memory import ParameterWriter, SharedBlock
from distill_engine.vocabulary.table import default_values

HERE = Path(__file__).parent


def spawn(connection, shared_name, again):
    command = [sys.executable, str(HERE / "control_stub.py"), "--channel-fd", str(connection.fileno())]
    command += ["--shared", shared_name, "--port-file", sys.argv[1]]
    if len(sys.argv) > 3:
        command += ["--fail", sys.argv[3]]
    if early := os.environ.get("SET_EARLY"):
        ParameterWriter(SharedBlock.attach(shared_name)).set(*json.loads(early))
    inherited = (connection.fileno(), int(shared_name.removeprefix("fd:")))
    return subprocess.Popen(command, pass_fds=inherited, process_group=0)


def main() -> int:
    values = json.loads(sys.argv[2])
    for name in ("model", "record"):
        if values.get(name):
            values[name] = Path(values[name])
    try:
        return run(EngineSettings(**values), ControlProcess(spawn, default_values()))
    except DistillError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    code = main()
    forbidden = [name for name in ("torch", "matplotlib", "onnxscript", "huggingface_hub") if name in sys.modules]
    if forbidden:
        print(f"imported: {forbidden}", file=sys.stderr)
        code = 9
    sys.exit(code)
