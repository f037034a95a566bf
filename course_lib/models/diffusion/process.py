"""Diffusion: sound turned into noise step by step, and what a network learns to turn it back.

Every process here is x = a x0 + s n with n ~ N(0, I), the signal's scale a and the noise's
scale s. It preserves variance where a^2 + s^2 = 1 (DDPM, DDIM), lets it explode where a = 1
(EDM), and draws straight paths where a = 1 - t, s = t (flow matching). Divided by a, all are the
same, x / a = x0 + sigma n with sigma = s / a; so one denoiser serves every process and every
sampler of `course_lib.models.diffusion.samplers` (Karras et al. 2022, section 2).

Notebooks: 15, 16.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_lib.core import check_count, check_number

Denoiser: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""denoise(x, sigma) = E[x0 | x0 + sigma n = x]; x (batch, ...), sigma (batch,) -> (batch, ...)."""

Draw: TypeAlias = Callable[[], Tensor]
"""A fresh standard normal tensor at each call, such as `samplers.noises` makes."""


Scale: TypeAlias = Tensor | float
"""A number, or one for each sound of a batch, shape (batch,)."""


def linear_betas(
    steps: int = 1000, *, first: float = 1e-4, last: float = 0.02
) -> Float[Tensor, "steps"]:
    """Return variances that grow evenly: beta_t from `first` to `last`.

    Raises
    ------
    TypeError, ValueError
        For fewer than one step, or variances that are not above 0 and below 1.

    References
    ----------
    Ho, Jain and Abbeel (2020), "Denoising diffusion probabilistic models", section 4.
    Notebook: 15.
    """
    steps = check_count(steps, "steps")
    first = check_number(first, "first", above=0, below=1)
    last = check_number(last, "last", above=0, below=1)
    return torch.linspace(first, last, steps, dtype=torch.float64)


def cosine_betas(
    steps: int = 1000, *, offset: float = 0.008, largest: float = 0.999
) -> Float[Tensor, "steps"]:
    """Return the variances for which alpha_bar falls as a squared cosine.

    With f(t) = cos^2((t / T + offset) / (1 + offset) pi / 2)::

        alpha_bar_t = f(t) / f(0),    beta_t = min(1 - alpha_bar_t / alpha_bar_{t-1}, largest)

    Raises
    ------
    TypeError, ValueError
        For fewer than one step, an offset below 0, or a `largest` not above 0 and below 1.

    References
    ----------
    Nichol and Dhariwal (2021), "Improved denoising diffusion probabilistic models", eq. 17.
    Notebook: 15.
    """
    steps = check_count(steps, "steps")
    offset = check_number(offset, "offset", minimum=0)
    largest = check_number(largest, "largest", above=0, below=1)
    time = torch.arange(steps + 1, dtype=torch.float64) / steps
    f = torch.cos((time + offset) / (1 + offset) * math.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=largest)


def alpha_bar(betas: Float[Tensor, "steps"]) -> Float[Tensor, "steps"]:
    """Return how much of the signal's power is left: alpha_bar_t = prod_{s <= t} (1 - beta_s).

    Then x_t = sqrt(alpha_bar_t) x0 + sqrt(1 - alpha_bar_t) n.

    Raises
    ------
    ValueError
        For betas that are not one row of numbers above 0 and below 1.

    References
    ----------
    Ho, Jain and Abbeel (2020), eq. 4. Notebook: 15.
    """
    return (1 - check_fractions(betas, "betas")).cumprod(0)


def sigmas_of(alpha_bars: Float[Tensor, "steps"]) -> Float[Tensor, "steps"]:
    """Return sigma = s / a = sqrt((1 - alpha_bar) / alpha_bar), the noise beside a signal of one.

    Raises
    ------
    ValueError
        For values that are not one row of numbers above 0 and below 1.

    Notebook: 15.
    """
    alpha_bars = check_fractions(alpha_bars, "alpha_bars")
    return ((1 - alpha_bars) / alpha_bars).sqrt()


