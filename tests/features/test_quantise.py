"""Quantisers: their bins tile [-1, 1], and codes survive a round trip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.audio import Clip
from course_lib.core import Encoding
from course_lib.features import LinearQuantiser, MuLaw, mu_law_compress, mu_law_expand

GRIDS = [MuLaw(), MuLaw(16), MuLaw(3), MuLaw(65536), LinearQuantiser(), LinearQuantiser(4)]
amplitudes = arrays(np.float64, st.integers(1, 50), elements=st.floats(-1, 1))


@pytest.fixture(params=GRIDS, ids=lambda grid: grid.name)
def grid(request):
    return request.param


def test_it_is_an_encoding(grid):
    assert isinstance(grid, Encoding)


def test_bins_tile_the_range(grid):
    edges = grid.edges()
    assert edges.shape == (grid.levels + 1,)
    assert edges[0] == -1
    assert edges[-1] == 1
    assert (np.diff(edges) > 0).all()
    assert np.isclose(np.exp(grid.log_width(np.arange(grid.levels))).sum(), 2)


def test_decoded_amplitudes_lie_in_their_bins(grid):
    codes = np.arange(grid.levels)
    amplitude, edges = grid.decode(codes), grid.edges()
    assert ((edges[:-1] <= amplitude) & (amplitude < edges[1:])).all()
    np.testing.assert_array_equal(grid.encode(amplitude), codes)


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.name)
@given(x=amplitudes)
def test_amplitudes_lie_between_the_edges_of_their_code(grid, x):
    codes, edges = grid.encode(x), grid.edges()
    assert ((codes >= 0) & (codes < grid.levels)).all()
    inside = (edges[codes] <= x) & ((x < edges[codes + 1]) | (x == 1))
    assert inside.all()


def test_an_edge_belongs_to_the_bin_above_it(grid):
    np.testing.assert_array_equal(grid.encode(grid.edges()[:-1]), np.arange(grid.levels))
    just_below = np.nextafter(grid.edges()[1:-1], -2)
    np.testing.assert_array_equal(grid.encode(just_below), np.arange(grid.levels - 1))


def test_encoding_follows_the_textbook_formulas(rng):
    x = rng.uniform(-1, 1, 10_000)
    wavenet = np.floor((mu_law_compress(x) + 1) / 2 * 256)
    np.testing.assert_array_equal(MuLaw().encode(x), wavenet)
    pcm = np.minimum(np.floor(x * 32768 + 0.5), 32767) + 32768
    np.testing.assert_array_equal(LinearQuantiser(16).encode(x), pcm)


def test_sixteen_bit_samples_come_back_exactly():
    integers = np.arange(-32768, 32768)
    grid = LinearQuantiser(16)
    codes = grid.encode(Clip((integers / 32768).astype(np.float32), 8000))
    np.testing.assert_array_equal(codes - 32768, integers)
    np.testing.assert_array_equal(grid.decode(codes) * 32768, integers)


def test_shapes_of_codes_are_kept(grid):
    codes = np.array([[0, 1, 2], [2, 1, 0]])
    assert grid.decode(codes).shape == (2, 3)
    np.testing.assert_allclose(grid.log_width(codes)[0], grid.log_width(codes)[1][::-1])


@given(x=amplitudes, mu=st.floats(0.01, 70_000))
def test_expanding_undoes_compressing(x, mu):
    y = mu_law_compress(x, mu)
    assert (np.abs(y) <= 1).all()
    np.testing.assert_allclose(mu_law_expand(y, mu), x, atol=1e-12)


def test_companding_against_librosa(rng):
    import librosa

    x = rng.uniform(-1, 1, 1000)
    np.testing.assert_allclose(
        mu_law_compress(x), librosa.mu_compress(x, mu=255, quantize=False), atol=1e-14
    )
    np.testing.assert_allclose(
        mu_law_expand(x), librosa.mu_expand(x, mu=255, quantize=False), atol=1e-14
    )


def test_silence_and_one_sample(grid):
    assert np.abs(grid.decode(grid.encode(np.zeros(3)))).max() <= 0.5 / grid.levels
    assert grid.encode(np.array([1.0])) == grid.levels - 1
    assert grid.encode(np.array([-1.0])) == 0


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (np.array([]), ValueError, "at least 1 sample"),
        (np.zeros((4, 2)), ValueError, "mono"),
        (np.array([0.0, np.nan]), ValueError, "finite"),
        (np.array([0.0, np.inf]), ValueError, "finite"),
        (np.array([1, 2], np.int16), TypeError, "32768"),
        (np.array([0.0, 1.01]), ValueError, "with_peak"),
        (np.array([-300.0]), ValueError, "within"),
    ],
)
def test_signals_that_will_not_do(grid, x, error, says):
    with pytest.raises(error, match=says):
        grid.encode(x)


def test_codes_that_will_not_do(grid):
    for method in (grid.decode, grid.log_width):
        with pytest.raises(TypeError, match="whole-number codes"):
            method(np.array([0.5]))
        with pytest.raises(ValueError, match=f"0 to {grid.levels - 1}"):
            method(np.array([0, grid.levels]))
        with pytest.raises(ValueError, match="got -1"):
            method(np.array([-1, 0]))
    assert grid.decode(np.array([], np.int64)).shape == (0,)


def test_settings_that_will_not_do():
    for build in (lambda: MuLaw(1), lambda: MuLaw(65537), lambda: LinearQuantiser(1)):
        with pytest.raises(ValueError, match="need"):
            build()
    with pytest.raises(ValueError, match="bits from 2 to 16, got"):
        LinearQuantiser(17)
    with pytest.raises(TypeError):
        LinearQuantiser(8.0)
    with pytest.raises(ValueError, match="mu"):
        mu_law_compress(np.zeros(2), 0)


def test_names():
    assert MuLaw().name == "8-bit µ-law"
    assert MuLaw(100).name == "100-level µ-law"
    assert LinearQuantiser().name == "16-bit linear"


@pytest.mark.parametrize("levels", [2, 5, 256])
def test_mu_law_values_are_the_middles_of_the_compressed_bins(levels):
    grid = MuLaw(levels)
    edges = mu_law_compress(grid.edges(), levels - 1)
    middles = mu_law_compress(grid.values(), levels - 1)
    np.testing.assert_allclose(middles, (edges[1:] + edges[:-1]) / 2, atol=1e-12)


def test_settings_that_came_as_numpys_integers():
    np.testing.assert_array_equal(MuLaw(np.uint8(255)).edges(), MuLaw(255).edges())
    np.testing.assert_array_equal(
        LinearQuantiser(np.uint8(8)).values(), LinearQuantiser(8).values()
    )
    assert MuLaw(np.uint8(200)) == MuLaw(200)
    assert type(MuLaw(np.uint8(200)).levels) is int


@pytest.mark.parametrize("x", [[0.0, np.nextafter(1.0, 2)], [-1.00001, 0.5]])
def test_samples_that_are_barely_too_loud_are_told_so(x):
    with pytest.raises(ValueError, match=r"got (0 to 1\.0000000000000002|-1\.00001 to 0\.5);"):
        MuLaw().encode(np.array(x))
