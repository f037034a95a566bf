"""Bits per sample: levels read directly, densities bounded, and only like compared with like."""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.stats

from course_lib.audio import Clip
from course_lib.core import Likelihood
from course_lib.evaluation import BitsPerSample, bits_per_sample, comparison_table, dither
from course_lib.features.quantise import LinearQuantiser, MuLaw


class UniformLevels:
    def level_log_likelihood(self, codes, encoding):
        return Likelihood(-len(codes) * np.log(encoding.levels))


@dataclass
class Independent:
    """Independent samples from a scipy distribution."""

    law: object
    kind: str = "exact"

    def log_likelihood(self, x):
        return Likelihood(float(self.law.logpdf(np.asarray(x)).sum()), self.kind)


class Both(Independent, UniformLevels):
    pass


GAUSS = scipy.stats.norm(scale=0.1)


@pytest.fixture
def clips(rng):
    return [Clip(np.clip(0.1 * rng.standard_normal(n), -1, 1), 8000) for n in (3000, 1, 500)]


def exact_bits(law, clips, encoding):
    """The oracle: a density integrated over each bin by its distribution function."""
    mass = np.diff(law.cdf(encoding.edges()))
    codes = np.concatenate([encoding.encode(clip) for clip in clips])
    return -np.log2(mass[codes]).mean()


@pytest.mark.parametrize("encoding", [MuLaw(256), LinearQuantiser(bits=8)])
def test_uniform_levels_take_eight_bits(clips, encoding):
    score = bits_per_sample(UniformLevels(), clips, encoding)
    assert score.bits == pytest.approx(8.0)
    assert score == BitsPerSample(score.bits, "exact", 3501, encoding.name, 8000)
    assert str(score) == "8.00"


def test_a_density_on_narrow_bins_is_the_integral_over_them(clips, rng):
    encoding = LinearQuantiser(bits=16)
    score = bits_per_sample(Independent(GAUSS), clips, encoding, rng=rng)
    assert score.kind == "lower bound"
    assert score.bits == pytest.approx(exact_bits(GAUSS, clips, encoding), abs=1e-4)
    assert str(score).startswith("≤ ")


def test_a_density_on_wide_bins_is_bounded_from_above(clips, rng):
    """Jensen's inequality must cost something where the density bends inside a bin."""
    encoding = LinearQuantiser(bits=3)
    score = bits_per_sample(Independent(GAUSS), clips, encoding, rng=rng)
    assert score.bits > exact_bits(GAUSS, clips, encoding) + 0.05


def test_a_uniform_density_loses_nothing_to_dither(clips, rng):
    law = scipy.stats.uniform(-1, 2)
    score = bits_per_sample(Independent(law), clips, MuLaw(256), rng=rng)
    assert score.bits == pytest.approx(exact_bits(law, clips, MuLaw(256)), abs=1e-12)


def test_an_estimate_stays_an_estimate(clips, rng):
    score = bits_per_sample(Independent(GAUSS, "estimate"), clips, MuLaw(256), rng=rng)
    assert score.kind == "estimate"
    assert str(score).startswith("≈ ")


def test_levels_are_preferred_to_a_density(clips):
    assert bits_per_sample(Both(GAUSS), clips, MuLaw(256)).kind == "exact"


def test_one_clip_and_a_list_of_it_score_alike(clips):
    one, many = (bits_per_sample(UniformLevels(), c, MuLaw(16)) for c in (clips[0], clips[:1]))
    assert one == many


@pytest.mark.parametrize("encoding", [MuLaw(256), MuLaw(7), LinearQuantiser(bits=4)])
def test_dither_stays_in_its_bin_and_fills_it(encoding, rng):
    codes = np.repeat(np.arange(encoding.levels), 200)
    drawn = dither(codes, encoding, rng=rng)
    np.testing.assert_array_equal(encoding.encode(drawn), codes)
    place = (drawn - encoding.edges()[codes]) / np.exp(encoding.log_width(codes))
    assert scipy.stats.kstest(place, "uniform").pvalue > 1e-3


def test_the_table_names_its_grid(clips, rng):
    scores = {
        "uniform": bits_per_sample(UniformLevels(), clips, MuLaw(256)),
        "Gauss": bits_per_sample(Independent(GAUSS), clips, MuLaw(256), rng=rng),
        "GAN": None,
    }
    table = comparison_table(scores)
    assert table.rows[0] == ("uniform", "8.00")
    assert table.rows[1] == ("Gauss", f"≤ {scores['Gauss'].bits:.2f}")
    assert table.rows[2] == ("GAN", "—")
    assert table.columns == ["model", "bits per sample"]
    assert "8-bit µ-law" in table.caption
    assert "8000 Hz" in table.caption


def test_scores_on_different_grids_do_not_share_a_table(clips):
    eight, four = (bits_per_sample(UniformLevels(), clips, MuLaw(n)) for n in (256, 16))
    with pytest.raises(ValueError, match="one encoding"):
        comparison_table({"a": eight, "b": four})
    fewer = bits_per_sample(UniformLevels(), clips[:1], MuLaw(256))
    with pytest.raises(ValueError, match="same held-out samples"):
        comparison_table({"a": eight, "b": fewer})
    with pytest.raises(ValueError, match=r"got \[\]"):
        comparison_table({"a": None})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((UniformLevels(), [], MuLaw()), ValueError, "one or more clips"),
        ((UniformLevels(), [np.zeros(9)], MuLaw()), TypeError, "need clips, got ndarray"),
        ((object(), [Clip(np.zeros(9), 8000)], MuLaw()), TypeError, "neither"),
        ((Independent(GAUSS), [Clip(np.zeros(9), 8000)], MuLaw()), TypeError, "numpy Generator"),
        (
            (UniformLevels(), [Clip(np.zeros(9), 8000), Clip(np.zeros(9), 16000)], MuLaw()),
            ValueError,
            r"rates \[8000, 16000\]",
        ),
        ((UniformLevels(), [Clip(np.full(9, 1.5), 8000)], MuLaw()), ValueError, r"\[-1, 1\]"),
    ],
)
def test_bad_input_is_explained(arguments, error, message):
    with pytest.raises(error, match=message):
        bits_per_sample(*arguments)


def test_dither_wants_levels(rng):
    with pytest.raises(TypeError, match="whole-number codes"):
        dither(np.zeros(3), MuLaw(), rng=rng)
    with pytest.raises(ValueError, match="codes from 0 to 255"):
        dither(np.array([256]), MuLaw(), rng=rng)
