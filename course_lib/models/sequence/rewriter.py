"""Rewriters: networks that turn one string of symbols into another, such as its reversal.

The smallest task for a sequence-to-sequence core, where the right answer is known exactly.

Notebooks: 13, 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.core import Batches, Likelihood, PairBatch, check_codes, check_count, settle
from course_lib.models.sequence.seq2seq import Seq2Seq, Seq2SeqConfig
from course_lib.models.sequence.transformer import Transformer, TransformerConfig


@dataclass(frozen=True)
class RewriterConfig:
    """What a `Rewriter` is made of.

    Parameters
    ----------
    symbols : different ones; a string is made of the numbers 0 to symbols - 1
    core : the shape of the network between the strings
    embedding : numbers that stand for the symbol said last
    """

    symbols: int = 10
    core: Seq2SeqConfig | TransformerConfig = field(default_factory=Seq2SeqConfig)
    embedding: int = 32

    def __post_init__(self) -> None:
        settle(self, symbols=check_count(self.symbols, "symbols"))
        settle(self, embedding=check_count(self.embedding, "embedding"))


class Rewriter(nn.Module):
    """A probability for each answer to a string.

    ::

        log P(Y | X) = sum_t log P(y_t | y_1, ..., y_{t-1}, X)

    The last y_t is the end, a symbol of its own, so that the probabilities of all answers of all
    lengths sum to one.

    Parameters
    ----------
    config : what the network is made of
    seed : of the first weights

    Notebooks: 13, 14.
    """

    def __init__(self, config: RewriterConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        kind: Any = Seq2Seq if isinstance(config.core, Seq2SeqConfig) else Transformer
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.embedding = nn.Embedding(config.symbols + 1, config.embedding)
            self.core = kind(config.core, tokens=config.symbols + 1, inputs=config.embedding)
            self.output = nn.Linear(config.core.features, config.symbols + 1)

    def predict(
        self, batch: PairBatch
    ) -> tuple[Float[Tensor, "steps batch symbols"], Float[Tensor, "steps batch tokens"]]:
        """Return log P(y_t | y_1, ..., y_{t-1}, X) for every symbol, and the attention."""
        memory = self.core.encode(batch.tokens, batch.token_counts)
        first = torch.full_like(batch.targets[:1], self.config.symbols)
        features, weights = self.core.decode(
            memory, self.embedding(torch.cat((first, batch.targets[:-1])))
        )
        return torch.log_softmax(self.output(features).float(), dim=-1), weights

    def loss(self, batch: PairBatch, carry: None = None) -> tuple[Tensor, None]:
        """Return the mean nats of a symbol, and nothing to carry."""
        return -self._log_probabilities(batch).sum() / batch.target_counts.sum(), None

    def log_likelihood(self, string: Sequence[int], answer: Sequence[int]) -> Likelihood:
        """Return log P(answer, end | string); the answer may be empty.

        Raises
        ------
        TypeError, ValueError
            For strings of anything but 0 to symbols - 1, or an empty string.
        """
        said = self._checked(answer) if len(answer) else np.empty(0, np.int64)
        batch = rewriting([(self._checked(string), said)], self.config.symbols)
        with torch.no_grad():
            return Likelihood(float(self._log_probabilities(batch).double().sum()))

    @torch.no_grad()
    def rewrite(
        self, strings: Sequence[Sequence[int]], *, most: int | None = None
    ) -> list[tuple[int, ...]]:
        """Return the answer to each string: at every step the likeliest symbol, until the end.

        Parameters
        ----------
        strings : of numbers from 0 to symbols - 1
        most : symbols at most; by default twice as many as the longest string has

        Raises
        ------
        TypeError, ValueError
            For no strings, an empty one, or anything but 0 to symbols - 1.
        """
        if not len(strings):
            raise ValueError("need one or more strings, got none")
        end = self.config.symbols
        tokens = [torch.from_numpy(self._checked(string)) for string in strings]
        counts = torch.tensor([len(string) for string in tokens])
        memory = self.core.encode(nn.utils.rnn.pad_sequence(tokens), counts)
        state, said = self.core.begin(memory), torch.full((len(tokens),), end)
        steps, finished = [], torch.zeros(len(tokens), dtype=torch.bool)
        for _ in range(2 * int(counts.max()) if most is None else check_count(most, "most")):
            (features, _), state = self.core.step(memory, state, self.embedding(said))
            said = self.output(features).argmax(-1)
            steps.append(said)
            finished |= said == end
            if finished.all():
                break
        answers = torch.stack(steps, dim=1).tolist()
        return [tuple(a[: a.index(end)] if end in a else a) for a in answers]

    def _log_probabilities(self, batch: PairBatch) -> Float[Tensor, "steps batch"]:
        log_probabilities, _ = self.predict(batch)
        chosen = log_probabilities.gather(-1, batch.targets[..., None]).squeeze(-1)
        return chosen * (torch.arange(len(chosen))[:, None] < batch.target_counts)

    def _checked(self, string: Sequence[int]) -> np.ndarray:
        return check_codes(string, self.config.symbols, name="symbols")


def rewriting(pairs: Sequence[tuple[np.ndarray, np.ndarray]], symbols: int) -> PairBatch:
    """Return strings and answers as a batch, padded; the end, `symbols`, follows each answer.

    Raises
    ------
    ValueError
        For no pairs.
    """
    if not pairs:
        raise ValueError("need one or more pairs of a string and its answer, got none")
    strings = [torch.from_numpy(string) for string, _ in pairs]
    answers = [torch.from_numpy(np.append(answer, symbols)) for _, answer in pairs]
    pad = nn.utils.rnn.pad_sequence
    return PairBatch(
        pad(strings),
        torch.tensor([len(string) for string in strings]),
        pad(answers),
        torch.tensor([len(answer) for answer in answers]),
    )


def reversals(symbols: int, *, shortest: int, longest: int, size: int, seed: int) -> Batches:
    """Return endless batches of random strings and their reversals.

    Parameters
    ----------
    symbols : different ones
    shortest, longest : symbols in a string
    size : strings in a batch
    seed : of the whole run

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or a shortest string that is longer than the longest.

    Notebooks: 13, 14.
    """
    symbols = check_count(symbols, "symbols")
    size = check_count(size, "size")
    longest, shortest = check_count(longest, "longest"), check_count(shortest, "shortest")
    if longest < shortest:
        raise ValueError(f"need longest of at least shortest = {shortest}, got {longest}")

    def batch(index: int) -> PairBatch:
        rng = np.random.default_rng([seed, index])
        lengths = rng.integers(shortest, longest + 1, size)
        strings = [rng.integers(symbols, size=length) for length in lengths]
        return rewriting([(string, string[::-1]) for string in strings], symbols)

    return batch
