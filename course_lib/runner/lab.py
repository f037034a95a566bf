"""Opening JupyterLab on the learner's copies, without a word to the network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from course_lib.runner.execute import kernel_environment


def open_lab(folder: Path, arguments: Sequence[str] = ()) -> int:
    """Run JupyterLab in `folder` until the learner stops it, and return its exit status.

    `arguments` go to JupyterLab as they are, such as ``--no-browser``.
    """
    command = [
        *(sys.executable, "-m", "jupyterlab", str(folder)),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        *arguments,
    ]
    with subprocess.Popen(command, env=kernel_environment(os.environ)) as lab:
        while True:
            try:
                return lab.wait()
            except KeyboardInterrupt:  # JupyterLab hears Ctrl-C as well, and asks what is meant
                continue
