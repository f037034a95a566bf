"""Mixtures of logistics: a probability for each of 65,536 levels from a handful of numbers.

Notebook: 12.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch.nn import functional as F

STEP = 2.0**-15
"""The distance between two 16-bit levels, in amplitude."""


LEAST_LOG_SCALE = -13.0
"""Below about half of `STEP` a component is already certain of its level."""


def log_probability(
    parameters: Float[torch.Tensor, "*shape three_k"],
    codes: Int[torch.Tensor, "*shape"],
    edges: Float[torch.Tensor, "levels_plus_1"] | None = None,
) -> Float[torch.Tensor, "*shape"]:
    """Return ln P(code) under a mixture of K logistic laws, each integrated over the code's bin.

    With e_c the lower edge of level c's bin, sigma the logistic function, and the bins of the
    lowest and the highest level reaching to infinity::

        P(c) = sum_i pi_i [sigma((e_{c+1} - mu_i) / s_i) - sigma((e_c - mu_i) / s_i)]

    so that the levels share out a probability of exactly one. The difference is taken as
    ``sigma(b) - sigma(a) = sigma(b) sigma(-a) (1 - exp(a - b))``, which does not cancel.

    Parameters
    ----------
    parameters : K logits of pi, K means mu, and K ln s, side by side
    codes : from 0 to levels - 1
    edges : ascending amplitudes between which the bins lie; by default those of 16-bit levels,
        code * STEP - 1 -+ STEP / 2

    Raises
    ------
    ValueError
        For a number of parameters that is not a multiple of three, or codes out of range.

    References
    ----------
    Salimans, Karpathy, Chen and Kingma (2017), "PixelCNN++", eq. 1-2; used for sound by van den
    Oord et al. (2018), "Parallel WaveNet", section 2.1.
    """
    edges = sixteen_bit_edges(parameters) if edges is None else edges
    top = len(edges) - 2
    if codes.numel() and not 0 <= int(codes.min()) <= int(codes.max()) <= top:
        raise ValueError(
            f"need codes from 0 to {top}, got {int(codes.min())} to {int(codes.max())}; "
            "encode the sound on the grid whose edges these are"
        )
    logits, mean, log_scale = split(parameters)
    low = edges[codes].masked_fill(codes == 0, -torch.inf)
    high = edges[codes + 1].masked_fill(codes == top, torch.inf)
    mass = log_mass(mean, log_scale, low, high)
    return torch.logsumexp(F.log_softmax(logits, -1) + mass, -1)


def log_mass(
    mean: Float[torch.Tensor, "*shape k"],
    log_scale: Float[torch.Tensor, "*shape k"],
    low: Float[torch.Tensor, "*shape"],
    high: Float[torch.Tensor, "*shape"],
) -> Float[torch.Tensor, "*shape k"]:
    """Return ln of each law's probability between low and high, of which one may be infinite."""
    bottom, top = torch.isinf(low)[..., None], torch.isinf(high)[..., None]
    low, high = low[..., None], high[..., None]
    low, high = torch.where(bottom, high - 1, low), torch.where(top, low + 1, high)  # no 0 * inf
    precision = torch.exp(-log_scale)
    above, below = F.logsigmoid((high - mean) * precision), F.logsigmoid((mean - low) * precision)
    inside = above + below + torch.log(-torch.expm1((low - high) * precision))
    return torch.where(bottom, above, torch.where(top, below, inside))


def sixteen_bit_edges(like: torch.Tensor) -> Float[torch.Tensor, "levels_plus_1"]:
    """Return the edges of the bins of 16-bit levels, on the device and in the type of `like`."""
    middles = torch.arange(2**16 + 1, dtype=like.dtype, device=like.device)
    return (middles - 0.5) * STEP - 1


def split(
    parameters: Float[torch.Tensor, "*shape three_k"],
) -> tuple[
    Float[torch.Tensor, "*shape k"],
    Float[torch.Tensor, "*shape k"],
    Float[torch.Tensor, "*shape k"],
]:
    """Return logits, means and log scales, the last kept above `LEAST_LOG_SCALE`.

    Raises
    ------
    ValueError
        For a number of parameters that is not a multiple of three.
    """
    if parameters.shape[-1] % 3:
        raise ValueError(
            f"need 3 parameters a component, got {parameters.shape[-1]} in all: "
            "logits, means and log scales"
        )
    logits, mean, log_scale = parameters.chunk(3, -1)
    return logits, mean, log_scale.clamp(min=LEAST_LOG_SCALE)


def draw(
    parameters: Float[torch.Tensor, "*shape three_k"],
    uniforms: Float[torch.Tensor, "*shape 2"],
    temperature: float = 1.0,
    edges: Float[torch.Tensor, "levels_plus_1"] | None = None,
) -> Int[torch.Tensor, "*shape"]:
    """Return a code drawn with two uniform numbers: one picks the component, one the amplitude.

    x = mu_i + temperature * s_i (ln u - ln(1 - u)), the inverse of the logistic law's
    distribution function; the code is that of the bin which holds x. `choose` draws i.
    """
    logits, mean, log_scale = split(parameters)
    chosen = choose(logits, uniforms[..., 0], temperature)[..., None]
    u = uniforms[..., 1:].clamp(1e-7, 1 - 1e-7)
    spread = temperature * torch.exp(log_scale.gather(-1, chosen))
    x = mean.gather(-1, chosen) + spread * (torch.log(u) - torch.log1p(-u))
    edges = sixteen_bit_edges(parameters) if edges is None else edges
    return torch.bucketize(x[..., 0], edges[1:-1], right=True)


def choose(
    logits: Float[torch.Tensor, "*shape choices"],
    uniforms: Float[torch.Tensor, "*shape"],
    temperature: float = 1.0,
) -> Int[torch.Tensor, "*shape"]:
    """Return the first choice whose cumulative probability exceeds the uniform number.

    P(i) is proportional to exp(logit_i / temperature); at temperature 0 the likeliest is taken.
    """
    if temperature == 0:
        return logits.argmax(-1)
    heaps = torch.softmax(logits / temperature, -1).cumsum(-1)
    return (heaps <= uniforms[..., None] * heaps[..., -1:]).sum(-1).clamp(max=logits.shape[-1] - 1)


def around_last(
    raw: Float[torch.Tensor, "*shape three_k"], last: Float[torch.Tensor, "*shape"]
) -> Float[torch.Tensor, "*shape three_k"]:
    """Return a mixture's parameters with the means mu_i = x_{t-1} + s_i m_i.

    The network says in m_i how many scales the component lies from the last sample: it need not
    copy that sample through all its layers, and gradients do not grow as the scales shrink.
    """
    logits, steps, log_scale = split(raw)
    return torch.cat([logits, last[..., None] + steps * torch.exp(log_scale), log_scale], dim=-1)
