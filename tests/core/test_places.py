"""A checkout is known as one; what is installed is found by what the installer wrote down."""

from importlib import metadata
from pathlib import Path

import pytest

from course_lib.core import places

ROOT = Path(__file__).resolve().parents[2]


def test_these_tests_run_from_a_checkout() -> None:
    assert places.checkout() == ROOT


def test_a_package_without_a_project_around_it_is_an_installed_copy(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "course_lib"
    assert places.checkout(package) is None
    package.parent.mkdir()
    (package.parent / "pyproject.toml").touch()
    assert places.checkout(package) == package.parent


def test_the_data_package_is_found_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "DATA_DISTRIBUTION", "a-package-of-this-test")
    assert places.installed_data() is None
    package = tmp_path / "a_package_of_this_test"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert places.installed_data() == package.resolve()


def test_the_notebooks_are_found_wherever_the_installer_put_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "lib" / "site-packages"
    about = site / "a_course-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Name: a-course\nVersion: 1.0\n", encoding="utf-8")
    (about / "RECORD").write_text("course_lib/editions/notebooks.py,,\n", encoding="utf-8")
    monkeypatch.setattr(places, "DISTRIBUTION", "a-course")
    assert places.installed_notebooks() is None  # not installed
    monkeypatch.syspath_prepend(str(site))
    assert places.installed_notebooks() is None  # installed without them
    with (about / "RECORD").open("a", encoding="utf-8") as record:
        record.write("../../share/course/notebooks/GLOSSARY.md,,\n")
        record.write("../../share/course/notebooks/03_b.ipynb,,\n")
    expected = (tmp_path / "share" / "course" / "notebooks").resolve()
    assert places.installed_notebooks() == expected
    assert metadata.version("a-course") == "1.0"
