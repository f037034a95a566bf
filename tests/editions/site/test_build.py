"""Building and packing the site; tests/browser/test_site.py shows that the whole is sound."""

import sys
import zipfile

import pytest

from course_lib.editions.site import build
from course_lib.editions.site.build import build_site, check_tools, pack_site


def test_an_older_python_is_told_what_the_site_needs(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    with pytest.raises(
        ModuleNotFoundError, match=r"3\.12 or newer, .* this is Python 3\.11; .*make site"
    ):
        check_tools()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    monkeypatch.setattr(build, "find_spec", lambda name: None if name == "myst_nb" else name)
    with pytest.raises(ModuleNotFoundError, match=r"needs myst_nb; pip install .*\[site\]"):
        check_tools()


def test_what_sphinx_complains_of_stops_the_build(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "check_tools", lambda: None)
    monkeypatch.setattr(build, "write_sources", lambda course, folder, heard: None)
    monkeypatch.setattr(build.zoo, "names", list)
    monkeypatch.setattr(build, "SPHINX", [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(ChildProcessError, match="see above"):
        build_site([], tmp_path / "site")


def test_a_packed_site_unfolds_in_a_folder_of_its_own(tmp_path):
    (tmp_path / "site" / "notebooks").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("home", encoding="utf-8")
    (tmp_path / "site" / "notebooks" / "01.html").write_text("one", encoding="utf-8")
    pack_site(tmp_path / "site", tmp_path / "course.zip")
    with zipfile.ZipFile(tmp_path / "course.zip") as archive:
        assert archive.namelist() == ["course/index.html", "course/notebooks/01.html"]
        assert archive.read("course/index.html") == b"home"


def test_without_a_site_there_is_nothing_to_pack(tmp_path):
    with pytest.raises(FileNotFoundError, match="make site"):
        pack_site(tmp_path, tmp_path / "course.zip")
    assert not (tmp_path / "course.zip").exists()
