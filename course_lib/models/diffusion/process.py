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
from typing import Literal, NamedTuple, TypeAlias, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_lib.core import Likelihood, check_count, check_number

Denoiser: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""denoise(x, sigma) = E[x0 | x0 + sigma n = x]; x (batch, ...), sigma (batch,) -> (batch, ...)."""

Draw: TypeAlias = Callable[[], Tensor]
"""A fresh standard normal tensor at each call, such as `samplers.noises` makes."""

Target: TypeAlias = Literal["noise", "x0", "velocity", "flow"]
"""What a network predicts; `target_of` has the equations."""

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
    _check_alike(x0, n, "n", "x0")
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
    """Return q(x_{t-1} | x_t, x0), the step back that only who knows x0 can take.

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
    _check_alike(x0, x_t, "x_t", "x0")
    betas = check_fractions(betas, "betas")
    t = _check_steps(t, x0, len(betas)).to(betas.device)
    left = alpha_bar(betas)
    before = torch.cat([left.new_ones(1), left])[t]
    beta, left = betas[t], left[t]
    clean = before.sqrt() * beta / (1 - left)
    noisy = (1 - beta).sqrt() * (1 - before) / (1 - left)
    variance = (1 - before) / (1 - left) * beta
    return Posterior(per_sound(clean, x0) * x0 + per_sound(noisy, x0) * x_t, variance.to(x0))


def target_of(
    kind: Target,
    x0: Float[Tensor, "batch *shape"],
    n: Float[Tensor, "batch *shape"],
    signal: Scale,
    noise_scale: Scale,
) -> Float[Tensor, "batch *shape"]:
    """Return what a network is asked to predict, a mixture u = p x0 + q n of sound and noise.

    ========== ====== ===== =======================================================
    kind       p      q
    ========== ====== ===== =======================================================
    noise      0      1     Ho, Jain and Abbeel (2020), section 3.2
    x0         1      0
    velocity   -s     a     v = a n - s x0; Salimans and Ho (2022), section 4
    flow       -1     1     dx/dt of a straight path; Liu, Gong and Liu (2023), eq. 1
    ========== ====== ===== =======================================================

    Raises
    ------
    ValueError
        For another kind, or shapes that do not go together.

    Notebook: 15.
    """
    _check_alike(x0, n, "n", "x0")
    p, q = _mixture(kind, per_sound(signal, x0), per_sound(noise_scale, x0))
    return p * x0 + q * n


def x0_from(
    kind: Target,
    u: Float[Tensor, "batch *shape"],
    x: Float[Tensor, "batch *shape"],
    signal: Scale,
    noise_scale: Scale,
) -> Float[Tensor, "batch *shape"]:
    """Return the clean sound that a prediction u = p x0 + q n for x = a x0 + s n implies.

    Two equations with two unknowns: x0 = (q x - s u) / (q a - s p); `target_of` has p and q.

    Raises
    ------
    ValueError
        For another kind, or shapes that do not go together.

    Notebook: 15.
    """
    _check_alike(x, u, "prediction", "x")
    a, s = per_sound(signal, x), per_sound(noise_scale, x)
    p, q = _mixture(kind, a, s)
    return u if kind == "x0" else (q * x - s * u) / (q * a - s * p)


def noise_from_x0(
    x0: Float[Tensor, "batch *shape"],
    x: Float[Tensor, "batch *shape"],
    signal: Scale,
    noise_scale: Scale,
) -> Float[Tensor, "batch *shape"]:
    """Return the noise that is left of x once x0 is known: n = (x - a x0) / s.

    Raises
    ------
    ValueError
        For shapes that do not go together.

    Notebook: 15.
    """
    _check_alike(x, x0, "x0", "x")
    return (x - per_sound(signal, x) * x0) / per_sound(noise_scale, x)


def as_denoiser(predict: Denoiser, kind: Target) -> Denoiser:
    """Return the denoiser that a network which predicts noise, velocity or flow amounts to.

    Parameters
    ----------
    predict : predict(a (x0 + sigma n), sigma), trained with `simple_loss`; it sees the process
        of straight paths (`flow_scales`) for "flow", and else the one that preserves variance
        (`vp_scales`)
    kind : what it predicts

    Raises
    ------
    ValueError
        For another kind.

    Notebook: 15.
    """
    scales = _scales_of(kind)

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        a, s = scales(sigma)
        scaled = per_sound(a, x) * x
        return x0_from(kind, predict(scaled, sigma), scaled, a, s)

    return denoise


