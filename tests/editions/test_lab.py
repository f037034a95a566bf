import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyterlab_server.config import get_page_config

from course_lib.editions import lab


class FakeLab:
    """Stands for JupyterLab: notes how it was called, hears Ctrl-C once, and then ends with 3."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.command, self.environment, self.waits = command, env, 0

    def __enter__(self) -> "FakeLab":
        return self

    def __exit__(self, *error: object) -> None: ...

    def wait(self) -> int:
        self.waits += 1
        if self.waits == 1:
            raise KeyboardInterrupt
        return 3


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeLab]:
    def start(folder: Path, arguments: list[str], **settings: str) -> FakeLab:
        labs: list[FakeLab] = []

        def popen(*given: Any, **others: Any) -> FakeLab:
            labs.append(FakeLab(*given, **others))
            return labs[0]

        monkeypatch.setattr(lab.subprocess, "Popen", popen)
        assert lab.open_lab(folder, arguments, **settings) == 3
        return labs[0]

    return start


def test_it_runs_in_this_python_and_passes_options_on(
    started: Callable[..., FakeLab], tmp_path: Path
) -> None:
    process = started(tmp_path, ["--no-browser"])
    assert process.command[:4] == [sys.executable, "-m", "jupyterlab", str(tmp_path)]
    assert process.command[-1] == "--no-browser"
    assert process.environment["OMP_NUM_THREADS"] == "1"


def test_it_opens_on_a_notebook_where_one_is_named(
    started: Callable[..., FakeLab], tmp_path: Path
) -> None:
    process = started(tmp_path, ["--no-browser"], notebook="00_start_here.ipynb")
    assert process.command[-2:] == [
        "--LabApp.default_url=/lab/tree/00_start_here.ipynb",
        "--no-browser",
    ]
    assert not any("default_url" in word for word in started(tmp_path, []).command)


def test_it_opens_a_folder_called_workspace(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "mine.ipynb").write_text("{}", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = (
        "import sys; from pathlib import Path; from course_lib.editions.lab import open_lab; "
        "sys.exit(open_lab(Path('workspace'), sys.argv[1:]))"
    )
    options = ("--no-browser", "--allow-root", f"--port={port}", "--ServerApp.token=abc")
    process = subprocess.Popen(
        [sys.executable, "-c", program, *options],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    names = [entry["name"] for entry in json.loads(ask(process, port, "contents"))["content"]]
    assert names == ["mine.ipynb"]
    ask(process, port, "shutdown", b"")
    assert process.wait(60) == 0


def ask(process: subprocess.Popen[bytes], port: int, what: str, data: bytes | None = None) -> bytes:
    """Return what JupyterLab answers, as soon as it does."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/{what}", data, {"Authorization": "token abc"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(300):
        assert process.poll() is None, "JupyterLab ended by itself"
        try:
            with direct.open(request, timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:  # not listening yet
            time.sleep(0.2)
    process.kill()
    raise AssertionError("JupyterLab did not answer within a minute")


def test_ctrl_c_leaves_the_question_to_jupyterlab(
    started: Callable[..., FakeLab], tmp_path: Path
) -> None:
    assert started(tmp_path, []).waits == 2


def test_no_news_are_fetched_and_the_users_own_settings_stay(
    started: Callable[..., FakeLab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "mine"))
    path = started(tmp_path, []).environment["JUPYTER_CONFIG_PATH"]
    assert path.split(os.pathsep)[1:] == [str(tmp_path / "mine")]
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", path)
    disabled = get_page_config([], str(tmp_path))["disabledExtensions"]
    assert {"@jupyterlab/apputils-extension:announcements", "@jupyter/nbgrader"} <= set(disabled)
