"""Docstrings as Sphinx reads them, and the pages that hold them."""

import pytest

from course_lib.editions.chapters import chapters
from course_lib.editions.site.reference import (
    as_restructured_text,
    in_short,
    modules,
    package_pages,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("no |k_m| < 1", r"no \|k_m\| < 1"),
        ("x * y, and `a * b`, ``c | d``", r"x \* y, and `a * b`, ``c | d``"),
        ("the weights phi_, and phi_m", r"the weights phi\_, and phi_m"),
        ("two ``Module``s", r"two ``Module``\ s"),
        (r"escaped \| already", r"escaped \| already"),
    ],
)
def test_signs_of_restructured_text_are_escaped(line, expected):
    assert as_restructured_text([line], []) == [expected]


def test_an_example_stays_as_it_is():
    lines = ["It says::", "", "    a * b | c_", "", "and x * y"]
    assert as_restructured_text(lines, []) == [*lines[:4], r"and x \* y"]


def test_a_notebook_named_becomes_a_link():
    (line,) = as_restructured_text(["eq. 3. Notebook: 03, 99."], chapters())
    assert line == "eq. 3. Notebook: :doc:`03 </notebooks/03_autoregression>`, 99."


def test_every_package_has_a_page_but_those_that_tell_solutions():
    pages = package_pages()
    assert pages.keys() - {"index"} == modules().keys()
    assert ".. automodule:: course_lib.models.linear.ar\n" in pages["course_lib.models.linear"]
    text = "".join(pages.values())
    assert "chapter_03" not in text
    assert "course_lib.cli" not in text
    assert all(f"   {package}\n" in pages["index"] for package in modules())


def test_what_a_parameter_is_stands_below_its_name():
    lines = [
        "Do it : now.",
        "",
        "Parameters",
        "----------",
        "x, y : two | three",
        "    numbers",
        "",
    ]
    lines += ["Returns", "-------", "float", "    a : b"]
    assert as_restructured_text(lines, []) == [
        *lines[:4],
        "x, y",
        r"    two \| three",
        *lines[5:],
    ]


def test_no_docstring_stays_none():
    assert as_restructured_text([], []) == []


def test_a_paragraph_after_the_names_is_no_name():
    lines = ["Parameters", "----------", "order : of it", "", "Chosen by", "hand.", "", "Raises"]
    told = as_restructured_text([*lines, "------", "ValueError"], [])
    assert told[4:10] == ["", "Notes", "-----", "Chosen by", "hand.", ""]


def test_types_in_signatures_are_short():
    long = "(x: ~jaxtyping.Float[ndarray, '*frames order'], y: ~course_lib.audio.clip.Clip = a.b)"
    assert in_short(long) == "(x: Float[ndarray, '*frames order'], y: Clip = a.b)"
