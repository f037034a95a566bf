"""Settings for every test: shapes checked at run time, one thread, no windows."""

import os
from collections.abc import Callable

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MPLBACKEND", "agg")

import jaxtyping  # noqa: E402

# Compiled kernels take plain arrays and are left alone.
CHECKED = [
    f"course_lib.{package}"
    for package in ("core", "audio", "corpora", "features", "models", "evaluation")
]
jaxtyping.install_import_hook(CHECKED, "shape_checks.enforce_results")

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

from course_lib import cli  # noqa: E402
from course_lib.audio import Clip  # noqa: E402

hypothesis.settings.register_profile("course", deadline=None, max_examples=40, derandomize=True)
hypothesis.settings.load_profile("course")


def pytest_configure(config: pytest.Config) -> None:
    # Not in pyproject.toml: pytest reads that before `tests` is on the path.
    config.addinivalue_line("filterwarnings", "ignore::shape_checks.ArgumentNoted")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def tone() -> Clip:
    """Half a second of a 440 Hz tone at 8 kHz."""
    time = np.arange(4000) / 8000
    return Clip((0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 8000)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call the `course` command; return its status, output and messages."""

    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            status = cli.main([str(argument) for argument in arguments])
        except SystemExit as leaving:  # argparse leaves this way
            status = int(leaving.code or 0)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call
