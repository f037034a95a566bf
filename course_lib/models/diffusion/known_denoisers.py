"""Denoisers whose answer is known: data whose best guess under noise has a closed form.

Whoever sees x = x0 + sigma n, with n ~ N(0, I), and wants x0 with the least mean square error
answers with the posterior mean

    D(x; sigma) = E[x0 | x] = x + sigma^2 grad_x log p(x; sigma)            (Tweedie's formula)

where p(x; sigma) is the density of the data blurred by the noise. For a mixture of Gaussians
and for a Gaussian process everything in it can be written down: samplers, likelihoods and
networks are measured against these two.

Both compute in float64 and answer in the dtype of x. Notebook: 15.

References
----------
Robbins (1956), "An empirical Bayes approach to statistics"; Efron (2011), "Tweedie's formula and
selection bias", eq. 1.2-1.4.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import toeplitz
from torch import Tensor

from course_lib.core import check_count, check_generator
from course_lib.models.linear.ar import AR
from course_lib.models.states.gaussians import Gaussians
from course_lib.models.states.gmm import GaussianMixture


class MixtureDenoiser:
    """The denoiser of data from a mixture of round Gaussians, p(x) = sum_k w_k N(x; mu_k, s_k^2 I).

    The mixture itself is chapter 6's. With a scale of zero for every component it is the
    empirical distribution of the means: data that are these sounds and nothing else. The best
    denoiser of a training set is this one, and it copies.

    Parameters
    ----------
    weights : w, (components,), positive, of any sum: they are divided by it
    means : mu, (components, ...), whatever shape one datum has; a single number is (components, 1)
    scales : s, (components,), 0 or more

    Attributes
    ----------
    mixture : of flat data, with spherical covariances s^2
    weights, means, scales : as above, float64, the weights summing to one
    shape : of one datum
    dims : the number of values in one datum

    Raises
    ------
    ValueError
        For shapes that do not go together, or numbers out of range.
    """

    def __init__(self, weights: Any, means: Any, scales: Any) -> None:
        self.weights = _finite(weights, "weights")
        self.means = _finite(means, "means")
        self.scales = _finite(scales, "scales")
        components = len(self.weights) if self.weights.ndim == 1 else 0
        if (
            not components
            or self.means.ndim < 2
            or len(self.means) != components
            or self.scales.shape != (components,)
            or not self.means.numel()
        ):
            raise ValueError(
                "need weights (components,), means (components, ...) and scales (components,), "
                f"got shapes {_shapes(self.weights, self.means, self.scales)}; numbers are "
                "means of shape (components, 1)"
            )
        if not (self.weights > 0).all() or not (self.scales >= 0).all():
            raise ValueError(
                "need weights above 0 and scales of 0 or more, got a least weight of "
                f"{self.weights.min():g} and a least scale of {self.scales.min():g}"
            )
        self.weights = self.weights / self.weights.sum()
        self.shape = tuple(self.means.shape[1:])
        self.dims = math.prod(self.shape)
        flat, variances = self.means.flatten(1).numpy(), self.scales.numpy() ** 2
        self.mixture = GaussianMixture(
            self.weights.numpy(), Gaussians(flat, variances, "spherical")
        )

    def denoise(
        self, x: Float[Tensor, "batch *shape"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch *shape"]:
        """Return the posterior mean, E[x0 | x] = sum_k r_k (mu_k + g_k (x - mu_k)).

        r_k is the responsibility of component k for x, as in ``responsibilities``, and
        g_k = s_k^2 / (s_k^2 + sigma^2) the Wiener gain of its Gaussian.

        Raises
        ------
        ValueError
            For x or sigma of another shape, a negative sigma, or one of zero where scales are.
        """
        wide, variance = self._check(x, sigma)
        gain = self.scales**2 / variance  # (B, K)
        share = self._log_joint(wide, variance).softmax(dim=1)
        # sum_k r_k (1 - g_k) mu_k + (sum_k r_k g_k) x, two products instead of K differences
        flat = (share * (1 - gain)) @ self.means.flatten(1)
        flat = flat + (share * gain).sum(dim=1, keepdim=True) * wide
        return flat.view(x.shape).to(x.dtype)

    def score(
        self, x: Float[Tensor, "batch *shape"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch *shape"]:
        """Return grad_x log p(x; sigma) = sum_k r_k (mu_k - x) / (s_k^2 + sigma^2).

        Raises
        ------
        ValueError
            As ``denoise``.
        """
        wide, variance = self._check(x, sigma)
        pull = self._log_joint(wide, variance).softmax(dim=1) / variance
        flat = pull @ self.means.flatten(1) - pull.sum(dim=1, keepdim=True) * wide
        return flat.view(x.shape).to(x.dtype)

    def log_density(
        self, x: Float[Tensor, "batch *shape"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch"]:
        """Return log p(x; sigma) in nats: log sum_k w_k N(x; mu_k, (s_k^2 + sigma^2) I).

        Raises
        ------
        ValueError
            As ``denoise``.
        """
        return self._log_joint(*self._check(x, sigma)).logsumexp(dim=1).to(x.dtype)

    def responsibilities(
        self, x: Float[Tensor, "batch *shape"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch components"]:
        """Return how likely each component is to have made x, r_k = P(k | x).

        Raises
        ------
        ValueError
            As ``denoise``.
        """
        return self._log_joint(*self._check(x, sigma)).softmax(dim=1).to(x.dtype)

    def sample(self, count: int, *, rng: np.random.Generator) -> Float[Tensor, "batch *shape"]:
        """Draw `count` data, float64; the i-th does not depend on `count`."""
        draws = check_generator(rng).standard_normal((check_count(count, "count"), self.dims + 1))
        return torch.from_numpy(self.mixture.from_normals(draws)).view(-1, *self.shape)

    def _check(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Return x flat and in float64, and s_k^2 + sigma^2 of shape (batch, components)."""
        _check_noisy(x, sigma, self.shape)
        variance = self.scales**2 + sigma.double()[:, None] ** 2
        if not (variance > 0).all():
            raise ValueError(
                "need sigma above 0 for a mixture with scales of 0, got a sigma of 0: its data "
                "are points, without a density"
            )
        return x.double().flatten(1), variance

    def _log_joint(self, flat: Tensor, variance: Tensor) -> Tensor:
        """Return log w_k N(x; mu_k, variance_k I), (batch, components)."""
        means = self.means.flatten(1)
        square = torch.stack([(flat - mean).square().sum(dim=1) for mean in means], dim=1)
        normal = square / variance + self.dims * torch.log(2 * math.pi * variance)
        return torch.log(self.weights) - 0.5 * normal


