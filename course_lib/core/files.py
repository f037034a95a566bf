"""Files that are written whole or not at all: every file that the course writes passes here."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = ".writing-"
_ABANDONED = 3600.0
"""No write takes as many seconds: what is older was left behind by a process that was killed."""


@contextmanager
def replacing(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield a place to write a file or folder, which then gets its name in one step.

    A kill or a full disk at any time leaves the old file or the new one, complete. The folder
    around it is made where it is missing. A file keeps the permissions of the one that it
    replaces, and a symbolic link stays one.

    Parameters
    ----------
    path : where the file or folder belongs; a folder must not be there already
    overwrite : whether a file that is there, or that appears meanwhile, may be replaced

    Raises
    ------
    FileExistsError
        Where something is there that may not be replaced.
    OSError
        Where the folder may not be written to, or the disk is full; the message names `path`.
    """
    path = Path(path)
    target = path.resolve() if path.is_symlink() else path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix=_PREFIX, ignore_cleanup_errors=True
        ) as folder:
            temporary = Path(folder) / target.name
            yield temporary
            _publish(temporary, target, overwrite)
    except OSError as error:
        in_the_way = next(filter(os.path.isfile, target.parents), None)
        if in_the_way is not None:
            raise NotADirectoryError(
                f"cannot write {path}: {in_the_way} is a file; delete or rename it"
            ) from error
        if isinstance(error, FileExistsError):
            raise FileExistsError(f"{path} exists already; delete or rename it") from error
        if error.strerror is None:  # not the system's own words: it has been explained already
            raise
        raise type(error)(f"cannot write {path}: {error.strerror}") from error


def write_text(path: Path, text: str, *, overwrite: bool = True) -> None:
    """Write text as UTF-8 with \\n at line ends, whole or not at all; see `replacing`."""
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def check_writable(path: Path, *, make_folders: bool = False) -> None:
    """Refuse before the work what `replacing` would refuse after it; nothing is left behind.

    Parameters
    ----------
    path : of the file
    make_folders : whether folders that are missing will be made, as `replacing` does

    Raises
    ------
    FileExistsError
        Where a folder, pipe or device has that name.
    FileNotFoundError
        Where there is no folder for it, and none will be made.
    OSError
        Where no file can be made there; the message names `path`.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "a pipe or a device"
            raise FileExistsError(f"need the name of a file, but {path} is {what}")
        if not make_folders and not path.parent.is_dir():
            raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}")
        there = next(folder for folder in path.resolve().parents if folder.exists())
        with tempfile.TemporaryDirectory(dir=there, prefix=_PREFIX):
            pass
    except OSError as error:
        if error.strerror is None:
            raise
        raise type(error)(f"cannot write {path}: {error.strerror}") from error


def sha256(path: Path) -> str:
    """Return the hash of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _publish(temporary: Path, target: Path, overwrite: bool) -> None:
    if temporary.is_dir():
        if target.exists():
            raise FileExistsError(target)
        os.replace(temporary, target)
        return
    if target.is_file():
        shutil.copymode(target, temporary)
    with temporary.open("r+b") as file:
        os.fsync(file.fileno())  # its content reaches the disk before its name
    if overwrite:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # unlike a rename, never onto another file
    except FileExistsError:
        raise
    except OSError as error:  # a file system without links
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        if target.exists():
            raise FileExistsError(target) from error
        os.replace(temporary, target)


def _sweep(folder: Path) -> None:
    """Remove what killed processes have left half-written."""
    for left in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another process sweeps, too
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
