"""The files that set the course up agree with one another."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
LOCKED = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
WANTED = [
    Requirement(text)
    for text in [
        *PROJECT["dependencies"],
        *(text for extra in ("dev", "site") for text in PROJECT["optional-dependencies"][extra]),
    ]
]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_every_dependency_is_locked_at_a_version_that_it_allows(wanted: Requirement) -> None:
    pins = [pin for pin in LOCKED if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
    assert pins, f"constraints.txt lacks {wanted.name}; lock again as CONTRIBUTING.md says"
    for pin in pins:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert wanted.specifier.contains(specifier.version)


def test_the_lock_is_the_same_for_every_machine() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert re.search(r"^torch==2\.13\.0$", text, re.MULTILINE)
    for trace in ("+cpu", "+cu", " @ ", "file:", "://", "\\"):
        assert trace not in text


def test_the_conda_environment_installs_this_project_under_the_same_lock() -> None:
    *packages, pip = ENVIRONMENT["dependencies"]
    assert pip == {"pip": ["-c constraints.txt", "-e ."]}
    assert "pip" in packages
    (python,) = [name for name in packages if name.startswith("python=")]
    version = python.removeprefix("python=") + ".0"
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version)
    assert ENVIRONMENT["name"] == PROJECT["name"]


def test_binder_installs_this_project_under_the_same_lock_without_cuda() -> None:
    file = ROOT / ".binder" / "environment.yml"
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    *packages, pip = told["dependencies"]
    assert packages == ENVIRONMENT["dependencies"][:-1]
    index, lock, project = (line.split() for line in pip["pip"])
    assert index[0] == "--extra-index-url"
    assert index[1].endswith("/cpu")
    assert (file.parent / lock[1]).resolve() == ROOT / "constraints.txt"
    assert (file.parent / project[1]).resolve() == ROOT


def test_the_container_for_editors_opens_what_its_command_writes() -> None:
    told = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    install, *commands = told["postCreateCommand"].split(" && ")
    assert install == "pip install --user -c constraints.txt -e ."
    assert commands == ["python -m course_lib prepare", "python -m course_lib student"]
    assert told["containerEnv"]["PIP_EXTRA_INDEX_URL"].endswith("/cpu")
    opened = told["customizations"]["codespaces"]["openFiles"]
    assert opened == ["workspace/README.md", "workspace/00_start_here.ipynb"]
    version = re.search(r"python:1-(3\.\d+)", told["image"])[1]
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version + ".0")


def test_the_image_runs_the_lab_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    steps = [line.partition(" ") for line in text.splitlines() if re.match(r"[A-Z]+ ", line)]
    (run,) = [rest for word, _, rest in steps if word == "RUN"]
    assert run.split("&&")[0].split()[-4:] == ["-c", "constraints.txt", "-e", "."]
    assert "course prepare" in run
    words = [word for word, _, _ in steps]
    assert words.index("USER") < words.index("CMD")
    command = json.loads(steps[words.index("CMD")][2])
    assert command[:2] == ["course", "lab"]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv", "build", "workspace"} <= set(ignored)


def test_the_workflow_for_pages_builds_what_it_publishes() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["build"]["steps"]
    (command,) = [step["run"] for step in steps if "run" in step]
    assert command == "make site PYTHON=python ARGS=--zip"
    places = [step["with"]["path"] for step in steps if "path" in step.get("with", {})]
    assert places == ["build/audio-generation-course.zip", "build/site"]
    assert workflow["jobs"]["publish"]["needs"] == "build"


def test_a_report_of_a_fault_asks_for_what_the_doctor_says() -> None:
    form = ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml"
    fields = {field["id"]: field for field in yaml.safe_load(form.read_text("utf-8"))["body"]}
    assert "course doctor" in fields["doctor"]["attributes"]["description"]
    assert fields["doctor"]["validations"]["required"]


def test_this_python_is_one_that_the_project_supports() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version)


def test_continuous_integration_runs_what_a_contributor_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    systems = {entry["os"].split("-")[0] for entry in job["strategy"]["matrix"]["include"]}
    assert systems == {"ubuntu", "macos", "windows"}
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[-1].startswith("make test")
    pythons = {entry["python"] for entry in job["strategy"]["matrix"]["include"]}
    assert pythons == {"3.11", "3.12", "3.13"}
    for other in ("portable", "wheels"):
        steps = workflow["jobs"][other]["steps"]
        commands = [step["run"] for step in steps if "run" in step]
        assert commands == [f"make test-{other} PYTHON=python"]
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert script[-1] == "exec make test"


@pytest.mark.parametrize(
    "name",
    [
        *("run", "lab", "site", "notebooks", "bench", "format"),
        *("test", "test-portable", "test-wheels", "test-browser"),
    ],
)
def test_make_has_the_target_and_helps_with_it(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{name}:", makefile, re.MULTILINE)
    assert f"make {name}" in makefile


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="other processors have no such kinds"
)
def test_the_kinds_of_processor_are_as_poor_as_they_should_be() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    program = (
        "import torch, numba; print(torch.backends.cpu.get_cpu_capability(), numba.config.CPU_NAME)"
    )
    found = []
    for kind in ("AVX2", "PLAIN"):
        (line,) = re.findall(rf"^{kind} := (.+)$", makefile, re.MULTILINE)
        poorer = os.environ | dict(setting.split("=") for setting in line.split())
        done = subprocess.run([sys.executable, "-c", program], env=poorer, capture_output=True)
        found.append(done.stdout.decode().split())
    assert found == [["AVX2", "haswell"], ["DEFAULT", "x86-64"]]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_notices_a_venv_that_was_made_in_another_folder(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "course_lib" / "core", tmp_path / "course_lib" / "core")
    make = ["make", "--no-print-directory", "-n", f"BIN={Path(sys.executable).parent.as_posix()}"]

    def run(folder: Path, target: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*make, target], cwd=folder, capture_output=True, text=True, check=False
        )

    assert "-m venv" in run(tmp_path, "run").stdout  # nothing is installed yet
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".installed").touch()
    moved = run(tmp_path, "run")
    assert moved.returncode == 2
    assert moved.stderr.count("\n") == 1
    assert "delete it" in moved.stderr
    assert run(tmp_path, "help").returncode == 0
