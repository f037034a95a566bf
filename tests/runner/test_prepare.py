"""Everything that can be compiled is compiled at installation, and nothing is left to a chapter."""

import json
import subprocess
import sys

from course_lib.runner import prepare

PROGRAM = """
import importlib, json, pkgutil
from numba.core.dispatcher import Dispatcher
import course_lib.kernels as kernels
from course_lib import cli

status = cli.main(["prepare"])
left = []
for found in pkgutil.iter_modules(kernels.__path__):
    module = importlib.import_module(f"{kernels.__name__}.{found.name}")
    left += [
        f"{found.name}.{name}"
        for name, loop in vars(module).items()
        if isinstance(loop, Dispatcher) and not loop.signatures
    ]
print(json.dumps([status, left]))
"""


def test_every_loop_is_compiled() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    *lines, found = done.stdout.splitlines()
    assert json.loads(found) == [0, []]
    count = len(prepare.STEPS)
    assert lines == [
        f"compiling {i} of {count}: {name}" for i, name in enumerate(prepare.STEPS, start=1)
    ]
