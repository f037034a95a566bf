"""Opening JupyterLab on the learner's copies, without a word to the network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from course_lib.editions.execute import kernel_environment

CONFIGURATION = Path(__file__).with_name("jupyter")
"""Turns off news, which would come from the network, and the buttons of nbgrader's teachers."""


def open_lab(folder: Path, arguments: Sequence[str] = ()) -> int:
    """Run JupyterLab in `folder` until the learner stops it, and return its exit status.

    It opens on the first chapter, where there is one. `arguments` go to JupyterLab as they are,
    such as ``--no-browser``.
    """
    first = next(iter(sorted(folder.glob("00_*.ipynb"))), folder)
    command = [  # the whole path: of a bare "workspace" JupyterLab makes a subcommand of its own
        *(sys.executable, "-m", "jupyterlab", str(first.resolve())),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *arguments,
    ]
    environment = kernel_environment(os.environ)
    paths = [str(CONFIGURATION), environment.get("JUPYTER_CONFIG_PATH", "")]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    with subprocess.Popen(command, env=environment) as lab:
        while True:
            try:
                return lab.wait()
            except KeyboardInterrupt:  # JupyterLab hears Ctrl-C as well, and asks what is meant
                continue
