"""Attention: which of the things read matters for what is being said.

Queries ask, keys answer, and a softmax turns how well they agree into weights that sum to one.

Notebooks: 13 (additive and location-sensitive), 14 (scaled dot product, several heads).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.core import check_count, check_number


def attention_weights(
    energies: Float[Tensor, "*batch tokens"], mask: Bool[Tensor, "*#batch tokens"] | None = None
) -> Float[Tensor, "*batch tokens"]:
    """Return a softmax over the tokens that are there: a_j = exp e_j / sum_k exp e_k.

    Parameters
    ----------
    energies : how well each token answers
    mask : True where a token may be attended to; others get a weight of exactly zero, and where
        there is none at all the weights are not numbers (NaN)

    Notebook: 13.
    """
    if mask is not None:
        energies = energies.masked_fill(~mask, -math.inf)
    precise = torch.promote_types(energies.dtype, torch.float32)  # bfloat16 has 8 bits
    return torch.softmax(energies, dim=-1, dtype=precise).to(energies.dtype)


class AdditiveAttention(nn.Module):
    """Attention by a small network, which may also see where it has looked so far.

    With s the decoder's state, h_j the j-th token's code, and a_j the sum of the weights that
    token j has had up to now::

        e_j = v . tanh(W s + V h_j + U f_j + b),     f = F * a     (a convolution along j)
        weights = softmax(e),    context = sum_j weights_j h_j

    Without the term U f_j this is Bahdanau's additive attention; with it, attention is sensitive
    to location and can move on from what has been said.

    Parameters
    ----------
    query, memory : numbers in s and in h_j
    units : of the small network
    filters, width : of the convolution F; no filters, no location; the width is odd

    Raises
    ------
    TypeError, ValueError
        For counts below 1 (of filters, below 0), or an even width.

    References
    ----------
    Bahdanau, Cho and Bengio (2015), "Neural machine translation by jointly learning to align and
    translate", section 3.1; Chorowski et al. (2015), "Attention-based models for speech
    recognition", eq. 8-9, with the sum of all earlier weights of Shen et al. (2018), "Natural TTS
    synthesis by conditioning WaveNet on mel spectrogram predictions". Notebook: 13.
    """

    def __init__(
        self, query: int, memory: int, units: int, *, filters: int = 0, width: int = 31
    ) -> None:
        super().__init__()
        query, memory = check_count(query, "query"), check_count(memory, "memory")
        units, filters = check_count(units, "units"), check_count(filters, "filters", minimum=0)
        width = check_count(width, "width")
        if width % 2 == 0:
            raise ValueError(f"need an odd width, so that filters have a middle, got {width}")
        self.query = nn.Linear(query, units)
        self.key = nn.Linear(memory, units, bias=False)
        self.energy = nn.Linear(units, 1, bias=False)
        self.filters = (
            nn.Conv1d(1, filters, width, padding=width // 2, bias=False) if filters else None
        )
        self.place = nn.Linear(filters, units, bias=False) if filters else None

    def forward(
        self,
        state: Float[Tensor, "batch query"],
        memory: Float[Tensor, "batch tokens memory"],
        keys: Float[Tensor, "batch tokens units"],
        mask: Bool[Tensor, "batch tokens"],
        so_far: Float[Tensor, "batch tokens"],
    ) -> tuple[Float[Tensor, "batch memory"], Float[Tensor, "batch tokens"]]:
        """Return the context and the weights.

        Parameters
        ----------
        state : s
        memory, keys : h_j, and V h_j, which do not change from step to step (``self.key(memory)``)
        mask : True where there is a token
        so_far : the sum of the weights of the steps before
        """
        seen = keys + self.query(state)[:, None]
        if self.filters is not None and self.place is not None:
            seen = seen + self.place(self.filters(so_far[:, None]).transpose(1, 2))
        weights = attention_weights(self.energy(torch.tanh(seen)).squeeze(-1), mask)
        return torch.einsum("bj,bjd->bd", weights, memory), weights


def guided_penalty(
    weights: Float[Tensor, "steps batch tokens"],
    step_counts: Int[Tensor, "batch"],
    token_counts: Int[Tensor, "batch"],
    *,
    width: float = 0.2,
) -> Float[Tensor, ""]:
    """Return how much attention lies off the diagonal, from 0 (none) to nearly 1 (all of it).

    The mean over an utterance's T steps of sum_j A_tj W_tj, with the N tokens and

        W_tj = 1 - exp(-(j / N - t / T)^2 / (2 g^2)).

    Speech reads its text from left to right at a fairly even pace: a network that is told so
    need not find it out.

    Parameters
    ----------
    weights : A
    step_counts, token_counts : T and N of each utterance; the rest is padding
    width : g

    Raises
    ------
    TypeError, ValueError
        For a width that is not above 0, or counts of other utterances.

    References
    ----------
    Tachibana, Uenoyama and Aihara (2018), "Efficiently trainable text-to-speech system based on
    deep convolutional networks with guided attention", section 4.1 (their mean also divides by N).
    Notebook: 13.
    """
    steps, size, tokens = weights.shape
    width = check_number(width, "width", above=0)
    for name, counts in (("step_counts", step_counts), ("token_counts", token_counts)):
        if counts.shape != (size,):
            raise ValueError(
                f"need {name} for each of {size} utterances, got shape {tuple(counts.shape)}"
            )
    device = weights.device
    t = torch.arange(steps, device=device)[:, None, None] / step_counts[:, None]
    n = torch.arange(tokens, device=device) / token_counts[:, None]
    off = 1 - torch.exp(-((n - t) ** 2) / (2 * width**2))
    spoken = torch.arange(steps, device=device)[:, None] < step_counts
    return ((weights * off).sum(-1) * spoken / step_counts).sum(0).mean()


def dot_product_attention(
    queries: Float[Tensor, "*batch steps width"],
    keys: Float[Tensor, "*batch tokens width"],
    values: Float[Tensor, "*batch tokens out"],
    mask: Bool[Tensor, "*#batch #steps tokens"] | None = None,
) -> tuple[Float[Tensor, "*batch steps out"], Float[Tensor, "*batch steps tokens"]]:
    """Return softmax(Q K^T / sqrt(d)) V, and the weights.

    A dot product of d independent numbers of variance 1 has variance d; the root brings it back
    to 1, where the softmax is neither flat nor hard.

    Parameters
    ----------
    mask : True where a query may look

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", eq. 1. Notebook: 14.
    """
    energies = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])
    weights = attention_weights(energies, mask)
    return weights @ values, weights
