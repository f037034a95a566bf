"""Vectors rounded to the nearest of a codebook, and how a network learns through the rounding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import check_count, check_number


def nearest_codes(
    h: Float[Tensor, "*batch width"], codebook: Float[Tensor, "codes width"]
) -> Int[Tensor, "*batch"]:
    """Return argmin_k |h - e_k|^2, the code of each vector; of equals, the first.

    |h - e|^2 = |h|^2 - 2 h.e + |e|^2, and the first term is the same for every code.

    References
    ----------
    Van den Oord, Vinyals and Kavukcuoglu (2017), "Neural discrete representation learning".
    Notebook: 09.
    """
    return (codebook.square().sum(-1) - 2 * h @ codebook.T).argmin(-1)


def straight_through(
    h: Float[Tensor, "*shape"], quantised: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Return `quantised`, whose gradient goes to h as if nothing had been rounded.

    References
    ----------
    Bengio, Léonard and Courville (2013), "Estimating or propagating gradients through stochastic
    neurons for conditional computation". Notebook: 09.
    """
    return h + (quantised - h).detach()


def perplexity(codes: Int[np.ndarray, "*batch"] | Int[Tensor, "*batch"], count: int) -> float:
    """Return exp(-sum_k p_k ln p_k): how many codes are used, as if all equally often.

    Parameters
    ----------
    codes : from 0 to count - 1, of any shape
    count : of codes in the codebook

    Raises
    ------
    TypeError, ValueError
        For no codes, or codes out of range.
    """
    count, flat = check_count(count, "count"), np.asarray(codes).ravel()
    if flat.size == 0 or flat.min() < 0 or flat.max() >= count:
        raise ValueError(f"need one or more codes from 0 to {count - 1}, got {codes!r}")
    share = np.bincount(flat, minlength=count) / flat.size
    used = share[share > 0]
    return float(np.exp(-(used * np.log(used)).sum()))


class Quantised(NamedTuple):
    """What `VectorQuantiser` returns.

    Attributes
    ----------
    values : the codebook's vectors, with the straight-through gradient
    codes : int64
    commitment : mean of |h - e|^2 over all numbers; its gradient pulls h towards e alone
    """

    values: Tensor
    codes: Tensor
    commitment: Tensor


class VectorQuantiser(nn.Module):
    """A codebook that learns by moving averages, and revives codes that nobody uses.

    In training each code becomes the mean of the vectors that chose it lately::

        N_k <- decay N_k + (1 - decay) n_k
        m_k <- decay m_k + (1 - decay) sum h
        e_k = m_k / N_k

    A code whose N_k falls below `dead` times the mean is moved onto a vector of the batch, drawn
    at random. At the start all are dead, so the first batch fills the codebook.

    Parameters
    ----------
    count : of codes
    width : numbers in a vector
    decay : of the averages; below 1
    dead : share of the mean use below which a code is moved; 0 lets the dead lie

    Raises
    ------
    TypeError, ValueError
        For settings out of range.

    References
    ----------
    Van den Oord et al. (2017), appendix A.1; Dhariwal et al. (2020), "Jukebox", "Random restarts
    for embeddings", for the revival. Notebook: 09.
    """

    codebook: Tensor
    uses: Tensor
    sums: Tensor

    def __init__(self, count: int, width: int, *, decay: float = 0.97, dead: float = 0.1) -> None:
        super().__init__()
        self.count = check_count(count, "count")
        self.decay = check_number(decay, "decay", minimum=0, below=1)
        self.dead = check_number(dead, "dead", minimum=0, below=1)
        shape = (self.count, check_count(width, "width"))
        self.register_buffer("codebook", torch.randn(shape))
        self.register_buffer("uses", torch.zeros(self.count))
        self.register_buffer("sums", torch.zeros(shape))

    def forward(
        self, h: Float[Tensor, "*batch width"], generator: torch.Generator | None = None
    ) -> Quantised:
        """Return each vector's nearest code; in training, learn from them first.

        Parameters
        ----------
        h : vectors
        generator : draws where dead codes go; needed in training alone
        """
        codes = nearest_codes(h.detach(), self.codebook)
        values = self.codebook[codes].clone()  # learning must not move what the gradient needs
        if self.training and generator is not None:
            self._learn(h.detach().flatten(0, -2), codes.flatten(), generator)
        return Quantised(straight_through(h, values), codes, (h - values).square().mean())

    def vectors(self, codes: Int[Tensor, "*batch"]) -> Float[Tensor, "*batch width"]:
        """Return the codebook's vectors."""
        return self.codebook[codes]

    def _learn(self, h: Tensor, codes: Tensor, generator: torch.Generator) -> None:
        """Move the averages towards what the codes were chosen for, and revive the dead."""
        new = torch.zeros_like(self.uses).index_add_(0, codes, torch.ones_like(h[:, 0]))
        sums = torch.zeros_like(self.sums).index_add_(0, codes, h)
        self.uses.lerp_(new, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        mean = self.uses.mean()
        if self.dead > 0:
            dead = self.uses < self.dead * mean
            chosen = torch.randint(len(h), (int(dead.sum()),), generator=generator)
            self.uses[dead] = mean
            self.sums[dead] = h[chosen.to(h.device)] * mean
        alive = self.uses > 1e-6 * mean
        self.codebook[alive] = self.sums[alive] / self.uses[alive, None]
