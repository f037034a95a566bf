"""What the notebooks teach with needs neither a display nor a home."""

import os
import subprocess
import sys


def test_it_draws_without_a_display_and_without_a_home() -> None:
    code = """
from course_lib.teaching import plot_bars, use_style
use_style()
plot_bars({"a": 1.0}, xlabel="length").figure.canvas.draw()
print("drawn")
"""
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "MPLCONFIGDIR", "XDG_CONFIG_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment | {"HOME": os.devnull},  # no folder can be made below it
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "drawn\n"), done.stderr