def denoise_at(
    denoise: Denoiser, x: Float[Tensor, "batch *shape"], signal: float, noise_scale: float
) -> Float[Tensor, "batch *shape"]:
    """Return the guess E[x0 | a x0 + s n = x], asking for denoise(x / a, s / a).

    Raises
    ------
    ValueError
        For a denoiser whose answer is not of x's shape.

    Notebook: 15.
    """
    guess = denoise(x / signal, x.new_full((len(x),), noise_scale / signal))
    _check_alike(x, guess, "denoised sound", "the noisy one")
    return guess


def simple_loss(
    predict: Denoiser,
    x0: Float[Tensor, "batch *shape"],
    sigma: Float[Tensor, "batch"],
    n: Float[Tensor, "batch *shape"],
    kind: Target = "noise",
) -> Float[Tensor, ""]:
    """Return the mean squared error of a prediction, || u - predict(a x0 + s n, sigma) ||^2.

    For "noise" it is the simplified bound of diffusion, for "flow" the loss of flow matching.

    Parameters
    ----------
    predict : the network, as `as_denoiser` takes it
    x0 : clean sounds
    sigma : noise levels, one a sound, such as sigmas_of(alpha_bar(betas))[t]
    n : standard normal
    kind : what is predicted; `target_of` has u

    Raises
    ------
    ValueError
        For another kind, or shapes that do not go together.

    References
    ----------
    Ho, Jain and Abbeel (2020), eq. 14; Liu, Gong and Liu (2023), "Flow straight and fast", eq. 1.
    Notebook: 15.
    """
    a, s = _scales_of(kind)(sigma)
    prediction = predict(diffuse(x0, a, s, n), sigma)
    _check_alike(x0, prediction, "prediction", "x0")
    return (target_of(kind, x0, n, a, s) - prediction).square().mean()


class Preconditioning(NamedTuple):
    """Four numbers a sound, each (batch,), that keep a network's input and target near one."""

    skip: Tensor
    out: Tensor
    into: Tensor
    noise: Tensor


def preconditioning(sigma: Float[Tensor, "batch"], sigma_data: float) -> Preconditioning:
    """Return c_skip, c_out, c_in and c_noise, with S^2 = sigma^2 + sigma_data^2.

    c_skip = sigma_data^2 / S^2,  c_out = sigma sigma_data / S,  c_in = 1 / S,
    c_noise = ln(sigma) / 4

    Raises
    ------
    TypeError, ValueError
        For a sigma_data that is not above 0.

    References
    ----------
    Karras et al. (2022), table 1. Notebook: 15.
    """
    sigma_data = check_number(sigma_data, "sigma_data", above=0)
    total = sigma**2 + sigma_data**2
    return Preconditioning(
        sigma_data**2 / total, sigma * sigma_data * total.rsqrt(), total.rsqrt(), sigma.log() / 4
    )


def preconditioned(network: Denoiser, sigma_data: float) -> Denoiser:
    """Return D(x, sigma) = c_skip x + c_out network(c_in x, c_noise).

    Raises
    ------
    TypeError, ValueError
        For a sigma_data, the standard deviation of the clean sounds, that is not above 0.

    References
    ----------
    Karras et al. (2022), eq. 7. Notebook: 15.
    """
    sigma_data = check_number(sigma_data, "sigma_data", above=0)

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        c = preconditioning(sigma, sigma_data)
        return per_sound(c.skip, x) * x + per_sound(c.out, x) * network(
            per_sound(c.into, x) * x, c.noise
        )

    return denoise


