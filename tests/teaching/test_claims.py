import numpy as np
import pytest

from course_lib.teaching import ClaimError, claim


@pytest.mark.parametrize("truth", [True, np.True_, np.float64(1.0) < 2])
def test_a_claim_that_holds_prints_its_sentence(
    truth: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    claim("one is less than two", truth, measured=1.23)
    assert capsys.readouterr().out == "✓ one is less than two\n"


def test_a_claim_that_fails_raises_with_what_was_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ClaimError, match=r"bits is below 5 \(measured: 6\.25\)"):
        claim("bits is below 5", np.float64(6.25) < 5, measured=6.25)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("not_a_truth", [1, 0.0, None, "yes", np.array([True]), [True]])
def test_a_claim_needs_one_boolean(not_a_truth: object) -> None:
    with pytest.raises(TypeError, match="one True or False"):
        claim("something", not_a_truth)  # type: ignore[arg-type]


@pytest.mark.parametrize("sentence", ["", "  ", "two\nlines"])
def test_a_claim_needs_one_line(sentence: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        claim(sentence, True)
