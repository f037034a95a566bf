"""Opening JupyterLab on the learner's copies, without a word to the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from course_lib.runner.execute import kernel_environment


def open_lab(folder: Path, *, browser: bool = True) -> int:
    """Run JupyterLab in `folder` until the learner stops it, and return its exit status."""
    command = [
        *(sys.executable, "-m", "jupyterlab", str(folder)),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        *([] if browser else ["--no-browser"]),
    ]
    return subprocess.run(command, env=kernel_environment(os.environ), check=False).returncode
