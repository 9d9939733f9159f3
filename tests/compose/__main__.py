"""Runs a command on the engine of the tests, for trials by hand: `python -m tests.compose podman ps -a`."""

import os
import subprocess
import sys

from tests.compose.engine import Engine

if __name__ == "__main__":
    with Engine() as engine:
        sys.exit(subprocess.run(sys.argv[1:], check=False, env={**os.environ, **engine.environment}).returncode)
