"""Spectral normalisation: a layer's weights divided by the most that they can stretch anything.

Notebook: 10.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from course_lib.core import check_count

_TINY = 1e-12


def power_iteration(
    matrix: Float[Tensor, "rows columns"], u: Float[Tensor, " rows"], steps: int = 1
) -> tuple[Float[Tensor, ""], Float[Tensor, " rows"]]:
    """Return the largest singular value of a matrix, nearly, and the direction it is found in.

    Repeat v = W' u / || W' u ||, u = W v / || W v ||; then sigma = u' W v. What is not in the
    first direction shrinks by (sigma_2 / sigma_1)^2 at each step. The value can be
    differentiated by W, with u and v fixed.

    Parameters
    ----------
    matrix : W
    u : where to begin, of length one
    steps : how many times

    Raises
    ------
    TypeError, ValueError
        For fewer than one step.

    References
    ----------
    Miyato et al. (2018), "Spectral normalization for generative adversarial networks",
    algorithm 1. Notebook: 10.
    """
    with torch.no_grad():
        for _ in range(check_count(steps, "steps")):
            v = nn.functional.normalize(matrix.mT @ u, dim=0, eps=_TINY)
            u = nn.functional.normalize(matrix @ v, dim=0, eps=_TINY)
    return u @ matrix @ v, u


class SpectralNorm(nn.Module):
    """Weights W in, W / sigma(W) out; one step of power iteration at each look in training.

    A kernel of a convolution counts as a matrix with one row an output channel. That matrix's
    norm is not the whole convolution's, but holds it within a constant factor.

    Parameters
    ----------
    weight : of the layer
    steps : of power iteration, before the first look

    References
    ----------
    Miyato et al. (2018), section 2.1 and eq. 8. Notebook: 10.
    """

    u: Tensor

    def __init__(self, weight: Tensor, *, steps: int = 15) -> None:
        super().__init__()
        u = nn.functional.normalize(torch.randn(len(weight)), dim=0, eps=_TINY)
        self.register_buffer("u", power_iteration(weight.detach().flatten(1), u, steps)[1])

    def forward(self, weight: Tensor) -> Tensor:
        """Return the normalised weights; those that are all zero stay so."""
        sigma, u = power_iteration(weight.flatten(1), self.u)
        if self.training:
            self.u = u.clone()
        return weight / sigma.clamp(min=_TINY)


def spectral_norm(layer: nn.Linear | nn.Conv1d | nn.Conv2d) -> nn.Module:
    """Return a layer that stretches nothing by more than about one, whatever it learns.

    Notebook: 10.
    """
    parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.weight))
    return layer
