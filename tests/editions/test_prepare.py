"""Everything that can be compiled is compiled at installation, and nothing is left to a chapter."""

import json
import subprocess
import sys

from course_lib.editions import prepare

PROGRAM = """
import importlib, json, pkgutil
from numba.core.dispatcher import Dispatcher
import course_lib.kernels as kernels
from course_lib import cli

status = cli.main(["prepare"])
modules = [
    importlib.import_module(f"{kernels.__name__}.{found.name}")
    for found in pkgutil.iter_modules(kernels.__path__)
]
loops = {
    loop
    for module in modules
    for loop in vars(module).values()
    if isinstance(loop, Dispatcher)
}
ready = {loop for loop in loops if loop.signatures}
called = set(ready)  # the machine code of a loop contains that of the loops that it calls
while called:
    names = [(loop.py_func.__globals__, loop.py_func.__code__.co_names) for loop in called]
    reached = {scope.get(name) for scope, some in names for name in some if name in scope}
    called = {loop for loop in loops - ready if loop in reached}
    ready |= called
print(json.dumps([status, sorted(loop.py_func.__qualname__ for loop in loops - ready)]))
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
