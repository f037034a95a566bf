"""Products, activations and draws against numpy in float64."""

import numpy as np
import pytest

from course_lib.kernels import layers


@pytest.mark.parametrize("inputs", [1, 3, 4, 5, 64])
@pytest.mark.parametrize("outputs", [1, 31, 32, 33, 192])
def test_a_packed_product_is_the_product(rng, inputs, outputs):
    weights = rng.standard_normal((3, inputs, outputs)).astype(np.float32)
    packed = layers.pack(weights)
    assert packed.ctypes.data % 64 == 0
    x = layers.aligned(packed.shape[2])
    x[:inputs] = rng.standard_normal(inputs)
    out = np.full((packed.shape[1], layers.PANEL), np.nan, np.float32)
    for matrix, panels in zip(weights, packed, strict=True):
        layers.product(x, panels, out)
        expected = x[:inputs].astype(float) @ matrix.astype(float)
        np.testing.assert_allclose(out.ravel()[:outputs], expected, atol=2e-5)
        assert not out.ravel()[outputs:].any()


def test_half_the_memory_gives_the_same_numbers(rng):
    weights = rng.standard_normal((40, 70)).astype(np.float32)
    weights[0, :8] = 2.0**-24, -(2.0**-24), 6e-5, -1e-6, 0.0, -0.0, 6e4, -6e4
    assert not layers.fits_float16(weights)
    weights = weights.astype(np.float16).astype(np.float32)
    assert layers.fits_float16(weights, weights.T)
    x = layers.aligned(40)
    for x[:] in (rng.standard_normal(40), np.eye(40)[0], 1e-6 * rng.standard_normal(40)):
        results = []
        for half in (False, True):
            packed = layers.pack(weights, half=half)
            assert packed.nbytes == 40 * 96 * (2 if half and layers.HALVES else 4)
            assert packed.ctypes.data % 64 == 0
            out = np.empty((3, layers.PANEL), np.float32)
            layers.product(x, packed, out)
            results.append(out.ravel()[:70])
        np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("odd", [1 / 3, 2.0**-25, 1e6, np.nan])
def test_what_float16_cannot_hold_is_told(odd):
    weights = np.ones((3, 4), np.float32)
    assert layers.fits_float16(weights)
    weights[1, 2] = odd
    assert not layers.fits_float16(np.zeros(3, np.float32), weights)


def test_float16_is_read_only_where_the_processor_can(rng, monkeypatch):
    monkeypatch.setattr(layers, "HALVES", False)
    assert layers.pack(np.ones((4, 32), np.float32), half=True).dtype == np.float32


def test_the_rational_gate_is_a_gate(rng):
    content, gate = np.meshgrid(
        np.r_[np.linspace(-12, 12, 1201), -1e4, 1e4], np.r_[np.linspace(-25, 25, 501), -1e4, 1e4]
    )
    a = np.concatenate([content.ravel(), gate.ravel()]).astype(np.float32)
    bias = rng.standard_normal(len(a)).astype(np.float32)
    z = np.empty(len(a) // 2, np.float32)
    layers.gated(a, bias, z)
    content, gate = np.split((a + bias).astype(float), 2)
    with np.errstate(over="ignore"):
        expected = np.tanh(content) / (1 + np.exp(-gate))
    assert np.abs(z - expected).max() < 1e-6


def test_exponentials_are_exact_to_float32():
    x = np.r_[np.linspace(-86, 0, 20011), -np.log(2) * np.arange(100) / 2].astype(np.float32)
    y = x.copy()
    layers.exponentials(y)
    np.testing.assert_allclose(y, np.exp(x.astype(float)), rtol=4e-6)
    small = x > -2
    np.testing.assert_allclose(y[small], np.exp(x[small].astype(float)), rtol=4e-7)
    far = np.array([-90.0, -1e4, -1e30, -np.inf], np.float32)
    layers.exponentials(far)
    assert not far.any()


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def test_draws_follow_the_softmax(rng):
    logits = rng.standard_normal(300).astype(np.float32) * 4
    for temperature in (0.3, 1.0, 2.0):
        heap = np.cumsum(softmax(logits.astype(float) / temperature))
        for u in rng.random(200):
            level = layers.draw(logits.copy(), temperature, u)
            assert heap[level] > u - 1e-6
            assert level == 0 or heap[level - 1] <= u + 1e-6


def test_draws_at_the_ends():
    logits = np.array([-np.inf, 0.0, 5.0, -200.0], np.float32)
    assert layers.draw(logits.copy(), 1.0, 0.0) == 1
    assert layers.draw(logits.copy(), 1.0, 1 - 1e-16) == 2
    assert layers.draw(logits.copy(), 0.0, 0.0) == 2
    assert layers.draw(logits.copy(), 1e-300, 0.9) == 2
