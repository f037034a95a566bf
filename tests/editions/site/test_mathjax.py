"""The MathJax beside the pages."""

import pytest

from course_lib.editions.site import mathjax
from course_lib.editions.site.mathjax import FONTS, SCRIPT, copy_mathjax


def test_the_script_and_its_fonts_are_copied_and_nothing_else(monkeypatch, tmp_path):
    package = tmp_path / "package"
    source = package / "static" / "mathjax" / "es5"
    (source / FONTS).mkdir(parents=True)
    for name in (SCRIPT, "tex-svg.js", f"{FONTS}/main.woff", f"{FONTS}/notes.txt"):
        (source / name).write_text(name, encoding="utf-8")

    class Found:
        submodule_search_locations = (str(package),)

    monkeypatch.setattr(mathjax, "find_spec", lambda name: Found)
    copy_mathjax(tmp_path / "site")
    copied = {p.relative_to(tmp_path / "site").as_posix() for p in (tmp_path / "site").rglob("*.*")}
    assert copied == {SCRIPT, f"{FONTS}/main.woff"}


def test_without_the_package_that_carries_it_the_way_to_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(mathjax, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install .*\[site\]"):
        copy_mathjax(tmp_path)
