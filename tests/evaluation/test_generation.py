"""Distances and overlaps: closed forms, scipy's root, brute force, and what the yardsticks do."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip
from course_lib.evaluation.generation import (
    NOISE,
    REAL,
    Hits,
    compare_generators,
    generation_table,
    principal,
    recognition,
    shuffled_noise,
)
from course_lib.evaluation.sets import copy_share, frechet_distance, nearest, overlap


def exact(mean, covariance, count=40, *, rng):
    """Rows whose sample mean and covariance are exactly these."""
    x = rng.standard_normal((count, len(mean)))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return x @ np.linalg.cholesky(covariance).T + mean


def covariance(dims, rng):
    factor = rng.standard_normal((dims, dims))
    return factor @ factor.T + 0.1 * np.eye(dims)


# ------------------------------------------------------------- Frechet


def test_frechet_of_gaussians_with_diagonal_covariances(rng):
    a = exact(np.array([1.0, 2.0]), np.diag([4.0, 9.0]), rng=rng)
    b = exact(np.array([0.0, 4.0]), np.diag([1.0, 25.0]), rng=rng)
    # |m|^2 + sum of squared differences of standard deviations
    assert frechet_distance(a, b) == pytest.approx(1 + 4 + (2 - 1) ** 2 + (3 - 5) ** 2, rel=1e-10)


def test_frechet_agrees_with_the_matrix_root_of_scipy(rng):
    m, n = rng.standard_normal((2, 5))
    c, d = covariance(5, rng), covariance(5, rng)
    found = frechet_distance(exact(m, c, rng=rng), exact(n, d, 50, rng=rng))
    root = scipy.linalg.sqrtm(c @ d)
    expected = np.sum((m - n) ** 2) + np.trace(c + d - 2 * root.real)
    assert found == pytest.approx(expected, rel=1e-9)


def test_frechet_of_a_set_and_itself_is_zero_even_where_the_root_is_singular(rng):
    few = rng.standard_normal((6, 40))  # a covariance of rank 5
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-10)
    moved = few + np.full(40, 0.5)
    assert frechet_distance(few, moved) == pytest.approx(40 * 0.25, rel=1e-10)


@given(st.integers(2, 12), st.integers(2, 12), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_frechet_is_symmetric_never_negative_and_blind_to_rotation(count, other, dims, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((count, dims)), 3 * rng.standard_normal((other, dims))
    distance = frechet_distance(a, b)
    assert distance >= 0
    assert frechet_distance(b, a) == pytest.approx(distance, rel=1e-9, abs=1e-9)
    turn = np.linalg.qr(rng.standard_normal((dims, dims)))[0]
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(distance, rel=1e-9, abs=1e-9)


def test_frechet_of_small_samples_of_one_gaussian_is_biased_upwards(rng):
    def mean_distance(count):
        pairs = rng.standard_normal((50, 2, count, 8))
        return np.mean([frechet_distance(a, b) for a, b in pairs])

    few, many = mean_distance(20), mean_distance(200)
    assert few > 5 * many > 0.1


# ------------------------------------------------------------- overlap


def brute_overlap(real, fake, k):
    def radius(points, i):
        return sorted(np.linalg.norm(points - points[i], axis=1))[k]  # the 0th is itself

    def inside(x, points, i):
        return np.linalg.norm(x - points[i]) <= radius(points, i)

    r, f = range(len(real)), range(len(fake))
    precision = np.mean([any(inside(fake[j], real, i) for i in r) for j in f])
    recall = np.mean([any(inside(real[i], fake, j) for j in f) for i in r])
    density = sum(inside(fake[j], real, i) for i in r for j in f) / (k * len(fake))
    coverage = np.mean([any(inside(fake[j], real, i) for j in f) for i in r])
    return precision, recall, density, coverage


@given(
    st.integers(5, 12),
    st.integers(5, 12),
    st.integers(1, 4),
    st.floats(0, 3),
    st.integers(0, 2**32 - 1),
)
def test_overlap_agrees_with_brute_force(count, other, k, shift, seed):
    rng = np.random.default_rng(seed)
    real, fake = rng.standard_normal((count, 3)), rng.standard_normal((other, 3)) + shift
    assert overlap(real, fake, neighbours=k) == pytest.approx(brute_overlap(real, fake, k))


def test_overlap_of_equal_and_of_far_sets(rng):
    x = rng.standard_normal((30, 4))
    same = overlap(x, x)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    assert same.density == pytest.approx(4 / 3)  # three neighbours and itself in every ball
    assert overlap(x, x + 100) == (0, 0, 0, 0)


def test_a_generator_that_makes_one_sound_is_precise_but_covers_little(rng):
    real = rng.standard_normal((60, 2))
    one = real[0] + 1e-6 * rng.standard_normal((60, 2))
    found = overlap(real, one)
    assert found.precision == 1
    assert found.recall < 0.05
    assert found.coverage < 0.2


# ------------------------------------------------------------- copies


def test_nearest_agrees_with_a_loop(rng):
    reference, features = rng.standard_normal((20, 5)), rng.standard_normal((7, 5))
    found = nearest(reference, features)
    for i, row in enumerate(features):
        distances = [np.linalg.norm(row - other) for other in reference]
        assert found.indices[i] == np.argmin(distances)
        assert found.distances[i] == pytest.approx(min(distances))


def test_copies_are_all_found_and_nothing_else_is(rng):
    training, unheard = rng.standard_normal((2, 50, 8))
    assert copy_share(training, training) == 1
    assert copy_share(training, training + 1e-3) == 1
    assert copy_share(training, unheard) == 0
    mixed = np.concatenate([training[:10], unheard[:30]])
    assert copy_share(training, mixed) == 0.25


def test_the_threshold_is_a_share_of_the_usual_distance_between_neighbours():
    training = np.array([[0.0], [1.0], [2.0], [3.0], [3.01]])  # two are nearly the same
    offsets = np.array([[2.0 - 0.4], [2.0 + 0.4], [-0.6], [-0.2]])
    assert copy_share(training, offsets, closeness=0.5) == 0.75
    assert copy_share(training, offsets, closeness=0.3) == 0.25


def test_doubles_in_the_training_set_are_refused():
    with pytest.raises(ValueError, match="doubles"):
        copy_share(np.zeros((5, 2)), np.ones((3, 2)))


# ------------------------------------------------------------- sounds


def hit(frequency, rng, decay=20.0, length=800):
    time = np.arange(length) / 8000
    x = np.exp(-decay * time) * np.sin(2 * np.pi * frequency * time + rng.uniform(0, 6))
    return Clip(0.5 * x + 0.01 * rng.standard_normal(length), 8000)


def spectrum(clips):
    """A few features of a sound, enough to tell hits from noise."""
    rows = [np.abs(np.fft.rfft(clip.samples[:800])) for clip in clips]
    return np.log(1e-2 + np.array(rows)[:, :400].reshape(len(rows), 40, 10).sum(axis=2))


def hits(count, rng):
    frequencies = {"low": 200.0, "high": 1500.0}
    labels = [name for name in frequencies for _ in range(count)]
    clips = [hit(frequencies[name] * rng.uniform(0.8, 1.25), rng) for name in labels]
    return Hits(clips, labels)


def test_shuffled_noise_keeps_the_samples_and_loses_their_order(rng):
    clips = [hit(300, rng), hit(500, rng)]
    for clip, noise in zip(clips, shuffled_noise(clips, rng), strict=True):
        assert noise.sample_rate == clip.sample_rate
        assert not np.array_equal(noise.samples, clip.samples)
        assert np.array_equal(np.sort(noise.samples), np.sort(clip.samples))
        power = np.abs(np.fft.rfft(noise.samples)) ** 2
        assert power[:200].sum() == pytest.approx(power[200:].sum(), rel=0.5)  # white


class Ear:
    """A classifier that hears what the clip's length says."""

    names = ("a", "b", "c")

    def classify(self, clips):
        return [self.names[len(clip) - 1] for clip in clips]


