"""The folder that Sphinx reads."""

import pytest

from course_lib.editions.chapters import chapters
from course_lib.editions.site.sources import glossary, write_sources

ROW = "| A/B/X | A test: x | 03 | 听音 |"


def test_terms_of_the_glossary_are_anchors_and_name_their_chapter_by_a_link():
    told = glossary(
        f"| term | in one sentence | chapter | 中文 |\n|---|---|---|---|\n{ROW}", chapters()
    )
    assert told.splitlines()[-1] == (
        "| [A/B/X]{#term-a-b-x} | A test: x | [03](notebooks/03_autoregression.ipynb) | 听音 |"
    )


def test_only_what_changed_is_written_and_what_is_gone_goes(make_course, tmp_path):
    course = make_course(
        {"01_one": ["x = 1"], "02_two": ["### BEGIN SOLUTION\ny = 2\n### END SOLUTION"]}
    )
    (course[0].path.parent / "GLOSSARY.md").write_text(ROW, encoding="utf-8")
    folder = tmp_path / "sources"
    write_sources(course, folder, {})
    index = (folder / "index.md").read_text(encoding="utf-8")
    assert "[Scratch 01](notebooks/01_one.ipynb), 11 minutes" in index
    assert '"code_prompt_show": "Show the solution"' in (
        folder / "notebooks" / "02_two.ipynb"
    ).read_text(encoding="utf-8")
    one, two = (folder / "notebooks" / chapter.path.name for chapter in course)
    before = one.stat().st_mtime_ns
    write_sources(course[:1], folder, {})
    assert one.stat().st_mtime_ns == before
    assert not two.exists()


@pytest.mark.parametrize("name", ["gru-speech", "diffusion-percussion"])
def test_networks_have_pages(make_course, tmp_path, name):
    course = make_course({"01_one": [f'network = zoo.load("{name}")']})
    (course[0].path.parent / "GLOSSARY.md").write_text(ROW, encoding="utf-8")
    write_sources(course, tmp_path / "sources", {name: "<figure>heard</figure>"})
    page = (tmp_path / "sources" / "networks" / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}\n")
    assert '<div class="cell_output"><figure>heard</figure></div>' in page
    assert "- [Scratch 01](../notebooks/01_one.ipynb)" in page