def edm_loss(
    denoise: Denoiser,
    x0: Float[Tensor, "batch *shape"],
    sigma: Float[Tensor, "batch"],
    n: Float[Tensor, "batch *shape"],
    sigma_data: float,
) -> Float[Tensor, ""]:
    """Return the mean of lambda(sigma) || D(x0 + sigma n, sigma) - x0 ||^2.

    lambda = (sigma^2 + sigma_data^2) / (sigma sigma_data)^2 = 1 / c_out^2, so that a
    preconditioned network that outputs zero costs about one at every noise level.

    Raises
    ------
    TypeError, ValueError
        For a sigma_data that is not above 0, or shapes that do not go together.

    References
    ----------
    Karras et al. (2022), eq. 2 and table 1. Notebook: 15.
    """
    weight = preconditioning(sigma, sigma_data).out ** -2
    guess = denoise(diffuse(x0, 1.0, sigma, n), sigma)
    _check_alike(x0, guess, "denoised sound", "x0")
    return (per_sound(weight, x0) * (guess - x0).square()).mean()


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


def guided(conditional: Denoiser, unconditional: Denoiser, scale: float) -> Denoiser:
    """Return D = D_u + scale (D_c - D_u), classifier-free guidance.

    A scale of 1 is no guidance: then the answer is `conditional` itself. Above 1, what the
    condition changes is exaggerated.

    Raises
    ------
    TypeError, ValueError
        For a scale that is not a finite number.

    References
    ----------
    Ho and Salimans (2022), "Classifier-free diffusion guidance", eq. 6, with scale = 1 + w.
    Notebook: 16.
    """
    scale = check_number(scale, "scale")
    if scale == 1:
        return conditional

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        free = unconditional(x, sigma)
        return free + scale * (conditional(x, sigma) - free)

    return denoise


def pinned(
    denoise: Denoiser,
    known: Float[Tensor, "batch *sound"],
    mask: Bool[Tensor, "*sound"],
    *,
    forward: Callable[[Tensor], Tensor] = lambda sound: sound,
    inverse: Callable[[Tensor], Tensor] = lambda x: x,
) -> Denoiser:
    """Return a denoiser that already knows part of the sound: inpainting.

    Its guess is forward(where(mask, known, inverse(D(x, sigma)))). An approximation: D still
    sees the known part through noise, of which less and less is left.

    Parameters
    ----------
    denoise : D
    known : the sound with the gap, whatever stands in the gap
    mask : True where the sound is known; of known's shape, or of one that broadcasts to it
    forward, inverse : to what the denoiser works on and back, for one that works on a transform

    Raises
    ------
    TypeError
        For a mask that is not boolean.
    ValueError
        For a mask that does not broadcast to `known`, a known part with NaN or infinity, or a
        guess whose sound is not of known's shape.

    References
    ----------
    Wang, Yu and Zhang (2023), "Zero-shot image restoration using denoising diffusion null-space
    model", with the mask for its operator A. Notebook: 16.
    """
    if mask.dtype != torch.bool:
        raise TypeError(f"need a boolean mask, True where the sound is known, got {mask.dtype}")
    try:
        mask = mask.expand_as(known)
    except RuntimeError as error:
        raise ValueError(
            f"need a mask for sounds of shape {tuple(known.shape)}, got {tuple(mask.shape)}"
        ) from error
    if not known[mask].isfinite().all():
        raise ValueError("need a finite sound where the mask is True, got NaN or infinity")

    def guess(x: Tensor, sigma: Tensor) -> Tensor:
        sound = inverse(denoise(x, sigma))
        _check_alike(known, sound, "denoised sound", "the known one")
        return forward(torch.where(mask, known.to(sound), sound))

    return guess


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


def _check_alike(x: Tensor, other: Tensor, name: str, like: str) -> None:
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


def _mixture(kind: Target, a: Scale, s: Scale) -> tuple[Scale, Scale]:
    """Return p and q of the target p x0 + q n."""
    _check_kind(kind)
    pairs: dict[Target, tuple[Scale, Scale]] = {
        "noise": (0.0, 1.0),
        "x0": (1.0, 0.0),
        "velocity": (-s, a),
        "flow": (-1.0, 1.0),
    }
    return pairs[kind]


def _scales_of(kind: Target) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Return the process that a network which predicts `kind` lives in."""
    _check_kind(kind)
    return flow_scales if kind == "flow" else vp_scales


def _check_kind(kind: Target) -> None:
    if kind not in get_args(Target):
        raise ValueError(f"need a target out of {get_args(Target)}, got {kind!r}")