def test_recognition_counts_what_is_heard_as_what():
    clips = [Clip(np.zeros(length), 8000) for length in (1, 1, 2, 1, 3)]
    found = recognition(Ear(), clips, ["a", "a", "b", "b", "b"])
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.classes == ("a", "b", "c")
    assert found.confusion.tolist() == [[2, 0, 0], [1, 1, 1], [0, 0, 0]]


def test_principal_components_are_those_of_the_covariance(rng):
    x = rng.standard_normal((100, 5)) * [5, 3, 1, 0.1, 0.1]
    project = principal(x, 2)
    y = project(x)
    values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
    expected = np.diag(values[:2] / values.sum())
    assert np.cov(y.T) == pytest.approx(expected, abs=1e-12)
    assert y.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert project(x[3:4]) == pytest.approx(y[3:4])


def test_a_good_generator_stands_beside_the_real_hits_and_noise_far_away(rng):
    held_out, training = hits(20, rng), hits(30, rng)
    generated = {"good": hits(25, rng), "copies": Hits(training.clips, training.labels)}
    found = compare_generators(
        held_out, training, generated, {"spectrum": spectrum}, rng=rng, dims=4, draws=5
    )["spectrum"]
    assert list(found) == ["good", "copies", REAL, NOISE]
    assert {score.sounds for score in found.values()} == {40}
    assert found["good"].frechet < 0.2 * found[NOISE].frechet
    assert found["good"].frechet < 2 * found[REAL].frechet
    assert found["good"].overlap.coverage > 0.8
    assert found[NOISE].overlap.coverage < 0.1
    assert found["copies"].frechet == pytest.approx(found[REAL].frechet, rel=0.5)


