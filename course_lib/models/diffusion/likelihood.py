"""How likely is a sound under a diffusion model? Two answers, from any denoiser.

A denoiser D(x; sigma) determines the densities p(x; sigma) of the data at every noise level, and
with them the one at the least noise. ``ode_log_likelihood`` follows the probability-flow ODE up
to pure noise and adds up how much it spreads: an estimate, whose errors are those of the steps
and of the estimated trace. ``bound_log_likelihood`` adds up how badly D guesses: a lower bound,
in the mean over its draws.

Both are densities in nats. Notebook: 15.

References
----------
Song et al. (2021), "Score-based generative modeling through stochastic differential equations",
eq. 13, 39-40; Kingma et al. (2021), "Variational diffusion models", section 5.1; Karras et al.
(2022), "Elucidating the design space of diffusion-based generative models", eq. 1.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from course_lib.core import Likelihood, check_count, check_generator, check_number
from course_lib.models.diffusion.process import (
    Denoiser,
    Draw,
    alpha_bar,
    check_fractions,
    check_sounds,
    diffuse,
    posterior,
)
from course_lib.models.diffusion.targets import (
    denoise_at,
)


def ode_log_likelihood(
    denoise: Denoiser,
    x: Float[Tensor, "batch *shape"],
    sigmas: Float[Tensor, "levels"],
    *,
    rng: np.random.Generator | None = None,
    probes: int = 1,
) -> Float[Tensor, "batch"]:
    """Estimate log p(x; sigma_min) by the probability-flow ODE, in nats.

    From x at the least noise the ODE leads up to x_max, which is nearly N(0, sigma_max^2 I)::

        dx / dsigma = f = (x - D(x; sigma)) / sigma
        log p(x; sigma_min) = log N(x_max; 0, sigma_max^2 I) + int div f dsigma
        div f dsigma = (dims - trace dD/dx) d(ln sigma)

    Heun's steps lead along sigma; the trapezoidal rule adds up the divergence along ln sigma,
    where it hardly changes at either end. Both are of second order. The prior expects data of
    mean zero and small beside sigma_max; what is left of them in x_max is a further error.

    Parameters
    ----------
    denoise : D, differentiable
    x : data, (batch, ...)
    sigmas : (levels,), falling, as the samplers take them; a last 0 is left out, since the data
        are taken to be blurred by the least noise level
    rng : draws Hutchinson's probes e of +-1, once for the whole path: trace J is estimated as
        e^T J e, in one backward pass; None takes the exact trace, in as many as there are values
    probes : how many are averaged

    Raises
    ------
    TypeError, ValueError
        For bad data, noise levels that do not fall, or bad settings.

    References
    ----------
    Song et al. (2021), eq. 13, 39-40; Hutchinson (1989), "A stochastic estimator of the trace of
    the influence matrix for Laplacian smoothing splines". Notebook: 15.
    """
    _check_data(x)
    ladder = _rising(sigmas).to(x.device, x.dtype)
    probes = check_count(probes, "probes")
    dims = x[0].numel()
    if rng is None:
        identity = torch.eye(dims, dtype=x.dtype, device=x.device)
        directions = identity[:, None].expand(-1, len(x), -1)
    else:
        signs = check_generator(rng).integers(0, 2, (len(x), probes, dims)) * 2.0 - 1
        directions = torch.from_numpy(signs).to(x).transpose(0, 1)
    scale = 1.0 if rng is None else 1 / probes

    def guess_and_trace(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            guess = denoise(x, sigma.expand(len(x)))
            total = torch.zeros(len(x), dtype=x.dtype, device=x.device)
            for e in directions:  # e^T J e, J the Jacobian of each datum's guess
                e = e.reshape(x.shape)
                (pulled,) = torch.autograd.grad(guess, x, e, retain_graph=True)
                total += scale * (pulled * e).flatten(1).sum(dim=1)
        return guess.detach(), total

    x = x.detach()
    spread = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    guess, trace = guess_and_trace(x, ladder[0])
    for low, high in itertools.pairwise(ladder):
        slope = (x - guess) / low
        ahead = x + (high - low) * slope
        with torch.no_grad():
            slope_ahead = (ahead - denoise(ahead, high.expand(len(x)))) / high
        x = x + (high - low) * (slope + slope_ahead) / 2
        before = trace
        guess, trace = guess_and_trace(x, high)
        spread += (dims - (before + trace) / 2) * torch.log(high / low)
    return spread + _log_normal(x, ladder[-1])


def bound_log_likelihood(
    denoise: Denoiser,
    x: Float[Tensor, "batch *shape"],
    *,
    sigma_min: float,
    sigma_max: float,
    rng: np.random.Generator,
    draws: int = 64,
) -> Float[Tensor, "batch"]:
    """Bound log p(x) from below by what it costs to undo the noise, in nats.

    The model goes from N(0, sigma_max^2 I) down to x_min = x + sigma_min n in infinitely many
    steps, and on to N(x_min, sigma_min^2 I)::

        -log p(x) <= |x|^2 / (2 sigma_max^2)                                   prior
                   + (dims / 2) (ln(2 pi sigma_min^2) + 1)                     last step
                   + int_{sigma_min}^{sigma_max} sigma^-3 E|x - D|^2 dsigma    all others

    The integral is an average over `draws` noise levels, spread evenly over ln sigma, with
    fresh noise for each; the result is random, and a bound in the mean. How near it comes: by
    the law that ties information to the least mean square error, the mean over the data with
    the best possible denoiser is -h(x_min) - KL(p(x; sigma_max) || N(0, sigma_max^2 I)), h the
    entropy. The truth is -h(x); what lies between is the noise at either end, and for a
    Gaussian whose covariance has the eigenvalues l the lower end costs
    (1/2) sum ln(1 + sigma_min^2 / l).

    Parameters
    ----------
    denoise : D
    x : data, (batch, ...)
    sigma_min, sigma_max : least and largest noise level
    rng : one generator; every datum draws from a child of its own
    draws : noise levels to average over

    Raises
    ------
    TypeError, ValueError
        For bad data or settings, or a sigma_max not above sigma_min.

    References
    ----------
    Kingma et al. (2021), section 5.1 (the loss in continuous time, an integral over the
    signal-to-noise ratio, here sigma^-2) and appendix F.1 (levels spread evenly); Guo, Shamai and
    Verdu (2005), "Mutual information and minimum mean-square error in Gaussian channels",
    theorem 1. Notebook: 15.
    """
    _check_data(x)
    sigma_min = check_number(sigma_min, "sigma_min", above=0)
    sigma_max = check_number(sigma_max, "sigma_max", above=sigma_min)
    draws = check_count(draws, "draws")
    dims, span = x[0].numel(), math.log(sigma_max / sigma_min)
    generators = check_generator(rng).spawn(len(x))
    offsets = np.array([generator.random() for generator in generators])
    total = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    for draw in range(draws):
        share = torch.from_numpy((draw + offsets) / draws).to(x)
        sigma = sigma_min * torch.exp(span * share)
        noise = np.stack([generator.standard_normal(x.shape[1:]) for generator in generators])
        wide = sigma.view(-1, *[1] * (x.ndim - 1))
        with torch.no_grad():
            error = x - denoise(x + wide * torch.from_numpy(noise).to(x), sigma)
        total += (error / wide).flatten(1).square().sum(dim=1)
    prior = x.flatten(1).square().sum(dim=1) / (2 * sigma_max**2)
    last_step = dims / 2 * (math.log(2 * math.pi * sigma_min**2) + 1)
    return -(prior + last_step + span * total / draws)


def _check_data(x: Tensor) -> None:
    if not x.is_floating_point() or x.ndim < 2 or not x.numel() or not x.isfinite().all():
        raise ValueError(
            "need finite floating-point data of shape (batch, ...), got "
            f"{x.dtype} of shape {tuple(x.shape)}; a single sound is x[None]"
        )


def _rising(sigmas: Tensor) -> Tensor:
    """Return noise levels from the least to the largest, a last 0 left out."""
    levels = sigmas[:-1] if sigmas.ndim == 1 and len(sigmas) and sigmas[-1] == 0 else sigmas
    if (
        levels.ndim != 1
        or len(levels) < 2
        or not (levels > 0).all()
        or not (levels.diff() < 0).all()
    ):
        raise ValueError(
            "need at least two noise levels above 0, falling (a last 0 may follow), got "
            f"{sigmas.tolist()}"
        )
    return levels.flip(0)


def _log_normal(x: Tensor, sigma: Tensor) -> Tensor:
    """Return log N(x; 0, sigma^2 I) for each datum."""
    square = (x / sigma).flatten(1).square()
    return -0.5 * (square + torch.log(2 * math.pi * sigma**2)).sum(dim=1)


def bound_terms(
    denoise: Denoiser, x0: Float[Tensor, "batch *shape"], betas: Float[Tensor, "steps"], draw: Draw
) -> Float[Tensor, "batch steps_plus_1"]:
    """Return the terms of the variational bound on -log p(x0) in nats, each from one draw.

    In the papers' counting, with the model's step p(x_{t-1} | x_t) the posterior in which the
    denoised sound stands for x0::

        L_0     = -log N(x0; D(x_1), beta_1)                                column 0
        L_{t-1} = KL(q(x_{t-1} | x_t, x0) || p(x_{t-1} | x_t)), t = 2..T    columns 1 to T - 1
        L_T     = KL(q(x_T | x0) || N(0, I))                                column T

    Parameters
    ----------
    denoise : the denoiser, which is asked `steps` times
    x0 : clean sounds
    betas : the variances of all steps
    draw : gives standard normal tensors of x0's shape

    Raises
    ------
    TypeError, ValueError
        For betas not within (0, 1), an x0 that is no tensor of floating-point numbers or holds
        NaN or infinity, or shapes that do not go together.

    References
    ----------
    Ho, Jain and Abbeel (2020), eq. 5. Notebook: 15.
    """
    check_sounds(x0, "x0")
    betas = check_fractions(betas, "betas")
    left = alpha_bar(betas)
    terms = []
    for t in range(len(betas)):
        a, s = float(left[t].sqrt()), float((1 - left[t]).sqrt())
        x_t = diffuse(x0, a, s, draw().to(x0))
        guess = denoise_at(denoise, x_t, a, s)
        truth, model = posterior(x0, x_t, betas, t), posterior(guess, x_t, betas, t)
        error = (truth.mean - model.mean).square().flatten(1).sum(1)
        if t == 0:
            size, beta = x0[0].numel(), float(betas[0])
            terms.append((error / beta + size * math.log(2 * math.pi * beta)) / 2)
        else:
            terms.append(error / (2 * truth.variance))
    power, rest = float(left[-1]), float(1 - left[-1])
    prior = (power * x0.square() + rest - 1 - math.log(rest)) / 2
    return torch.stack([*terms, prior.flatten(1).sum(1)], dim=1)


def variational_bound(
    denoise: Denoiser, x0: Float[Tensor, "batch *shape"], betas: Float[Tensor, "steps"], draw: Draw
) -> Likelihood:
    """Return minus the sum of all sounds' `bound_terms`, a lower bound on their log density.

    Raises
    ------
    TypeError, ValueError
        As `bound_terms`.

    References
    ----------
    Ho, Jain and Abbeel (2020), eq. 3 and 5. Notebook: 15.
    """
    with torch.no_grad():
        terms = bound_terms(denoise, x0, betas, draw)
    return Likelihood(-float(terms.sum(dtype=torch.float64)), "lower bound")