class GaussianProcess:
    """Data from one Gaussian, x0 ~ N(0, C): windows of a stationary sound, for instance.

    Everything happens along the eigenvectors of C = V diag(l) V^T, each by itself.

    Parameters
    ----------
    covariance : C, (time, time), symmetric, no eigenvalue below zero

    Attributes
    ----------
    eigenvalues, vectors : l, ascending, and V with the eigenvectors in its columns, float64
    shape : of one datum, (time,)

    Raises
    ------
    ValueError
        For a matrix that is not square, symmetric, finite or positive semi-definite.
    """

    def __init__(self, covariance: Any) -> None:
        c = _finite(covariance, "covariance")
        if c.ndim != 2 or c.shape[0] != c.shape[1] or not len(c):
            raise ValueError(f"need a covariance of shape (time, time), got {tuple(c.shape)}")
        if (c - c.T).abs().max() > 1e-8 * c.abs().max():
            raise ValueError("need a symmetric covariance; take (C + C.T) / 2 if it nearly is")
        values, self.vectors = torch.linalg.eigh(c)
        if values[0] < -1e-8 * values[-1].abs() or values[-1] < 0:
            raise ValueError(
                f"need a covariance without negative eigenvalues, got one of {values[0]:.3g}"
            )
        self.eigenvalues = values.clamp(min=0)
        self.shape = (len(c),)

    @classmethod
    def from_ar(cls, model: AR, length: int) -> GaussianProcess:
        """Return windows of `length` samples of an autoregressive sound, C[i, j] = r[|i - j|].

        r is the autocovariance of the model of chapter 3, taken as Gaussian.

        Raises
        ------
        TypeError, ValueError
            For a length below 1, or an unstable model.
        """
        return cls(toeplitz(model.autocovariance(check_count(length, "length") - 1)))

    def denoise(
        self, x: Float[Tensor, "batch time"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch time"]:
        """Return the Wiener filter's answer, E[x0 | x] = C (C + sigma^2 I)^-1 x.

        Each eigenvector passes with the gain l / (l + sigma^2).

        Raises
        ------
        ValueError
            For x or sigma of another shape, or a negative sigma.

        References
        ----------
        Wiener (1949), "Extrapolation, interpolation, and smoothing of stationary time series".
        """
        _check_noisy(x, sigma, self.shape)
        noisy = self._variances(sigma)
        gain = torch.where(noisy > 0, self.eigenvalues / noisy, 0.0)
        return self._scaled(x, gain)

    def score(
        self, x: Float[Tensor, "batch time"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch time"]:
        """Return grad_x log p(x; sigma) = -(C + sigma^2 I)^-1 x.

        Raises
        ------
        ValueError
            As ``log_density``.
        """
        _check_noisy(x, sigma, self.shape)
        return self._scaled(x, -1 / self._positive_variances(sigma))

    def log_density(
        self, x: Float[Tensor, "batch time"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch"]:
        """Return log N(x; 0, C + sigma^2 I) in nats.

        Raises
        ------
        ValueError
            For x or sigma of another shape, a negative sigma, or a singular C + sigma^2 I.
        """
        _check_noisy(x, sigma, self.shape)
        variance = self._positive_variances(sigma)
        square = (x.double() @ self.vectors) ** 2 / variance
        return -0.5 * (square + torch.log(2 * math.pi * variance)).sum(dim=1).to(x.dtype)

    def ode_solution(
        self,
        x: Float[Tensor, "batch time"],
        sigma: Float[Tensor, "batch"],
        target: Float[Tensor, "batch"],
    ) -> Float[Tensor, "batch time"]:
        """Return where the probability-flow ODE leads from x at noise `sigma` to noise `target`.

        dx/dsigma = (x - D(x; sigma)) / sigma along an eigenvector is sigma x / (l + sigma^2),
        so x grows like sqrt(l + sigma^2).

        Raises
        ------
        ValueError
            As ``log_density``.

        References
        ----------
        Karras et al. (2022), "Elucidating the design space of diffusion-based generative
        models", eq. 1 with sigma(t) = t.
        """
        _check_noisy(x, sigma, self.shape)
        _check_noisy(x, target, self.shape)
        ratio = self._variances(target) / self._positive_variances(sigma)
        return self._scaled(x, ratio.sqrt())

    def least_error(self, sigma: Float[Tensor, "noises"]) -> Float[Tensor, "noises"]:
        """Return the mean square error per sample that no denoiser beats at each noise level.

        It is the mean over eigenvalues of l sigma^2 / (l + sigma^2), the posterior's variance.

        Raises
        ------
        ValueError
            For negative noise levels.
        """
        if sigma.ndim != 1 or not (sigma >= 0).all():
            raise ValueError(f"need noise levels of 0 or more, shape (noises,), got {sigma}")
        noise = sigma.double()[:, None] ** 2
        total = self.eigenvalues + noise
        error = torch.where(total > 0, self.eigenvalues * noise / total, 0.0)
        return error.mean(dim=1).to(sigma.dtype)

    def sample(self, count: int, *, rng: np.random.Generator) -> Float[Tensor, "batch time"]:
        """Draw `count` data, float64; the i-th does not depend on `count`."""
        count = check_count(count, "count")
        draws = torch.from_numpy(check_generator(rng).standard_normal((count, *self.shape)))
        return (draws * self.eigenvalues.sqrt()) @ self.vectors.T

    def _variances(self, sigma: Tensor) -> Tensor:
        """Return l + sigma^2, (batch, time)."""
        return self.eigenvalues + sigma.double()[:, None] ** 2

    def _positive_variances(self, sigma: Tensor) -> Tensor:
        variance = self._variances(sigma)
        if not (variance > 0).all():
            raise ValueError(
                "need sigma above 0 where the covariance is singular, got a sigma of 0: "
                "there is no density"
            )
        return variance

    def _scaled(self, x: Tensor, gain: Tensor) -> Tensor:
        """Return x with each eigenvector's part multiplied by its gain."""
        return (((x.double() @ self.vectors) * gain) @ self.vectors.T).to(x.dtype)


def _finite(values: Any, name: str) -> Tensor:
    """Return values as a float64 tensor of its own, or say what is wrong with them."""
    tensor = torch.as_tensor(values, dtype=torch.float64).detach().clone()
    if not tensor.isfinite().all():
        raise ValueError(f"need finite {name}, got NaN or infinity")
    return tensor


def _shapes(*tensors: Tensor) -> str:
    return ", ".join(str(tuple(tensor.shape)) for tensor in tensors)


def _check_noisy(x: Tensor, sigma: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse noisy data of another shape, and noise levels that are not one a datum."""
    if not x.is_floating_point() or tuple(x.shape[1:]) != shape or not len(x):
        raise ValueError(
            f"need floating-point x of shape (batch, {', '.join(map(str, shape))}), got "
            f"{x.dtype} of shape {tuple(x.shape)}"
        )
    if tuple(sigma.shape) != (len(x),) or not (sigma >= 0).all():
        raise ValueError(
            f"need one noise level of 0 or more for each of {len(x)} data, got {sigma.tolist()}"
        )
    if not x.isfinite().all():
        raise ValueError("need finite x, got NaN or infinity")
