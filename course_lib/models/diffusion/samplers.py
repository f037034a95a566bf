"""Samplers: six ways from noise to sound with one denoiser, each line by line as in its paper.

Each takes a `Denoiser` (`course_lib.models.diffusion.process`), a standard normal start of shape
(batch, ...), and a schedule; each is a generator that yields a `State` after every step, in the
dtype of the start, so that a notebook can watch; ``last(...)`` runs one to its end. Arguments are
checked as the first step is taken.

Notebooks: 15, 16.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_lib.core import check_count, check_generator, check_number, shown
from course_lib.models.diffusion.process import (
    Denoiser,
    Draw,
    alpha_bar,
    check_fractions,
    check_sounds,
)
from course_lib.models.diffusion.targets import denoise_at, noise_from_x0


class State(NamedTuple):
    """Where a sampler stands after a step.

    Attributes
    ----------
    x : the sounds in the sampler's own coordinates, a x0 + s n; at the end, where s = 0 and
        a = 1, the samples
    sigma : s / a, the noise that is left beside a signal of one
    guess : the denoised sounds that the step set out for
    """

    x: Tensor
    sigma: float
    guess: Tensor


def last(steps: Iterable[State]) -> Tensor:
    """Run a sampler to its end and return the samples.

    Raises
    ------
    ValueError
        For a sampler that has no steps left.

    Notebook: 15.
    """
    state = None
    for state in steps:  # noqa: B007
        pass
    if state is None:
        raise ValueError("need a sampler with steps to take, got one that has none left")
    return state.x


def noises(
    rngs: Sequence[np.random.Generator],
    shape: Sequence[int],
    *,
    dtype: torch.dtype = torch.float32,
) -> Draw:
    """Return a function that draws standard normal tensors of shape (len(rngs), *shape).

    Each sound has a generator of its own (``core.spawn(rng, count)``), so that it comes out the
    same whatever the batch, as in the public code of Karras et al. (2022).

    Raises
    ------
    TypeError, ValueError
        For no generators, something else in their place, or a shape not of whole numbers above 0.

    Notebook: 15.
    """
    if not len(rngs):
        raise ValueError("need a generator for each sound, got none; make some with core.spawn")
    for rng in rngs:
        check_generator(rng)
    size = tuple(check_count(length, "shape") for length in shape)

    def draw() -> Tensor:
        return torch.from_numpy(np.stack([rng.standard_normal(size) for rng in rngs])).to(dtype)

    return draw


def subsequence(steps: int, count: int) -> Int[Tensor, "count"]:
    """Return `count` of the steps 0 to steps - 1, evenly spaced, ascending, with the last one.

    tau_i = round(i steps / count) - 1 for i = 1 to count

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or more steps than there are.

    References
    ----------
    Song, Meng and Ermon (2021), section 4.2, for the idea; Lin et al. (2024), "Common diffusion
    noise schedules and sample steps are flawed", section 3.3, for the last step. Notebook: 15.
    """
    steps = check_count(steps, "steps")
    count = check_count(count, "count")
    if count > steps:
        raise ValueError(f"need at most the {steps} steps there are, got a count of {count}")
    i = torch.arange(1, count + 1, dtype=torch.float64)
    return (i * steps / count).round().long() - 1


def ddpm(
    denoise: Denoiser,
    start: Float[Tensor, "batch *shape"],
    betas: Float[Tensor, "steps"],
    draw: Draw,
) -> Iterator[State]:
    """Sample by the chain of small random steps that a network was trained to undo.

    Parameters
    ----------
    denoise, start : the denoiser, and standard normal noise, which is x_T
    betas : the variances of all steps; sigma_t^2 is the posterior's variance
    draw : gives fresh noise, (batch, ...), such as `noises` makes

    Raises
    ------
    TypeError, ValueError
        For a start that is empty or not of finite floats, betas not within (0, 1), or a
        denoiser or draw whose answer is not of the start's shape.

    References
    ----------
    Ho, Jain and Abbeel (2020), algorithm 2. Notebook: 15.
    """
    check_sounds(start, "start")
    betas = check_fractions(betas, "betas")
    left = [1.0, *alpha_bar(betas).tolist()]
    x = start.detach()  # line 1: x_T ~ N(0, I)
    for t in range(len(betas), 0, -1):  # line 2: for t = T, ..., 1
        beta = float(betas[t - 1])
        a, s = math.sqrt(left[t]), math.sqrt(1 - left[t])
        guess = _guess(denoise, x, a, s)
        noise = noise_from_x0(guess, x, a, s)
        sigma = math.sqrt((1 - left[t - 1]) / (1 - left[t]) * beta)
        z = _fresh(draw, x) if t > 1 else 0.0  # line 3
        x = (x - beta / s * noise) / math.sqrt(1 - beta) + sigma * z  # line 4
        yield State(x, _sigma(left[t - 1]), guess)
    # lines 5, 6: end for, return x_0


def ddim(
    denoise: Denoiser,
    start: Float[Tensor, "batch *shape"],
    alpha_bars: Float[Tensor, "steps"],
    *,
    eta: float = 0.0,
    draw: Draw | None = None,
) -> Iterator[State]:
    """Sample with few steps, and with as much fresh noise as one likes.

    Parameters
    ----------
    denoise, start : the denoiser, and standard normal noise, which is the noisiest x
    alpha_bars : of the steps that are taken, descending as time goes up:
        ``alpha_bar(betas)[subsequence(1000, 25)]``; one more step leads to alpha_bar = 1
    eta : from 0, no fresh noise, to 1, as much as `ddpm` adds
    draw : gives fresh noise, (batch, ...); needed where eta is above 0

    Raises
    ------
    TypeError, ValueError
        For a start that is empty or not of finite floats, alpha_bars that do not descend
        within (0, 1), an eta outside [0, 1] or above 0 without `draw`, or answers not of the
        start's shape.

    References
    ----------
    Song, Meng and Ermon (2021), "Denoising diffusion implicit models", eq. 12 and 16 (their
    alpha is alpha_bar here). Notebook: 15.
    """
    check_sounds(start, "start")
    levels = [1.0, *check_fractions(alpha_bars, "alpha_bars").tolist()]
    _check_descending(levels, "alpha_bars")
    eta = check_number(eta, "eta", minimum=0, maximum=1)
    x = start.detach()
    for i in range(len(levels) - 1, 0, -1):
        alpha, before = levels[i], levels[i - 1]
        guess = _guess(denoise, x, math.sqrt(alpha), math.sqrt(1 - alpha))
        noise = noise_from_x0(guess, x, math.sqrt(alpha), math.sqrt(1 - alpha))
        sigma = eta * math.sqrt((1 - before) / (1 - alpha)) * math.sqrt(1 - alpha / before)  # 16
        direction = math.sqrt(1 - before - sigma**2) * noise
        fresh = sigma * _fresh(draw, x) if sigma > 0 else 0.0
        x = math.sqrt(before) * guess + direction + fresh  # 12
        yield State(x, _sigma(before), guess)


def heun(
    denoise: Denoiser,
    start: Float[Tensor, "batch *shape"],
    sigmas: Float[Tensor, "steps_plus_1"],
    *,
    churn: float = 0.0,
    churn_range: tuple[float, float] = (0.0, math.inf),
    churn_noise: float = 1.0,
    draw: Draw | None = None,
) -> Iterator[State]:
    """Sample by Heun's method along dx/dsigma = (x - D(x, sigma)) / sigma, of second order.

    Without churn it is the papers' algorithm 1 with sigma(t) = t, s(t) = 1, with churn
    algorithm 2.

    Parameters
    ----------
    denoise, start : the denoiser, and standard normal noise, which sigmas[0] multiplies
    sigmas : t_0 > ... > t_N, the noise levels, such as `edm_sigmas` makes
    churn : S_churn, how much fresh noise is added (and then removed) in all, 0 or more
    churn_range : S_tmin and S_tmax, the noise levels at which it is added
    churn_noise : S_noise, its standard deviation
    draw : gives fresh noise, (batch, ...); needed where churn is above 0

    Raises
    ------
    TypeError, ValueError
        For a start that is empty or not of finite floats, fewer than two sigmas or such as
        do not descend to 0 or above, a churn below 0 or above 0 without `draw`, or answers not of
        the start's shape.

    References
    ----------
    Karras et al. (2022), algorithms 1 and 2. Notebook: 15.
    """
    check_sounds(start, "start")
    levels = _check_levels(sigmas, "sigmas")
    churn = check_number(churn, "churn", minimum=0)
    churn_noise = check_number(churn_noise, "churn_noise", above=0)
    steps = len(levels) - 1
    x = levels[0] * start.detach()  # line 2: x_0 ~ N(0, t_0^2 I)
    for t, t_next in pairwise(levels):  # line 3
        within = churn_range[0] <= t <= churn_range[1]
        gamma = min(churn / steps, math.sqrt(2) - 1) if within else 0.0
        t_hat = t + gamma * t  # line 5
        if gamma > 0:  # lines 4, 6: epsilon ~ N(0, S_noise^2 I)
            x = x + math.sqrt(t_hat**2 - t**2) * churn_noise * _fresh(draw, x)
        guess = _guess(denoise, x, 1.0, t_hat)
        d = (x - guess) / t_hat  # line 7: dx/dt at t_hat
        euler = x + (t_next - t_hat) * d  # line 8: an Euler step
        if t_next == 0:
            x = euler
        else:  # line 9
            d_next = (euler - _guess(denoise, euler, 1.0, t_next)) / t_next  # line 10
            x = x + (t_next - t_hat) * (d + d_next) / 2  # line 11: the trapezoid
        yield State(x, t_next, guess)


def multistep(
    denoise: Denoiser,
    start: Float[Tensor, "batch *shape"],
    sigmas: Float[Tensor, "steps_plus_1"],
) -> Iterator[State]:
    """Sample by DPM-Solver++(2M): of second order, and asks the denoiser once a step.

    For a guess D that stays as it is, dx/dsigma = (x - D) / sigma leads from s to s' exactly to
    x' = (s' / s) x + (1 - s' / s) D. Here D is the line in ln sigma through this guess and the one
    before, at the middle of the step. The first step knows one guess, the last, to 0, takes it.

    Parameters
    ----------
    denoise, start, sigmas : as in `heun`

    Raises
    ------
    TypeError, ValueError
        As `heun`.

    References
    ----------
    Lu et al. (2022), "DPM-Solver++: fast solver for guided sampling of diffusion probabilistic
    models", algorithm 2, with alpha_t = 1. Notebook: 15.
    """
    check_sounds(start, "start")
    levels = _check_levels(sigmas, "sigmas")
    x = levels[0] * start.detach()
    before, h_before = None, math.inf
    for s, s_next in pairwise(levels):
        guess = _guess(denoise, x, 1.0, s)
        middle, h = guess, math.log(s / s_next) if s_next > 0 else math.inf
        if before is not None and s_next > 0:
            middle = guess + h / (2 * h_before) * (guess - before)  # the line, half a step on
        x = s_next / s * x + (1 - s_next / s) * middle
        yield State(x, s_next, guess)
        before, h_before = guess, h


def flow_euler(
    denoise: Denoiser,
    start: Float[Tensor, "batch *shape"],
    times: Float[Tensor, "steps_plus_1"],
) -> Iterator[State]:
    """Sample by Euler's method along straight paths, x_t = (1 - t) x0 + t n.

    dx/dt = E[n - x0 | x_t] = (x_t - D) / t with D = E[x0 | x_t]

    Parameters
    ----------
    denoise, start : the denoiser, and standard normal noise, which times[0] multiplies
    times : descending from below 1, such as `flow_times` makes

    Raises
    ------
    TypeError, ValueError
        For a start that is empty or not of finite floats, fewer than two times or such as
        do not descend from below 1 to 0 or above, or a denoiser whose answer is not of the
        start's shape.

    References
    ----------
    Liu, Gong and Liu (2023), "Flow straight and fast: learning to generate and transfer data with
    rectified flow", section 2.1, with time turned around. Notebook: 15.
    """
    check_sounds(start, "start")
    levels = _check_levels(times, "times", below=1.0)
    x = levels[0] * start.detach()
    for t, t_next in pairwise(levels):
        guess = _guess(denoise, x, 1 - t, t)
        x = x + (t_next - t) * (x - guess) / t
        yield State(x, t_next / (1 - t_next), guess)


def flow_midpoint(
    denoise: Denoiser,
    start: Float[Tensor, "batch *shape"],
    times: Float[Tensor, "steps_plus_1"],
) -> Iterator[State]:
    """Sample along the paths of `flow_euler` by the midpoint method, of second order.

    Half an Euler step finds the middle, and the whole step is taken in the direction found
    there; it asks the denoiser twice. Parameters, errors and source are those of `flow_euler`.
    For normal data it is even of third order: their variance is a quadratic function of t, and
    then the leading error cancels. Notebook: 15.
    """
    check_sounds(start, "start")
    levels = _check_levels(times, "times", below=1.0)
    x = levels[0] * start.detach()
    for t, t_next in pairwise(levels):
        middle = (t + t_next) / 2
        halfway = x + (middle - t) * (x - _guess(denoise, x, 1 - t, t)) / t
        guess = _guess(denoise, halfway, 1 - middle, middle)
        x = x + (t_next - t) * (halfway - guess) / middle
        yield State(x, t_next / (1 - t_next), guess)


@torch.no_grad()
def _guess(denoise: Denoiser, x: Tensor, signal: float, noise_scale: float) -> Tensor:
    """Return the guess for x, of which nobody takes a gradient."""
    return denoise_at(denoise, x, signal, noise_scale)


def _sigma(alpha_bar: float) -> float:
    return math.sqrt((1 - alpha_bar) / alpha_bar)


def _fresh(draw: Draw | None, x: Tensor) -> Tensor:
    """Return fresh noise for x, or say that there is none."""
    if draw is None:
        raise ValueError(
            "need draw, a source of fresh noise, got None; pass noises(spawn(rng, count), shape)"
        )
    noise = draw()
    if noise.shape != x.shape:
        raise ValueError(
            f"need noise of the start's shape {tuple(x.shape)}, got {tuple(noise.shape)}"
        )
    return noise.to(x)


def _check_levels(values: Tensor, name: str, *, below: float = math.inf) -> list[float]:
    """Return a descending schedule of two or more levels as numbers."""
    row = torch.as_tensor(values, dtype=torch.float64)
    if row.ndim != 1 or len(row) < 2 or not ((row >= 0) & (row < below)).all():
        raise ValueError(
            f"need two or more {name} in one row, each at least 0 and below {below:g}, got shape "
            f"{tuple(row.shape)}{f' from {row.min():g} to {row.max():g}' if row.numel() else ''}"
        )
    levels = row.tolist()
    _check_descending(levels, name)
    return levels


def _check_descending(levels: list[float], name: str) -> None:
    for i, (one, after) in enumerate(pairwise(levels)):
        if after >= one:
            raise ValueError(
                f"need {name} that descend, got {shown(one, after)}, {shown(after, one)} "
                f"at index {i}"
            )
