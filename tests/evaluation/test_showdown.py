"""One row a model: what is measured, what is left open, and that a table repeats."""

import json
import time

import numpy as np
import pytest

from course_lib.audio import Clip, noise
from course_lib.core import seeded
from course_lib.evaluation.intervals import Interval
from course_lib.evaluation.likelihood import bits_per_sample
from course_lib.evaluation.showdown import (
    Contestant,
    Result,
    as_json,
    from_json,
    judge,
    neighbours,
    score_clips,
    showdown_table,
    spectral_distance,
    texture,
)
from course_lib.features import MuLaw
from course_lib.models.linear import AR, AdaptiveAR


@pytest.fixture(scope="module")
def clips():
    """Sixteen short noises through one resonance, each as loud as it likes."""
    model = AR(np.array([1.6, -0.9]), 0.01**2)
    return [Clip(x.clip(-1, 1), 8000) for x in model.sample(2400, count=16, rng=seeded(1))]


def contestant(model, rate=8000, name="a model"):
    def draw(i):
        return Clip(model.sample(2400, rng=seeded(i))[0].clip(-1, 1), rate)

    return Contestant(name, lambda _: model, draw, 2, "here")


def test_a_row_holds_what_the_parts_measure(clips):
    model = AdaptiveAR()
    found = judge(contestant(model), clips[:3], MuLaw(), training=clips, draws=3)
    expected = [bits_per_sample(model, clip, MuLaw()).bits * 2400 for clip in clips[:3]]
    np.testing.assert_allclose(found.bits, expected)
    assert found.kind == "exact"
    assert found.seconds > 0


def test_the_weakest_kind_is_told(clips):
    models = [AdaptiveAR(), AR(np.array([1.6, -0.9]), 0.01**2)]
    assert score_clips(lambda i: models[i % 2], clips[:2], MuLaw())[1] == "lower bound"


def test_what_a_model_cannot_do_is_left_open(clips):
    mute = Contestant("mute", lambda _: AdaptiveAR(), None, 0)
    scoreless = contestant(AdaptiveAR(), name="scoreless")
    scoreless = Contestant("scoreless", None, scoreless.draw, 5, "1 s", "the class")
    results = [
        judge(each, clips[:3], MuLaw(), training=clips, draws=2) for each in (mute, scoreless)
    ]
    assert results[0].spectral is results[0].seconds is results[1].bits is None
    rows, columns, caption = showdown_table(results, [2400] * 3, grid="a grid")
    assert [row[0] for row in rows] == ["1", "—"]
    assert rows[1][columns.index("bits per sample")] == "—"
    assert rows[0][columns.index("Fréchet")] == "—"
    assert "3 held-out clips" in caption
    with pytest.raises(ValueError, match="at least one model with a score"):
        showdown_table(results[1:], [2400] * 3, grid="a grid")


def test_the_model_that_made_the_sound_is_nearest(clips):
    """Its spectrum is the clips' own; that of white noise is far from it."""
    own = AR(np.array([1.6, -0.9]), 0.01**2)
    white = AR(np.zeros(0), 0.05**2)
    near, far = (
        judge(contestant(m), clips, MuLaw(), training=clips, draws=16) for m in (own, white)
    )
    assert near.spectral.high < far.spectral.low
    assert near.frechet < 0.2 * far.frechet


def test_loudness_is_not_judged():
    sounds = [noise(0.3, 8000, rms=0.05, rng=seeded(i)) for i in range(4)]
    louder = [clip.with_samples(4 * clip.samples) for clip in sounds]
    assert spectral_distance(sounds, louder).value < 0.01
    with pytest.raises(ValueError, match="two sounds or more"):
        spectral_distance(sounds[:1], louder)


def test_texture_tells_steady_from_changing():
    tone = Clip(0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000), 8000)
    beating = tone.with_samples(tone.samples * (np.arange(len(tone)) // 400 % 2))
    steady, changing = texture(tone), texture(beating)
    assert steady.shape == (96,)
    assert changing[24:48].mean() > 2 * steady[24:48].mean()


def made(name, bits):
    return Result(name, bits, "exact", Interval(1.0, 0.5, 1.5), 2.0, 0.1, 7, "here", "nothing")


def test_rows_are_sorted_and_neighbours_compared():
    results = [made("worst", (90.0, 99.0)), made("best", (10.0, 11.0)), made("same", (11.0, 10.0))]
    rows, _, _ = showdown_table(results, [10, 10], grid="a grid")
    assert [row[1] for row in rows] == ["best", "same", "worst"]
    assert [row[0] for row in rows] == ["1", "1", "3"]
    (a, b, close), (_, c, far) = neighbours(results, [10, 10])
    assert (a, b, c) == ("best", "same", "worst")
    assert not close.parts
    assert far.parts
    assert showdown_table(results, [10, 10], grid="a grid").rows == rows  # it repeats


def test_results_come_back_from_json():
    results = [made("a", (1.0, 2.0)), made("b", None)._replace(spectral=None)]
    assert from_json(json.loads(json.dumps(as_json(results)))) == results
    with pytest.raises(ValueError, match="need the names"):
        from_json([{"name": "a"}])


def test_the_first_drawing_is_not_timed(clips):
    """It may compile a loop, or fit the model."""

    def draw(i):
        end = time.process_time() + (0.5 if i == 0 else 0)
        while time.process_time() < end:
            pass
        return clips[i]

    slow = Contestant("slow at first", None, draw, 0, "here")
    found = judge(slow, clips[:2], MuLaw(), training=clips, draws=3)
    assert found.seconds * sum(clip.duration for clip in clips[1:3]) < 0.25
    with pytest.raises(ValueError, match="draws"):
        judge(slow, clips[:2], MuLaw(), training=clips, draws=1)
