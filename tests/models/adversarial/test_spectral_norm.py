"""Spectral normalisation against numpy's SVD and torch's own parametrisation."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.models.adversarial.spectral_norm import SpectralNorm, power_iteration, spectral_norm


def start(rows: int) -> torch.Tensor:
    return nn.functional.normalize(torch.randn(rows), dim=0)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (1, 4), (6, 1)])
def test_power_iteration_finds_the_largest_singular_value(shape):
    torch.manual_seed(1)
    matrix = torch.randn(shape, dtype=torch.float64)
    sigma, u = power_iteration(matrix, start(shape[0]).double(), 500)
    left, values, _ = np.linalg.svd(matrix.numpy())
    assert float(sigma) == pytest.approx(values[0], rel=1e-6)
    assert abs(float(u @ torch.from_numpy(left[:, 0]))) == pytest.approx(1, abs=1e-6)


def test_the_error_shrinks_as_the_docstring_says():
    matrix = torch.diag(torch.tensor([2.0, 1.0], dtype=torch.float64))
    u = torch.tensor([0.6, 0.8], dtype=torch.float64)
    for steps in (1, 2, 3):
        _, found = power_iteration(matrix, u, steps)
        assert float(found[1] / found[0]) == pytest.approx(0.8 / 0.6 * 0.25**steps)


@pytest.mark.parametrize(
    ("kind", "sizes"), [(nn.Linear, (4, 3)), (nn.Conv1d, (2, 3, 5)), (nn.Conv2d, (2, 3, 3))]
)
def test_it_is_torchs(kind, sizes):
    """Both divide by the same number, and teach the weights the same."""
    torch.manual_seed(2)
    ours = spectral_norm(kind(*sizes))
    theirs = nn.utils.parametrizations.spectral_norm(kind(*sizes))
    original = ours.parametrizations.weight.original
    with torch.no_grad():
        theirs.parametrizations.weight.original.copy_(original)
    for _ in range(300):  # each look is a step of power iteration
        a, b = ours.weight, theirs.weight
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    (slope,) = torch.autograd.grad(a.square().mean() + a.sum(), original)
    other = theirs.parametrizations.weight.original
    (expected,) = torch.autograd.grad(b.square().mean() + b.sum(), other)
    torch.testing.assert_close(slope, expected, rtol=1e-3, atol=1e-5)
    assert np.linalg.svd(a.detach().flatten(1).numpy())[1][0] == pytest.approx(1, rel=1e-4)


def test_outside_of_training_nothing_changes():
    torch.manual_seed(3)
    norm = SpectralNorm(torch.randn(4, 6)).eval()
    before = norm.u.clone()
    norm(torch.randn(4, 6))
    torch.testing.assert_close(norm.u, before, rtol=0, atol=0)
    norm.train()(torch.randn(4, 6))
    assert not torch.equal(norm.u, before)


def test_zeros_stay_zeros_and_no_steps_are_refused():
    assert torch.equal(SpectralNorm(torch.zeros(2, 3))(torch.zeros(2, 3)), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="steps of at least 1, got 0"):
        power_iteration(torch.eye(2), torch.ones(2), 0)
