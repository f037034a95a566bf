"""Two processes must not write numba's cache at once: one could get the other's machine code."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from numba.core.caching import InTreeCacheLocator, NullCache, UserWideCacheLocator

from course_lib.kernels import compiling

SOURCE = """
from course_lib.kernels.compiling import compiled

@compiled()
def doubled(x):
    return 2 * x
"""


def kernel_in(folder: Path):
    path = folder / "some_kernel.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("some_kernel", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.doubled


def test_the_cache_is_neither_read_nor_written_while_another_holds_it(tmp_path):
    doubled = kernel_in(tmp_path)
    cache = Path(doubled._cache.cache_path)
    cache.mkdir(parents=True, exist_ok=True)
    results = []
    with FileLock(os.path.join(cache, "numba.lock")):
        caller = threading.Thread(target=lambda: results.append(doubled(np.ones(3))))
        caller.start()
        caller.join(timeout=1.5)
        assert caller.is_alive()
        assert not list(cache.glob("*.nb[ci]"))
    caller.join(timeout=60)
    assert results[0].tolist() == [2.0, 2.0, 2.0]
    assert len(list(cache.glob("*.nb[ci]"))) == 2


def test_the_next_process_finds_each_signature(tmp_path):
    first = kernel_in(tmp_path)
    assert first(1.5) == 3.0
    assert first(np.ones(2)).tolist() == [2.0, 2.0]
    second = kernel_in(tmp_path)
    assert second(1.5) == 3.0
    assert second(np.ones(2)).tolist() == [2.0, 2.0]
    assert sum(second.stats.cache_hits.values()) == 2


CALLED = """
from course_lib.kernels.compiling import compiled

@compiled()
def factor():
    return {factor}
"""

CALLER = """
from course_lib.kernels.compiling import compiled
from called_kernel import factor

@compiled()
def multiplied(x):
    return factor() * x
"""

CALL = "import caller_kernel; print(caller_kernel.multiplied(1.5))"


def test_a_change_in_another_file_is_noticed(tmp_path):
    (tmp_path / "caller_kernel.py").write_text(CALLER, encoding="utf-8")
    for number in (2, 3):
        (tmp_path / "called_kernel.py").write_text(CALLED.format(factor=number), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-c", CALL], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        assert float(run.stdout) == 1.5 * number


@pytest.fixture
def _read_only(monkeypatch, tmp_path):
    """Neither the source's folder nor the user's can be written; temporary files go to `mine`."""
    for locator in (InTreeCacheLocator, UserWideCacheLocator):
        monkeypatch.setattr(locator, "from_function", classmethod(lambda *function: None))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    compiling._notice.cache_clear()


@pytest.fixture
def _temporary(monkeypatch, _read_only):
    base = compiling._TemporaryLocator.__mro__[2]  # what the locators share
    monkeypatch.setattr(
        compiling._TemporaryLocator, "from_function", classmethod(base.from_function.__func__)
    )


@pytest.mark.usefixtures("_temporary")
def test_a_read_only_course_keeps_its_code_among_the_temporary_files(tmp_path, capsys):
    first = kernel_in(tmp_path)
    assert first(1.5) == 3.0
    second = kernel_in(tmp_path)
    assert second(1.5) == 3.0
    assert sum(second.stats.cache_hits.values()) == 1
    assert Path(second._cache.cache_path).is_relative_to(tmp_path / "mine")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("_temporary")
@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has a folder for each user's own")
def test_a_folder_that_others_can_write_to_is_not_trusted(tmp_path, capsys):
    folder = tmp_path / "mine" / f"course-lib-cache-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    first, second = kernel_in(tmp_path), kernel_in(tmp_path)
    assert first(1.5) == second(1.5) == 3.0
    assert isinstance(first._cache, NullCache)
    assert list(folder.iterdir()) == []
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no folder for it can be written; try NUMBA_CACHE_DIR=FOLDER" in error


def test_a_full_disk_costs_the_cache_and_not_the_call(tmp_path, monkeypatch, capsys):
    doubled = kernel_in(tmp_path)
    compiling._notice.cache_clear()

    def full(*entry):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(doubled._cache._cache_file, "save", full)
    assert doubled(1.5) == 3.0
    assert doubled(np.ones(2)).tolist() == [2.0, 2.0]
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "No space left on device" in error
