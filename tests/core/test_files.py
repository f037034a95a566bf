"""Files are whole or absent: after a failure, a full disk, a kill, and beside another writer."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib.core import check_writable, replacing, sha256, write_text


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_a_file_is_written_with_the_folders_around_it(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "page.html"
    write_text(target, "µ\n\r\n")
    assert target.read_bytes() == "µ\n\r\n".encode()
    assert leftovers(target.parent) == []


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "card.json"
    write_text(target, "old")

    def fail() -> None:
        with replacing(target) as temporary:
            temporary.write_text("new, but only ha", encoding="utf-8")
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    assert target.read_text(encoding="utf-8") == "old"
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_leaves_the_old_file_and_says_which(tmp_path: Path) -> None:
    target = tmp_path / "card.json"
    write_text(target, "old")
    program = (
        "import resource, sys; from pathlib import Path; from course_lib.core.files import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_text(Path(sys.argv[1]), 'x' * 10_000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=False
    )
    assert f"OSError: cannot write {target}: File too large" in done.stderr
    assert target.read_text(encoding="utf-8") == "old"
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_a_killed_process_left_is_removed_by_a_later_write(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from course_lib.core.files import *\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half')\n    print('ready', flush=True)\n    time.sleep(60)"
    )
    target = tmp_path / "run.safetensors"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    (left,) = leftovers(tmp_path)
    write_text(target, "whole")
    assert leftovers(tmp_path) == [left]  # so young that its writer might live
    long_ago = time.time() - 2 * 3600
    os.utime(tmp_path / left, (long_ago, long_ago))
    write_text(target, "whole")
    assert leftovers(tmp_path) == []
    assert target.read_text(encoding="utf-8") == "whole"


def test_a_file_that_appears_meanwhile_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    target = tmp_path / "03_autoregression.ipynb"

    def write_too_late() -> None:
        with replacing(target, overwrite=False) as temporary:
            temporary.write_text("the course's", encoding="utf-8")
            target.write_text("the learner's", encoding="utf-8")

    with pytest.raises(FileExistsError, match="exists already"):
        write_too_late()
    assert target.read_text(encoding="utf-8") == "the learner's"
    assert leftovers(tmp_path) == []


def test_a_file_system_without_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "a.txt"
    write_text(target, "first", overwrite=False)
    with pytest.raises(FileExistsError):
        write_text(target, "second", overwrite=False)
    assert target.read_text(encoding="utf-8") == "first"


def test_a_folder_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "mathjax"

    def copy(stopped: bool = False) -> None:
        with replacing(target) as temporary:
            temporary.mkdir()
            (temporary / "a.js").write_text("a", encoding="utf-8")
            if stopped:
                raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        copy(stopped=True)
    assert not target.exists()
    copy()
    assert [path.name for path in target.iterdir()] == ["a.js"]
    with pytest.raises(FileExistsError):
        copy()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions, few links")
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    target = tmp_path / "shared.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file", encoding="utf-8")
    for page in (tmp_path / "build" / "index.html", tmp_path / "build" / "html" / "index.html"):
        with pytest.raises(NotADirectoryError, match=r"index\.html: .*build is a file; delete"):
            write_text(page, "page")


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("file/run", NotADirectoryError, "cannot write .*run: "),
        ("file/deep/er/run", NotADirectoryError, "cannot write .*run: "),
        ("folder", FileExistsError, "need the name of a file, but .*folder is a folder"),
        ("x" * 300, OSError, "cannot write x*: |cannot write .*xxx: "),
        pytest.param(
            "/proc/run",
            OSError,
            "cannot write /proc/run: ",
            marks=pytest.mark.skipif(not Path("/proc").is_dir(), reason="only Linux has /proc"),
        ),
    ],
)
def test_what_cannot_be_written_is_refused_beforehand(
    tmp_path: Path, name: str, error: type[OSError], said: str
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with pytest.raises(error, match=said):
        check_writable(tmp_path / name, make_folders=True)
    with pytest.raises(OSError):  # noqa: PT011 - it is the same that a write would meet
        write_text(tmp_path / name, "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_what_can_be_written_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("mine", encoding="utf-8")
    for name in ("old", "new", "deep/er/new"):
        check_writable(tmp_path / name, make_folders=True)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_writable(tmp_path / "deep" / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_the_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea")
