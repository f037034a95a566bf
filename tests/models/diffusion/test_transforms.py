"""What a network sees of a sound, and how to come back."""

import numpy as np
import pytest
import torch

from course_lib.features.mdct import mdct
from course_lib.models.diffusion.transforms import CompressedMDCT, Waveform

LENGTH, SCALE, SOFTNESS = 256, 0.6, 0.01
KINDS = {
    "waveform": lambda length: Waveform(SCALE),
    "table": lambda length: CompressedMDCT(length, bands=8, scale=SCALE, softness=SOFTNESS),
}


def sounds(*shape, size=0.1):
    return np.random.default_rng(1).normal(0, size, shape)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1e-4, 0.1, 1.0])
def test_what_is_seen_can_be_heard_again(kind, size):
    seen = KINDS[kind](LENGTH)
    x = torch.from_numpy(sounds(3, LENGTH, size=size))
    np.testing.assert_allclose(seen.inverse(seen(x)), x, atol=1e-5 * size)
    z = torch.from_numpy(sounds(*seen(x).shape, size=1.0))
    np.testing.assert_allclose(seen(seen.inverse(z)), z, atol=1e-5)
    assert not seen(torch.zeros(2, LENGTH)).any()
    assert seen.keeps_white_noise == (kind == "waveform")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0.001, 0.1])
def test_the_jacobian_is_the_logarithm_of_a_determinant(kind, size):
    seen = KINDS[kind](64)
    x = torch.from_numpy(sounds(2, 64, size=size))
    for i in range(2):
        one = torch.autograd.functional.jacobian(lambda y: seen(y[None])[0].flatten(), x[i])
        expected = torch.linalg.slogdet(one)[1]
        found = seen.log_jacobian(seen(x))[i]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_a_table_is_the_mdct_compressed():
    x = sounds(LENGTH)
    coefficients = mdct(x, bands=8)
    expected = coefficients / (coefficients**2 + SOFTNESS**2) ** 0.25 / SCALE
    found = KINDS["table"](LENGTH)(torch.from_numpy(x)[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
