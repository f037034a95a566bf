"""The page of stored tables."""

import json

import pytest

from course_lib.corpora.catalogue import data_folder
from course_lib.editions.site.measured import NEEDED, measured_page

ROW = {
    "group": "ar",
    "name": "sorting | fast",
    "ratio": 6.5,
    "goal": 5.0,
    "peer": "peer 1.0",
    "ours": 0.25,
    "theirs": 1625.0,
    "unit": "s",
    "at_most": False,
    "met": True,
    "machine": "A Processor, 1 thread",
    "commit": "4c1752a",
}


def test_the_stored_table_of_quality_names_every_block_and_model():
    page = measured_page(data_folder())
    blocks = json.loads((data_folder() / "quality.json").read_bytes())
    for block in blocks.values():
        assert f"**{block['title']}" in page
        assert all(f" | {result['name']} | " in page for result in block["results"])
    assert page.count("| rank | model |") == len(blocks)


def test_a_row_of_speed_says_what_where_and_of_which_commit(tmp_path):
    size = ROW | {"group": "coding", "at_most": True, "met": False, "commit": None}
    (tmp_path / "benchmarks.json").write_text(json.dumps([ROW, size]), encoding="utf-8")
    page = measured_page(tmp_path)
    row = "| sorting \\| fast | 0.25 s | 1,625 s | 6.50 | {} | peer 1.0 |"
    assert row.format("≥ 5 ✓") in page
    assert row.format("≤ 5 ✗") in page
    assert "### ar\n\nMeasured on A Processor, 1 thread, commit 4c1752a." in page
    assert "### coding\n\nMeasured on A Processor, 1 thread, commit unknown." in page


def test_without_tables_the_page_says_what_writes_them(tmp_path):
    page = measured_page(tmp_path)
    assert "`course bench quality --json data/quality.json` writes one" in page
    assert "`course bench --json data/benchmarks.json` writes one" in page


@pytest.mark.parametrize("lacking", sorted(NEEDED))
def test_a_table_of_an_earlier_form_is_refused(tmp_path, lacking):
    row = {name: value for name, value in ROW.items() if name != lacking}
    (tmp_path / "benchmarks.json").write_text(json.dumps([row]), encoding="utf-8")
    with pytest.raises(ValueError, match=f"need rows with .*{lacking}.*; try course bench --json"):
        measured_page(tmp_path)
