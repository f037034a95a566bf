"""Guidance towards a class, and known parts held in place."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lines import bend, gaussian, randn

from course_lib.models.diffusion.guidance import guided, pinned
from course_lib.models.diffusion.process import edm_sigmas
from course_lib.models.diffusion.samplers import heun, last


def test_a_guidance_of_one_is_exactly_no_guidance():
    def never(x, sigma):
        raise AssertionError("the unconditional denoiser was asked")

    assert guided(bend, never, 1) is bend
    assert guided(bend, never, 1.0) is bend


@given(st.floats(-5, 20))
def test_guidance_exaggerates_what_the_condition_changes(scale):
    x, sigma = randn(3, 2), torch.tensor([0.1, 1.0, 10.0]).double()
    free, conditional = bend(x, sigma), gaussian(0.5, 0.3)(x, sigma)
    got = guided(gaussian(0.5, 0.3), bend, scale)(x, sigma)
    torch.testing.assert_close(got, (1 - scale) * free + scale * conditional)


@pytest.mark.parametrize("transform", [False, True])
def test_a_pinned_denoiser_keeps_what_is_known_and_fills_the_gap(transform):
    known, mask = randn(2, 8), torch.ones(8, dtype=torch.bool)
    mask[3:5] = False
    known[:, 3:5] = torch.nan  # what stands in the gap never matters
    turn, _ = torch.linalg.qr(randn(8, 8, seed=1))
    turn = turn if transform else torch.eye(8).double()
    denoise = pinned(bend, known, mask, forward=lambda x: x @ turn, inverse=lambda x: x @ turn.T)
    x, sigma = randn(2, 8, seed=2), torch.tensor([0.5, 2.0]).double()
    sound = denoise(x, sigma) @ turn.T
    torch.testing.assert_close(sound[:, mask], known[:, mask])
    torch.testing.assert_close(sound[:, ~mask], (bend(x, sigma) @ turn.T)[:, ~mask])
    drawn = last(heun(denoise, x, edm_sigmas(10))) @ turn.T
    torch.testing.assert_close(drawn[:, mask], known[:, mask])
    assert drawn[:, ~mask].isfinite().all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: guided(bend, bend, math.nan), ValueError, "scale strictly between"),
        (lambda: guided(bend, bend, math.inf), ValueError, "scale strictly between"),
        (lambda: guided(bend, bend, "2"), TypeError, "number for scale, got '2'"),
    ],
)
def test_settings_that_cannot_be_are_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_gaps_that_cannot_be_filled_are_explained():
    known, mask = randn(2, 5), torch.ones(5, dtype=torch.bool)
    with pytest.raises(TypeError, match=r"boolean mask.*torch\.float32"):
        pinned(bend, known, torch.ones(5))
    with pytest.raises(ValueError, match=r"shape \(2, 5\), got \(4,\)"):
        pinned(bend, known, mask[:4])
    with pytest.raises(ValueError, match="finite sound where the mask is True"):
        pinned(bend, known * torch.nan, mask)
    with pytest.raises(ValueError, match="denoised sound of the shape of the known one"):
        pinned(bend, known, mask)(randn(2, 6), torch.ones(2))
