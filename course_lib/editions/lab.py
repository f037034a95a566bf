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


def open_lab(folder: Path, arguments: Sequence[str] = (), *, notebook: str | None = None) -> int:
    """Run JupyterLab in `folder` until the learner stops it, and return its exit status.

    Parameters
    ----------
    arguments : for JupyterLab, as they are, such as ``--no-browser``
    notebook : the file in `folder` that it opens on; where None, it opens as it was left
    """
    command = [  # the whole path: of a bare "workspace" JupyterLab makes a subcommand of its own
        *(sys.executable, "-m", "jupyterlab", str(folder.resolve())),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if notebook is not None:
        command.append(f"--LabApp.default_url=/lab/tree/{notebook}")
    command += arguments
    environment = kernel_environment(os.environ)
    paths = [str(CONFIGURATION), environment.get("JUPYTER_CONFIG_PATH", "")]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    with subprocess.Popen(command, env=environment) as lab:
        while True:
            try:
                return lab.wait()
            except KeyboardInterrupt:  # JupyterLab hears Ctrl-C as well, and asks what is meant
                continue
