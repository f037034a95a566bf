"""An installed copy works: both wheels, in an environment that does not know of the checkout.

What takes less than a minute runs with all tests; `make test-wheels` runs the rest, too.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_path
from packaging.licenses import canonicalize_license_expression

from course_lib.audio import read
from course_lib.editions.chapters import chapters

ROOT = Path(__file__).resolve().parents[1]
CODE, DATA = "audio_generation_course", "audio_generation_course_data"
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text.md", "course_lib", "notebooks")
NOTHING_ELSE = ("PYTHONPATH", "COURSE_DATA", "VIRTUAL_ENV")
BIN = "Scripts" if os.name == "nt" else "bin"


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, built from a copy, so that nothing is left in the checkout or comes of it."""
    folder = tmp_path_factory.mktemp("wheels")
    ours, built = folder / "course", folder / "dist"
    rubbish = shutil.ignore_patterns("__pycache__", "*.egg-info", ".ipynb_checkpoints")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, ours / name, ignore=rubbish)
        else:
            ours.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, ours / name)
    shutil.copytree(ROOT / "data", ours / "data", ignore=rubbish)
    pip(
        "wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", built, ours, ours / "data"
    )
    return {path.name.split("-")[0]: path for path in built.iterdir()}


class Environment:
    """A fresh environment with some wheels, the dependencies of this one, and an empty folder."""

    def __init__(self, folder: Path, *wheels: Path) -> None:
        self.venv, self.here = folder / "venv", folder / "here"
        self.here.mkdir()
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.venv], check=True)
        self.python = self.venv / BIN / "python"
        pip("--python", self.python, "install", "--no-deps", "--no-index", *wheels)
        # A path in a .pth file is searched, but .pth files there are not read: not the one that
        # an editable install of the checkout leaves.
        others = [path for path in sys.path if Path(path).name.endswith("-packages")]
        purelib = next(path for path in self.venv.rglob("site-packages"))
        (purelib / "dependencies.pth").write_text("\n".join(others), encoding="utf-8")

    def run(self, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's Python in the empty folder."""
        kept = {name: value for name, value in os.environ.items() if name not in NOTHING_ELSE}
        kept["JUPYTER_PATH"] = os.pathsep.join(jupyter_path())  # templates of the dependencies
        return subprocess.run(
            [str(self.python), *map(str, arguments)],
            cwd=self.here,
            env=kept | {"PYTHONUTF8": "1"} | variables,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def course(self, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "course_lib", *arguments, **variables)

    def files(self) -> dict[Path, float]:
        """Return when each installed file was changed; what Python and numba compile aside."""
        installed = (path for path in self.venv.rglob("*") if path.is_file())
        return {path: path.stat().st_mtime for path in installed if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("both"), wheels[CODE], wheels[DATA])


@pytest.fixture(scope="module")
def without_data(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("code"), wheels[CODE])


# -------------------------------------------------------------------------- what is inside


def inside(wheel: Path) -> set[str]:
    """Return the files in a wheel, what says how to install it aside."""
    names = zipfile.ZipFile(wheel).namelist()
    return {name for name in names if ".dist-info/" not in name}


def test_the_code_and_the_notebooks_are_in_one_wheel(wheels: dict[str, Path]) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "course_lib").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = inside(wheels[CODE])
    beside = {name for name in found if not name.startswith("course_lib/")}
    assert found - beside == wanted
    notebooks = {chapter.path.name for chapter in chapters()}
    assert {Path(name).name for name in beside if name.endswith(".ipynb")} == notebooks
    assert wheels[CODE].stat().st_size < 12e6


def test_recordings_and_weights_are_in_the_other(wheels: dict[str, Path]) -> None:
    with (ROOT / "data" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        recordings = {row["path"] for row in csv.DictReader(file)}
    zoo = {path.relative_to(ROOT / "data") for path in (ROOT / "data" / "zoo").glob("*/*.*")}
    wanted = recordings | {path.as_posix() for path in zoo}
    wanted |= {"__init__.py", "README.md", "manifest.csv"}
    wanted |= {path.name for path in (ROOT / "data").glob("*.json")}
    assert inside(wheels[DATA]) == {f"{DATA}/{name}" for name in wanted}
    assert wheels[DATA].stat().st_size < 62e6


def test_the_data_name_every_licence_under_which_they_come() -> None:
    code, data = (
        tomllib.loads((ROOT / name).read_text(encoding="utf-8"))["project"]
        for name in ("pyproject.toml", "data/pyproject.toml")
    )
    assert data["version"] == code["version"]
    assert canonicalize_license_expression(data["license"]) == data["license"]
    with (ROOT / "data" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        used = {row["licence"] for row in csv.DictReader(file)}
    cards = (ROOT / "data" / "zoo").glob("*/card.json")
    used |= {json.loads(card.read_text(encoding="utf-8"))["licence"] for card in cards}
    named = {name.removeprefix("LicenseRef-") for name in data["license"].split(" AND ")}
    assert used == named


# -------------------------------------------------------------------------- what it does


def test_it_is_the_installed_copy_that_is_imported(installed: Environment) -> None:
    program = "import course_lib, audio_generation_course_data as data; print(course_lib.__file__)"
    done = installed.run("-c", f"{program}; print(data.__file__)")
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        assert Path(line).is_relative_to(installed.venv)


def test_the_ten_lines_of_the_readme_and_a_sentence(installed: Environment) -> None:
    before = installed.files()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    program = re.findall(r"^```python\n(.+?)^```$", readme, re.MULTILINE | re.DOTALL)[0]
    done = installed.run("-c", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("AR(order 16, stable")
    assert read(installed.here / "noise_with_a_voice.wav").duration == 3.0
    done = installed.course("say", "7", "-o", "seven.wav")
    assert (done.returncode, done.stderr) == (0, "")
    assert read(installed.here / "seven.wav").rms > 0.01
    assert installed.files() == before


def test_its_notebooks_are_listed(installed: Environment) -> None:
    done = installed.course("list")
    assert [line[:2] for line in done.stdout.splitlines()] == [c.number for c in chapters()]


@pytest.mark.slow
def test_its_notebooks_are_copied(installed: Environment) -> None:
    done = installed.course("student", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((installed.here / "mine").glob("*.ipynb"))) == len(chapters())


@pytest.mark.parametrize(
    "number",
    [
        "01",  # the quickest of the course: in a fresh environment all loops are compiled first
        pytest.param("03", marks=pytest.mark.slow),
    ],
)
def test_a_notebook_runs_and_its_page_lies_in_the_current_folder(
    installed: Environment, number: str
) -> None:
    before = installed.files()
    done = installed.course("run", number)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"claims held: [1-9]", done.stdout)
    (page,) = (installed.here / "build" / "html").glob(f"{number}_*.html")
    assert page.stat().st_size > 100_000
    assert installed.files() == before


@pytest.mark.slow
def test_its_notebooks_are_not_written_to(installed: Environment) -> None:
    done = installed.course("run", "01", "--in-place")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot store outputs in the notebooks of an installed copy" in done.stderr


# -------------------------------------------------------------------------- where data come from


def test_with_no_data_one_line_names_all_three_places(without_data: Environment) -> None:
    done = without_data.course("say", "7", "-o", "seven.wav")
    assert (done.returncode, done.stdout) == (2, "")
    for place in ("COURSE_DATA", "checkout", "pip install audio-generation-course-data"):
        assert place in done.stderr
    assert done.stderr.count("\n") == 1


def test_course_data_comes_before_the_installed_package(
    installed: Environment, without_data: Environment
) -> None:
    program = "from course_lib import corpora; print(corpora.catalogue()[0].path.resolve())"
    for environment in (installed, without_data):
        done = environment.run("-c", program, COURSE_DATA=str(ROOT / "data"))
        assert Path(done.stdout.strip()).is_relative_to(ROOT / "data"), done.stderr
    done = installed.run("-c", program)
    assert Path(done.stdout.strip()).is_relative_to(installed.venv.resolve()), done.stderr
    done = installed.run("-c", program, COURSE_DATA="nowhere")
    assert done.returncode == 1
    assert "COURSE_DATA names nowhere, where there is no manifest.csv" in done.stderr
