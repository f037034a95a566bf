"""Blind listening: matched levels, a hidden order, ratings that are kept, and chance."""

import numpy as np
import pytest
import scipy.stats

from course_lib.audio import Clip, noise
from course_lib.core import seeded
from course_lib.teaching import listening
from course_lib.teaching.listening import ANCHOR, REFERENCE, abx, low_pass, matched, rate, ratings


@pytest.fixture
def sounds():
    return {name: noise(0.2, 8000, rms=r, rng=seeded(i))
            for i, (name, r) in enumerate((("loud", 0.2), ("soft", 0.001)))}  # fmt: skip


def test_levels_are_matched_and_nothing_clips(sounds):
    level = matched(sounds)
    np.testing.assert_allclose([clip.rms for clip in level.values()], listening.LEVEL, rtol=1e-4)
    click = Clip(np.eye(1, 4000)[0], 8000)
    level = matched({**sounds, "click": click})
    assert max(clip.peak for clip in level.values()) <= 1
    assert np.ptp([clip.rms for clip in level.values()]) < 1e-6


def test_the_anchor_has_no_treble(sounds):
    dull = low_pass(sounds["loud"])
    power = np.abs(np.fft.rfft(dull.samples)) ** 2
    frequency = np.fft.rfftfreq(len(dull), 1 / 8000)
    assert power[frequency > 2000].sum() < 1e-4 * power[frequency < 1000].sum()


def test_a_sheet_hides_who_is_who(sounds):
    orders = set()
    for seed in range(20):
        made = listening.sheet("a sheet", sounds["loud"], {"soft": sounds["soft"]}, seed=seed)
        assert set(made.names.values()) == {REFERENCE, ANCHOR, "soft"}
        page = made._repr_html_() + repr(made)
        assert not any(name in page for name in (REFERENCE, ANCHOR, "soft"))
        assert page.count("<audio") == 4
        assert "<img" not in page
        orders.add(tuple(made.names.values()))
    assert len(orders) == 6
    again = listening.sheet("a sheet", sounds["loud"], {"soft": sounds["soft"]}, seed=19)
    assert again.names == made.names


def test_ratings_are_kept_and_averaged(sounds, tmp_path):
    for number, score in enumerate((20.0, 40.0, 60.0)):
        made = listening.sheet(
            f"sheet {number}", sounds["loud"], {"soft": sounds["soft"]}, seed=number
        )
        letters = {name: letter for letter, name in made.names.items()}
        scores = {letters[REFERENCE]: 100, letters[ANCHOR]: 10, letters["soft"]: score}
        if number == 0:
            with pytest.raises(ValueError, match="two rated sheets"):
                ratings(folder=tmp_path)
        assert rate(made, scores, folder=tmp_path)["soft"] == score
    rate(made, scores, folder=tmp_path)  # once more: it replaces, and does not count twice
    found = ratings(folder=tmp_path)
    assert list(found) == [REFERENCE, "soft", ANCHOR]
    assert found["soft"].value == pytest.approx(40)
    assert (found["soft"].low, found["soft"].high) == (20, 60)


@pytest.mark.parametrize("scores", [{}, {"A": 1, "B": 2}, {"A": 1, "B": 2, "C": 101},
                                    {"A": -1, "B": 2, "C": 3}])  # fmt: skip
def test_scores_that_will_not_do_are_refused(scores, sounds, tmp_path):
    made = listening.sheet("a sheet", sounds["loud"], {"soft": sounds["soft"]}, seed=0)
    with pytest.raises(ValueError, match="need"):
        rate(made, scores, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_abx_counts_and_tells_chance(sounds):
    test = abx(sounds["loud"], sounds["soft"], trials=10, seed=3)
    assert set(test.secret) == {"A", "B"}
    perfect = test.judge(test.secret)
    assert (perfect.correct, perfect.p_value) == (10, pytest.approx(2**-10))
    wrong = ["B" if which == "A" else "A" for which in test.secret]
    assert test.judge(wrong).p_value == 1
    half = test.judge([*test.secret[:5], *wrong[5:]])
    low = scipy.stats.beta.ppf(0.025, 5, 6)
    assert half.share.low == pytest.approx(low)
    assert test._repr_html_().count("<audio") == 12
    for answers in (["A"] * 9, ["C"] * 10):
        with pytest.raises(ValueError, match="10 answers"):
            test.judge(answers)


def test_what_cannot_be_compared_is_refused(sounds):
    silent = Clip(np.zeros(100, np.float32), 8000)
    with pytest.raises(ValueError, match="is silent"):
        matched({**sounds, "nothing": silent})
    with pytest.raises(ValueError, match="one sample rate"):
        matched({**sounds, "other": noise(0.1, 16_000, rms=0.1, rng=seeded(0))})
    with pytest.raises(ValueError, match="one system or more"):
        listening.sheet("a sheet", sounds["loud"], {}, seed=0)
