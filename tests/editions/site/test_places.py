"""Links to where a chapter runs, once the course has an address."""

import pytest

from course_lib.editions.site import notebooks
from course_lib.editions.site.notebooks import site_notebook
from course_lib.editions.site.places import run_row


def test_a_chapter_names_the_places_that_run_it(make_course):
    [chapter] = make_course({"03_three": ["x = 1"]})
    row = run_row(chapter, "someone/course")
    assert "https://mybinder.org/v2/gh/someone/course/HEAD?labpath=notebooks/03_three.ipynb" in row
    assert "https://codespaces.new/someone/course)" in row
    assert "/github/someone/course/blob/HEAD/notebooks/03_three.ipynb)" in row
    assert '"git+https://github.com/someone/course#subdirectory=data"' in row


def test_without_an_address_there_is_no_row(make_course, monkeypatch):
    [chapter] = make_course({"03_three": ["x = 1"]})
    assert run_row(chapter, "") == ""
    monkeypatch.setattr(notebooks, "REPOSITORY", "")
    before = site_notebook(chapter).cells
    monkeypatch.setattr(notebooks, "REPOSITORY", "someone/course")
    title, row, *others = site_notebook(chapter).cells
    assert [title.source, *(cell.source for cell in others)] == [cell.source for cell in before]
    assert row.source == run_row(chapter, "someone/course")


@pytest.mark.parametrize("bad", ["course", "https://github.com/a/b", "a/b/c", "a b/c"])
def test_an_address_of_another_form_is_refused(make_course, bad):
    [chapter] = make_course({"03_three": ["x = 1"]})
    with pytest.raises(ValueError, match='need a repository as "owner/name"'):
        run_row(chapter, bad)