def edm_sigmas(
    steps: int, *, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0
) -> Float[Tensor, "steps_plus_1"]:
    """Return noise levels from `sigma_max` down to `sigma_min`, dense near the end, and then 0.

    sigma_i = (sigma_max^(1/rho) + i / (steps - 1) (sigma_min^(1/rho) - sigma_max^(1/rho)))^rho

    Raises
    ------
    TypeError, ValueError
        For fewer than one step, 0 < sigma_min < sigma_max not kept, or a rho not above 0.

    References
    ----------
    Karras et al. (2022), "Elucidating the design space of diffusion-based generative models",
    eq. 5. Notebook: 15.
    """
    steps = check_count(steps, "steps")
    sigma_max = check_number(sigma_max, "sigma_max", above=0)
    sigma_min = check_number(sigma_min, "sigma_min", above=0, below=sigma_max)
    rho = check_number(rho, "rho", above=0)
    ends = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    levels = torch.linspace(*ends, steps, dtype=torch.float64) ** rho
    return torch.cat([levels, levels.new_zeros(1)])


def flow_times(steps: int, *, first: float = 0.999) -> Float[Tensor, "steps_plus_1"]:
    """Return evenly spaced times from `first` down to 0; time 1 is noise, and time 0 is sound.

    The paths' very first point holds no signal, so that sigma = t / (1 - t) has no value there:
    begin just below 1, or where a network's training began, sigma_max / (1 + sigma_max).

    Raises
    ------
    TypeError, ValueError
        For fewer than one step, or a `first` not above 0 and below 1.

    Notebook: 15.
    """
    first = check_number(first, "first", above=0, below=1)
    return torch.linspace(first, 0, check_count(steps, "steps") + 1, dtype=torch.float64)


def vp_scales(sigma: Float[Tensor, "*batch"]) -> tuple[Tensor, Tensor]:
    """Return a = 1 / sqrt(1 + sigma^2) and s = sigma a, so that a^2 + s^2 = 1. Notebook: 15."""
    a = (1 + sigma**2).rsqrt()
    return a, sigma * a


def flow_scales(sigma: Float[Tensor, "*batch"]) -> tuple[Tensor, Tensor]:
    """Return a = 1 / (1 + sigma) and s = sigma a, the time, so that a + s = 1. Notebook: 15."""
    a = 1 / (1 + sigma)
    return a, sigma * a


def diffuse(
    x0: Float[Tensor, "batch *shape"],
    signal: Scale,
    noise_scale: Scale,
    n: Float[Tensor, "batch *shape"],
) -> Float[Tensor, "batch *shape"]:
    """Return x = a x0 + s n, the noisy sound.

    Parameters
    ----------
    x0 : the clean sounds
    signal, noise_scale : a and s, numbers or of shape (batch,)
    n : standard normal, of x0's shape

    Raises
    ------
    ValueError
        For shapes that do not go together.

    References
    ----------
    Ho, Jain and Abbeel (2020), eq. 4, with a = sqrt(alpha_bar_t), s = sqrt(1 - alpha_bar_t).
    Notebook: 15.
    """
    check_alike(x0, n, "n", "x0")
    return per_sound(signal, x0) * x0 + per_sound(noise_scale, x0) * n


def per_sound(values: Scale, x: Float[Tensor, "batch *shape"]) -> Tensor | float:
    """Return one number for each sound in a shape that multiplies x, (batch, 1, ...).

    Raises
    ------
    ValueError
        For values that are neither one number nor of shape (batch,).

    Notebook: 15.
    """
    if not isinstance(values, Tensor) or values.ndim == 0:
        return values
    if values.shape != x.shape[:1]:
        raise ValueError(
            f"need one number, or one for each of {len(x)} sounds, got shape {tuple(values.shape)}"
        )
    return values.to(x).reshape(-1, *[1] * (x.ndim - 1))


