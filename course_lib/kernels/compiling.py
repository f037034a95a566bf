"""Compiling loops, and keeping their machine code for the next process.

numba numbers the files of its cache without asking other processes. Two that compile at once may
take one number for two signatures, and from then on calls run the wrong machine code, silently.
Here a lock on the folder lets in one process at a time.

numba also takes machine code for current while the function's own file is unchanged, although it
contains what the function calls in other files. Here it is current while no file of the folder
has changed.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from filelock import FileLock
from numba.core.caching import FunctionCache, IndexDataCacheFile


@functools.cache
def _digest(folder: Path) -> str:
    """Return a digest of the source files of a folder, as they are when it is first asked for."""
    sources = sorted(folder.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


class LockedCache(FunctionCache):
    """numba's cache of one function, read and written under a lock on its folder."""

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
        with self._lock:
            super()._save_overload(sig, data)


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a loop at its first call and keeps the machine code.

    Division by zero gives infinity, as in numpy; that check would cost more than many a loop.

    Parameters
    ----------
    **options : further options of ``numba.njit``, such as ``fastmath``
    """

    def compile_function(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(error_model="numpy", **options)(function)
        dispatcher._cache = LockedCache(function)  # what njit(cache=True) does, with the lock
        return dispatcher

    return compile_function
