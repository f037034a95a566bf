"""Compiling loops, and keeping their machine code for the next process.

numba numbers the files of its cache without asking other processes. Two that compile at once may
take one number for two signatures, and from then on calls run the wrong machine code, silently.
Here a lock on the folder lets in one process at a time.

numba also takes machine code for current while the function's own file is unchanged, although it
contains what the function calls in other files. Here it is current while no file of the folder
has changed.

Machine code is kept in the first folder that can be written: NUMBA_CACHE_DIR where that is set,
__pycache__ beside the source, the user's cache folder, one of the user's own among the temporary
files. Where none can be, and where the disk is full, each process compiles for itself.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from filelock import FileLock
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    NullCache,
    UserWideCacheLocator,
)


@functools.cache
def _digest(folder: Path) -> str:
    """Return a digest of the source files of a folder, as they are when it is first asked for."""
    sources = sorted(folder.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


class _TemporaryLocator(UserWideCacheLocator):
    """A folder among the temporary files that nobody else can write to.

    Machine code that somebody else has put there would run with this user's rights.
    """

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        super().__init__(function, file)
        user = os.getuid() if hasattr(os, "getuid") else "own"
        self._mine = os.path.join(tempfile.gettempdir(), f"course-lib-cache-{user}")
        self._cache_path = os.path.join(self._mine, self.get_suitable_cache_subpath(file))

    def ensure_cache_path(self) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkdir(self._mine, mode=0o700)
        found = os.lstat(self._mine)
        shared = hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022)
        if shared or not stat.S_ISDIR(found.st_mode):
            raise PermissionError(f"{self._mine} is not a folder that only this user can write to")
        super().ensure_cache_path()


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [  # noqa: RUF012 - numba's own name, read only
        *CompileResultCacheImpl._locator_classes,
        _TemporaryLocator,
    ]


class LockedCache(FunctionCache):
    """numba's cache of one function, read and written under a lock on its folder."""

    _impl_class = _Implementation

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(
            self._cache_path,
            self._impl.filename_base,
            _digest(Path(function.__code__.co_filename).parent),
        )

    @property
    def _lock(self) -> FileLock:
        os.makedirs(self.cache_path, exist_ok=True)
        return FileLock(os.path.join(self.cache_path, "numba.lock"), is_singleton=True)

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        with self._lock:
            return super()._load_overload(sig, target_context)

    def _save_overload(self, sig: Any, data: Any) -> None:
        try:
            with self._lock:
                super()._save_overload(sig, data)
        except OSError as error:  # such as a full disk; the machine code itself is there
            _notice(f"cannot write to {self.cache_path}: {error.strerror}")


@functools.cache
def _notice(reason: str) -> None:
    """Say once why machine code is not kept."""
    print(
        f"course_lib: compiled code is not kept, and the next start is slow: {reason}; "
        "try NUMBA_CACHE_DIR=FOLDER, with a folder that can be written",
        file=sys.stderr,
    )


def _cache(function: Callable[..., Any]) -> LockedCache | NullCache:
    try:
        return LockedCache(function)
    except RuntimeError:  # numba's answer where it finds no folder
        _notice("no folder for it can be written")
        return NullCache()


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a loop at its first call and keeps the machine code.

    Division by zero gives infinity, as in numpy; that check would cost more than many a loop.

    Parameters
    ----------
    **options : further options of ``numba.njit``, such as ``fastmath``
    """

    def compile_function(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(error_model="numpy", **options)(function)
        dispatcher._cache = _cache(function)  # what njit(cache=True) does, with the lock
        return dispatcher

    return compile_function