class Posterior(NamedTuple):
    """A Gaussian q(x_{t-1} | x_t, x0): its mean, and the variance of each sound, (batch,)."""

    mean: Tensor
    variance: Tensor


def posterior(
    x0: Float[Tensor, "batch *shape"],
    x_t: Float[Tensor, "batch *shape"],
    betas: Float[Tensor, "steps"],
    t: Int[Tensor, "batch"] | int,
) -> Posterior:
    """Return q(x_{t-1} | x_t, x0), the step back if x0 is known.

    With alpha_t = 1 - beta_t and alpha_bar before the first step equal to one::

        mean     = (sqrt(alpha_bar_{t-1}) beta_t x0 + sqrt(alpha_t) (1 - alpha_bar_{t-1}) x_t)
                   / (1 - alpha_bar_t)
        variance = (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t

    Parameters
    ----------
    x0, x_t : sounds, clean and noisy
    betas : the variances of all steps
    t : the step, counted from 0 (in the papers from 1), for all or for each of the sounds

    Raises
    ------
    TypeError, ValueError
        For shapes that do not go together, betas not within (0, 1), or a t that is no step.

    References
    ----------
    Ho, Jain and Abbeel (2020), eq. 6-7. Notebook: 15.
    """
    check_alike(x0, x_t, "x_t", "x0")
    betas = check_fractions(betas, "betas")
    t = _check_steps(t, x0, len(betas)).to(betas.device)
    left = alpha_bar(betas)
    before = torch.cat([left.new_ones(1), left])[t]
    beta, left = betas[t], left[t]
    clean = before.sqrt() * beta / (1 - left)
    noisy = (1 - beta).sqrt() * (1 - before) / (1 - left)
    variance = (1 - before) / (1 - left) * beta
    return Posterior(per_sound(clean, x0) * x0 + per_sound(noisy, x0) * x_t, variance.to(x0))


def check_sounds(x: Tensor, name: str) -> None:
    """Raise TypeError or ValueError unless x holds one or more finite floating-point sounds."""
    if not isinstance(x, Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise TypeError(f"need a tensor of floating-point numbers for {name}, got {kind}")
    if x.ndim == 0 or not x.numel():
        raise ValueError(f"need {name} of shape (batch, ...), not empty, got {tuple(x.shape)}")
    if not x.isfinite().all():
        raise ValueError(f"need finite numbers in {name}, got NaN or infinity")


def check_fractions(values: Tensor, name: str) -> Float[Tensor, "steps"]:
    """Return one row of numbers as float64, or raise ValueError: not all within (0, 1)."""
    row = torch.as_tensor(values, dtype=torch.float64)
    if row.ndim != 1 or not len(row) or not ((row > 0) & (row < 1)).all():
        raise ValueError(
            f"need {name} of shape (steps,), each above 0 and below 1, got shape "
            f"{tuple(row.shape)}{f' from {row.min():g} to {row.max():g}' if row.numel() else ''}"
        )
    return row


def check_alike(x: Tensor, other: Tensor, name: str, like: str) -> None:
    """Raise ValueError for another shape, which would broadcast to nonsense."""
    if other.shape != x.shape:
        raise ValueError(
            f"need {name} of the shape of {like}, {tuple(x.shape)}, got {tuple(other.shape)}"
        )


def _check_steps(t: Tensor | int, x: Tensor, steps: int) -> Int[Tensor, "batch"]:
    """Return the step of each sound, or say why it is none."""
    rows = torch.as_tensor(t)
    if rows.is_floating_point() or rows.dtype == torch.bool:
        raise TypeError(f"need whole numbers for t, got {rows.dtype}")
    if rows.ndim > 1 or (rows.ndim == 1 and len(rows) != len(x)):
        raise ValueError(f"need t for each of {len(x)} sounds, got shape {tuple(rows.shape)}")
    if (rows < 0).any() or (rows >= steps).any():
        raise ValueError(
            f"need t from 0 to {steps - 1}, counted from 0, got {rows.min()} to {rows.max()}"
        )
    return rows.expand(len(x))
