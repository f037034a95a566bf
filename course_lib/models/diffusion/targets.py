"""What a network learns to predict, and the losses that teach it: targets, preconditioning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias, get_args

from jaxtyping import Float
from torch import Tensor

from course_lib.core import check_number
from course_lib.models.diffusion.process import (
    Denoiser,
    Scale,
    check_alike,
    diffuse,
    flow_scales,
    per_sound,
    vp_scales,
)

Target: TypeAlias = Literal["noise", "x0", "velocity", "flow"]
"""What a network predicts; `target_of` has the equations."""


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
    check_alike(x0, n, "n", "x0")
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
    check_alike(x, u, "prediction", "x")
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
    check_alike(x, x0, "x0", "x")
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
    check_alike(x, guess, "denoised sound", "the noisy one")
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
    check_alike(x0, prediction, "prediction", "x0")
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
    check_alike(x0, guess, "denoised sound", "x0")
    return (per_sound(weight, x0) * (guess - x0).square()).mean()


def _check_kind(kind: Target) -> None:
    if kind not in get_args(Target):
        raise ValueError(f"need a target out of {get_args(Target)}, got {kind!r}")


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
