import numpy as np
import pytest

from course_lib.teaching import table


def test_text_aligns_and_numbers_stand_right() -> None:
    shown = table(
        [["AR(16)", np.float64(6.3), 1000], ["GAN", None, 12]],
        columns=["model", "bits/sample", "seconds"],
        caption="Held out",
    )
    assert repr(shown) == (
        "Held out\n"
        "model   bits/sample  seconds\n"
        "------  -----------  -------\n"
        "AR(16)         6.30    1,000\n"
        "GAN               —       12"
    )


def test_the_page_has_headings_and_a_caption() -> None:
    html = table([["<AR>", 1.0]], ["model", "bits"], "a < b", digits=1)._repr_html_()
    assert "<caption>a &lt; b</caption>" in html
    assert '<th style="text-align:right">bits</th>' in html
    assert '<td style="text-align:left">&lt;AR&gt;</td>' in html
    assert ">1.0</td>" in html
    assert "<caption>" not in table([["a"]], ["b"])._repr_html_()


def test_a_column_of_text_and_numbers_stands_left() -> None:
    assert table([["≤ 3.10"], [4.0]], ["bits"]).right == (False,)
    assert table([[None], [None]], ["bits"]).right == (False,)


def test_no_rows_show_the_headings() -> None:
    assert repr(table([], ["a", "bc"])) == "a  bc\n-  --"


@pytest.mark.parametrize("rows", [[["a"]], [["a", "b", "c"]], ["ab"]])
def test_rows_must_fit_the_columns(rows: list) -> None:
    with pytest.raises(ValueError, match="need 2 cells a row"):
        table(rows, ["x", "y"])


def test_columns_are_needed() -> None:
    with pytest.raises(ValueError, match="at least one column"):
        table([], [])