def test_only_the_mixture_that_all_sets_have_is_compared(rng):
    held_out = hits(10, rng)
    low = [i for i, label in enumerate(held_out.labels) if label == "low"]
    one_sided = Hits(
        [*held_out.clips, *(held_out.clips[i] for i in low)], [*held_out.labels, *["low"] * 10]
    )
    for real, training in ((held_out, one_sided), (one_sided, held_out)):
        found = compare_generators(
            real, training, {}, {"spectrum": spectrum}, rng=rng, dims=3, draws=3
        )["spectrum"]
        assert found[REAL].sounds == 20
        assert found[REAL].frechet < 0.05  # far off if low ones came twice as often on one side


def test_the_same_seed_gives_the_same_scores_and_every_embedding_its_rows(rng):
    held_out, training = hits(6, rng), hits(8, rng)
    embeddings = {"one": spectrum, "two": lambda clips: spectrum(clips)[:, :20]}
    one, again = (
        compare_generators(
            held_out, training, {}, embeddings, rng=np.random.default_rng(5), dims=3, draws=2
        )
        for _ in range(2)
    )
    assert one == again
    table = generation_table(one)
    assert table.columns[:3] == ["features", "sounds", "Fréchet"]
    assert [row[:2] for row in table.rows] == [
        (name, sounds) for name in ("one", "two") for sounds in (REAL, NOISE)
    ]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert "12 held-out hits" in table.caption


# ------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("features", "error", "told"),
    [
        (np.zeros(5), ValueError, "shape"),
        (np.zeros((0, 3)), ValueError, r"got shape \(0, 3\)"),
        (np.zeros((5, 0)), ValueError, "shape"),
        (np.zeros((5, 4)), ValueError, "width"),
        (np.zeros((5, 3), int), TypeError, "floating"),
        (np.full((5, 3), np.nan), ValueError, "finite"),
        (np.full((5, 3), np.inf), ValueError, "finite"),
    ],
)
@pytest.mark.parametrize("function", [frechet_distance, overlap, nearest, copy_share])
def test_bad_features_are_named(function, features, error, told, rng):
    with pytest.raises(error, match=told):
        function(rng.standard_normal((5, 3)), features)


def test_too_few_sounds_and_bad_settings_are_named(rng):
    x = rng.standard_normal((3, 2))
    with pytest.raises(ValueError, match="2 sounds or more, got 1"):
        frechet_distance(x, x[:1])
    with pytest.raises(ValueError, match="4 sounds or more, got 3"):
        overlap(x, x)
    with pytest.raises(ValueError, match="neighbours"):
        overlap(x, x, neighbours=0)
    with pytest.raises(ValueError, match="closeness"):
        copy_share(x, x, closeness=0)
    with pytest.raises(ValueError, match="2 sounds or more"):
        copy_share(x[:1], x)
    with pytest.raises(ValueError, match="at most"):
        principal(rng.standard_normal((9, 2)), 3)
    with pytest.raises(ValueError, match="4 sounds or more"):
        principal(x, 3)
    with pytest.raises(ValueError, match="differ"):
        principal(np.ones((5, 3)), 2)


def test_bad_sounds_are_named(rng):
    good = hits(4, rng)
    with pytest.raises(TypeError, match="Clip"):
        shuffled_noise([np.zeros(5)], rng)
    with pytest.raises(TypeError, match="Generator"):
        shuffled_noise(good.clips, 1)
    with pytest.raises(ValueError, match="a label for each"):
        recognition(Ear(), good.clips, ["a"])
    with pytest.raises(ValueError, match="one or more"):
        recognition(Ear(), [], [])

    def compare(held_out=good, training=good, generated=None, **settings):
        settings = {"dims": 2, "draws": 1, **settings}
        return compare_generators(
            held_out, training, generated or {}, {"s": spectrum}, rng=rng, **settings
        )

    with pytest.raises(ValueError, match="need hits of the same classes"):
        compare(generated={"g": Hits(good.clips[:4], good.labels[:4])})
    with pytest.raises(ValueError, match="called neither"):
        compare(generated={NOISE: good})
    with pytest.raises(ValueError, match="label for each"):
        compare(held_out=Hits(good.clips, good.labels[:2]))
    with pytest.raises(ValueError, match="draws"):
        compare(draws=0)
    with pytest.raises(ValueError, match="9 sounds or more, got 8"):
        compare(dims=8)
    with pytest.raises(ValueError, match="at least one score"):
        generation_table({"s": {}})
