"""How a codec talker says the codes of a step: one after another, each given those before it.

Notebook: 18.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import check_generator, check_number

Chooser: TypeAlias = Callable[[Tensor], Tensor]
"""From logits, the last axis of which is that of the codes, to codes."""


class CodeHead(nn.Module):
    """What codes follow one another within a step, given what the Transformer made of its past.

    A step says n = group x stages codes, and the i-th depends on those before it::

        P(c_1, ..., c_n | f) = prod_i P(c_i | f, c_1, ..., c_{i-1})
        P(c_i = k | ...) = softmax_k(e_k . q_i + b_ik)
        q_i = V_i relu(U_i f + W_i r_i)

    r_i holds the vectors that the codes before i stand for, of each set their sum; e_k are the
    vectors of the codebook, in units of their deviation. So codes whose vectors lie close together
    begin with close probabilities, and the head need not learn where the codes lie.

    Parameters
    ----------
    features : numbers in f
    group, stages, codes, width : sets in a step, codes in a set, vectors in a codebook, numbers
        in a vector
    hidden : units for each code

    References
    ----------
    Lee et al. (2022), "Autoregressive image generation using residual quantization" (a Transformer
    across sets of codes, a small network within a set). Notebook: 18.
    """

    def __init__(
        self, features: int, *, group: int, stages: int, codes: int, width: int, hidden: int
    ) -> None:
        super().__init__()
        self.group, self.stages = group, stages
        count = group * stages
        self.features = nn.Linear(features, count * hidden)
        self.before = nn.Parameter(torch.randn(count, group * width, hidden) * 0.1)
        self.query = nn.Parameter(torch.randn(count, hidden, width) / hidden**0.5 * 0.1)
        self.bias = nn.Parameter(torch.zeros(count, codes))

    def forward(
        self,
        features: Float[Tensor, "*batch features"],
        vectors: Float[Tensor, "*batch count width"],
        books: Float[Tensor, "stages codes width"],
    ) -> Float[Tensor, "*batch count codes"]:
        """Return the logits of every code of a step at once, given those before each.

        Parameters
        ----------
        features : f
        vectors : what the step's own codes stand for; those from the i-th on do not change the
            logits of the i-th
        books : the codebooks
        """
        before = self._before(vectors).movedim(-2, 0).flatten(1, -2)  # (count, B, group width)
        told = self.features(features).unflatten(-1, (len(self.bias), -1))
        told = told.movedim(-2, 0).flatten(1, -2)
        logits = self._logits(slice(None), told, before, books)
        return logits.movedim(0, 1).unflatten(0, features.shape[:-1])

    def say(
        self,
        features: Float[Tensor, "batch features"],
        books: Float[Tensor, "stages codes width"],
        choose: Chooser,
    ) -> tuple[Int[Tensor, "batch count"], Float[Tensor, "batch count width"]]:
        """Return the codes of a step, one after another, and the vectors they stand for.

        Parameters
        ----------
        features : f
        books : the codebooks
        choose : from logits (batch, codes) to codes (batch,)
        """
        told = self.features(features).unflatten(-1, (len(self.bias), -1))
        vectors = features.new_zeros(len(features), len(self.bias), books.shape[-1])
        codes = []
        for i in range(len(self.bias)):
            before = self._before(vectors)[None, :, i]
            logits = self._logits(slice(i, i + 1), told[None, :, i], before, books)[0]
            codes.append(choose(logits))
            vectors[:, i] = books[i % self.stages][codes[-1]]
        return torch.stack(codes, -1), vectors

    def _logits(self, which: slice, told: Tensor, before: Tensor, books: Tensor) -> Tensor:
        """Return the logits of some of the codes, which come first in all tensors."""
        hidden = torch.relu(told + before @ self.before[which])
        unit = (books / books.std((1, 2), keepdim=True)).repeat(self.group, 1, 1)[which]
        return hidden @ self.query[which] @ unit.mT + self.bias[which, None]

    def _before(self, vectors: Tensor) -> Float[Tensor, "*batch count group_width"]:
        """Return, for each code, the sums of the vectors before it, a sum for each set."""
        sets = torch.arange(vectors.shape[-2], device=vectors.device) // self.stages
        place = nn.functional.one_hot(sets, self.group).to(vectors)  # (count, group)
        spread = (vectors[..., None, :] * place[..., None]).flatten(-2)
        return spread.cumsum(-2) - spread


def choosers(temperature: float, rng: np.random.Generator | None) -> tuple[Chooser, Chooser]:
    """Return how codes are chosen from their logits, and how it is decided that a word ends."""
    temperature = check_number(temperature, "temperature", minimum=0)
    if temperature == 0:
        return lambda logits: logits.argmax(-1), lambda logits: logits > 0
    generator = torch.Generator().manual_seed(int(check_generator(rng).integers(2**62)))

    def choose(logits: Tensor) -> Tensor:
        shares = (logits / temperature).softmax(-1).cpu()
        return torch.multinomial(shares, 1, generator=generator)[:, 0].to(logits.device)

    def finish(logits: Tensor) -> Tensor:
        drawn = torch.rand(logits.shape, generator=generator).to(logits)
        return drawn < torch.sigmoid(logits / temperature)

    return choose, finish
