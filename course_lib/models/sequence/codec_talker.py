"""A codec language model: text in, codes of a residual codec out, and from these sound.

Notebook: 18.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import (
    Likelihood,
    PairBatch,
    check_count,
    check_generator,
    check_number,
    settle,
)
from course_lib.models.latent.residual import CodecConfig, SpeechCodec
from course_lib.models.latent.vqvae import checked_codes
from course_lib.models.sequence.aloud import ReadsAloud
from course_lib.models.sequence.spoken import Spoken
from course_lib.models.sequence.transformer import (
    Transformer,
    TransformerConfig,
    positional_encoding,
)

Chooser: TypeAlias = Callable[[Tensor], Tensor]
"""From logits, the last axis of which is that of the codes, to codes."""


@dataclass(frozen=True)
class CodecTalkerConfig:
    """What a `CodecTalker` is made of.

    Parameters
    ----------
    vocabulary : the words that it can say; each is one token
    codec : whose codes it says
    stages : of the codec, the first so many, are said; more are finer and cost more
    core : the Transformer between words and codes
    group : sets of codes that one step says
    prenet : units of the two layers that hear the last step's codes
    head : units of each `CodeHead`
    dropout : probability with which each unit of the prenet is silenced in training
    input_dropout : of each text in training, up to this share of steps hears nothing
    aligned : weight of `misplaced` in the training loss

    Raises
    ------
    TypeError, ValueError
        For no words, counts below 1, or numbers out of range.
    """

    vocabulary: tuple[str, ...]
    codec: CodecConfig = field(default_factory=CodecConfig)
    stages: int = 4
    core: TransformerConfig = field(default_factory=TransformerConfig)
    group: int = 4
    prenet: int = 128
    head: int = 64
    dropout: float = 0.25
    input_dropout: float = 0.5
    aligned: float = 1.0

    def __post_init__(self) -> None:
        if not self.vocabulary:
            raise ValueError("need at least one word in the vocabulary, got none")
        for name in ("group", "prenet", "head"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(
            self,
            stages=self.codec.some(self.stages),
            dropout=check_number(self.dropout, "dropout", minimum=0, below=1),
            input_dropout=check_number(self.input_dropout, "input_dropout", minimum=0, maximum=1),
            aligned=check_number(self.aligned, "aligned", minimum=0),
        )


def misplaced(
    weights: Float[Tensor, "steps batch tokens"],
    places: Int[Tensor, "steps batch"],
    step_counts: Int[Tensor, "batch"],
) -> Float[Tensor, ""]:
    """Return how much attention lies beside the word being said, from 0 (none) to 1 (all of it).

    The mean over an utterance's T steps of 1 - A[t, place of t]. `guided_penalty` assumes an even
    pace; this is for sentences of which it is known when each word is said.

    Parameters
    ----------
    weights : A
    places : the token that each step says
    step_counts : T of each utterance; the rest is padding

    Notebook: 18.
    """
    beside = 1 - weights.gather(2, places[..., None]).squeeze(-1)
    step = torch.arange(len(weights), device=weights.device)[:, None]
    return (beside * (step < step_counts) / step_counts).sum(0).mean()


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


class CodecTalker(ReadsAloud):
    """Probabilities of the codes of a codec, given words.

    ::

        log P(Y, Z | X) = sum_t [ sum_i log P(c_ti | c_t1, ..., c_t(i-1), past of t)
                                  + log P(e_t | past of t) ]

    Y_t are the codes of a group of sets, which a step says, c_t1, ..., c_tn. e_t is 1 where the
    step is the last of its word, and 0 elsewhere; from these follows z_t, the place of the word
    that step t says, and after the last word it is over. The past of t is Y_1, ..., Y_{t-1}, z_1,
    ..., z_t and the words X. A Transformer hears the vectors that Y_{t-1} stands for and the place
    z_t, and looks at X; a `CodeHead` says one code after another.

    Unlike a `Talker`'s density this is a probability, and one can draw from it. No word can be
    left out, since places move by one; a word can still be cut short, or be another.

    Parameters
    ----------
    config : what the network is made of
    seed : of the first weights; those of the codec are learned beforehand, and stay as they are

    References
    ----------
    Wang et al. (2023), "Neural codec language models are zero-shot text to speech synthesizers"
    (VALL-E: codes of a residual codec, given text); Raffel et al. (2017), "Online and linear-time
    attention by enforcing monotonic alignments" (places that only move on). Notebook: 18.
    """

    def __init__(self, config: CodecTalkerConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self._ids = {word: i for i, word in enumerate(config.vocabulary)}
        codec, core = config.codec, config.core
        self.codec = SpeechCodec(codec, seed=seed).requires_grad_(False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.prenet = nn.ModuleList(
                nn.Linear(inputs, config.prenet)
                for inputs in (config.group * codec.width, config.prenet)
            )
            self.core = Transformer(core, tokens=len(self._ids), inputs=config.prenet + core.width)
            self.head = CodeHead(
                core.features,
                group=config.group,
                stages=config.stages,
                codes=codec.codes,
                width=codec.width,
                hidden=config.head,
            )
            self.end = nn.Linear(core.features, 1)

    def tokens(self, words: Sequence[str]) -> Int[np.ndarray, "tokens"]:
        """Return the tokens of words, one for each."""
        return np.array([self._ids[word] for word in self._known(words)])

    # ------------------------------------------------------------ learning

    def predict(
        self, batch: PairBatch, *, dropout: bool = False
    ) -> tuple[
        Float[Tensor, "steps batch count codes"],
        Float[Tensor, "steps batch"],
        Float[Tensor, "steps batch tokens"],
    ]:
        """Return the logits of codes and of a word's end, and the attention, at every step.

        All steps are computed at once, since what each hears is known.

        Parameters
        ----------
        batch : words and codes, as `coded_pairs` makes them
        dropout : whether some of what is heard is left out, drawn from ``batch.seed``
        """
        codes, places = self.groups(batch)
        memory = self.core.encode(batch.tokens, batch.token_counts)
        generator = torch.Generator().manual_seed(batch.seed) if dropout else None
        vectors = self._vectors(codes)
        sums = self._sums(vectors)
        said = torch.cat((torch.zeros_like(sums[:1]), sums[:-1]))
        features, weights = self.core.decode(memory, self._listen(said, places, generator))
        logits = self.head(features, vectors, self._books)
        return logits, self.end(features).squeeze(-1), weights

    def step_log_likelihoods(
        self, batch: PairBatch, *, dropout: bool = False
    ) -> tuple[Float[Tensor, "steps batch"], Float[Tensor, "steps batch tokens"]]:
        """Return log P(Y_t, e_t | past of t) at every step, zero in the padding.

        The attention is returned beside it.
        """
        logits, ends, weights = self.predict(batch, dropout=dropout)
        codes, places = self.groups(batch)
        chosen = logits.log_softmax(-1).gather(-1, codes[..., None]).squeeze(-1).sum(-1)
        # A step ends its word where the next step has another, or where all is over
        step = torch.arange(len(codes), device=codes.device)[:, None]
        counts = batch.target_counts // self.config.group
        follows = torch.cat((places[1:], places[-1:]))
        last = (follows != places) | (step == counts - 1)
        ending = nn.functional.logsigmoid(torch.where(last, ends, -ends))
        return (chosen + ending) * (step < counts), weights

    def log_likelihood(
        self,
        words: Sequence[str],
        codes: Int[np.ndarray, "sets stages"],
        places: Int[np.ndarray, "sets"],
    ) -> Likelihood:
        """Return log P(codes, places | words), the log of a probability.

        Parameters
        ----------
        words : of the text
        codes : of the stages that this talker says
        places : the word that each set says, counted from 0

        Raises
        ------
        TypeError, ValueError
            For words outside the vocabulary, codes that are not the codec's, or places that
            `checked_places` refuses.
        """
        config = self.config
        codes = checked_codes(codes, config.codec.codes, (None, config.stages))
        tokens = self.tokens(words)
        places = checked_places(places, len(codes), len(tokens), config.group)
        with torch.no_grad():
            logs, _ = self.step_log_likelihoods(coded_pairs([(tokens, codes, places)]))
        return Likelihood(float(logs.double().sum()))

    def loss(self, batch: PairBatch, carry: None = None) -> tuple[Tensor, None]:
        """Return the mean nats of a code, with `misplaced` added, and nothing to carry.

        In training mode, and nowhere else, some of what is heard is left out.

        Raises
        ------
        ValueError
            For a batch that does not say where its words are.
        """
        logs, weights = self.step_log_likelihoods(batch, dropout=self.training)
        nats = -logs.sum() / (batch.target_counts.sum() * self.config.stages)
        _, places = self.groups(batch)
        steps = batch.target_counts // self.config.group
        return nats + self.config.aligned * misplaced(weights.float(), places, steps), None

    def groups(
        self, batch: PairBatch
    ) -> tuple[Int[Tensor, "steps batch count"], Int[Tensor, "steps batch"]]:
        """Return the codes of each step, one set after another, and the word that it says.

        Raises
        ------
        ValueError
            For a batch without places, or whose sets do not make whole steps.
        """
        if batch.places is None:
            raise ValueError("need a batch with places, the word that each set of codes says")
        group = self.config.group
        if len(batch.targets) % group or (batch.target_counts % group).any():
            raise ValueError(
                f"need whole steps of {group} sets of codes, got {batch.target_counts.tolist()} "
                "sets; fill words up with silence"
            )
        codes = batch.targets.unflatten(0, (-1, group)).transpose(1, 2).flatten(2)
        return codes, batch.places[::group]

    @property
    def _books(self) -> Float[Tensor, "stages codes width"]:
        books: Any = self.codec.quantiser.stages
        return torch.stack([stage.codebook for stage in books[: self.config.stages]])

    def _vectors(self, codes: Int[Tensor, "*batch count"]) -> Float[Tensor, "*batch count width"]:
        """Return the vector of each code of a step, in its stage's codebook."""
        stage = torch.arange(codes.shape[-1], device=codes.device) % self.config.stages
        return self._books[stage, codes]

    def _sums(self, vectors: Tensor) -> Float[Tensor, "*batch group_width"]:
        """Return what the sets of a step stand for, side by side."""
        return vectors.unflatten(-2, (self.config.group, -1)).sum(-2).flatten(-2)

    def _listen(
        self, said: Tensor, places: Tensor, generator: torch.Generator | None
    ) -> Float[Tensor, "*batch inputs"]:
        """Return what the Transformer is told: of vectors, what the prenet makes, and the place.

        With a generator, some of what is heard is left out.
        """
        keep = 1 - self.config.dropout
        for layer in self.prenet:
            said = torch.relu(layer(said))
            if generator is not None and keep < 1:
                on = torch.rand(said.shape, generator=generator) < keep
                said = said * on.to(said) / keep
        if generator is not None and self.config.input_dropout:
            steps, size, _ = said.shape
            share = self.config.input_dropout * torch.rand(size, generator=generator)
            hears = torch.rand(steps, size, generator=generator) >= share
            said = said * hears[..., None].to(said)
        where = positional_encoding(int(places.max()) + 1, self.config.core.width).to(said)
        return torch.cat((said, where[places]), -1)

    # ------------------------------------------------------------ speaking

    def speak(
        self,
        texts: Sequence[Sequence[str]],
        *,
        most_frames: int | None = None,
        temperature: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> list[Spoken]:
        """Read several texts at once; the frames are what the codec makes of the codes.

        Parameters
        ----------
        texts : the words of each
        most_frames : where to stop, should the network not come to an end by itself; by default a
            second and a half for each word
        temperature : 0 for the likeliest code each time; 1 to draw codes
        rng : draws the codes; needed unless the temperature is 0

        Raises
        ------
        TypeError, ValueError
            For no texts, words outside the vocabulary, less than one frame, or settings out of
            range.
        """
        said = self.codes(texts, most_frames=most_frames, temperature=temperature, rng=rng)
        return [
            Spoken(tuple(words), self.codec.frames(one.codes), one.weights, one.stopped)
            for words, one in zip(texts, said, strict=True)
        ]

    @torch.no_grad()
    def codes(
        self,
        texts: Sequence[Sequence[str]],
        *,
        most_frames: int | None = None,
        temperature: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> list[SaidCodes]:
        """Return the codes of several texts; the arguments are those of `speak`."""
        if not texts:
            raise ValueError("need at least one text to read, got none")
        if most_frames is None:
            most_frames = 120 * max(map(len, texts))
        frames = check_count(most_frames, "most_frames")
        choose, finish = _choosers(temperature, rng)
        # Read the words
        device, config = self.end.weight.device, self.config
        tokens = [torch.from_numpy(self.tokens(words)) for words in texts]
        counts = torch.tensor([len(t) for t in tokens], device=device)
        memory = self.core.encode(nn.utils.rnn.pad_sequence(tokens).to(device), counts)
        state, books = self.core.begin(memory), self._books
        said = books.new_zeros(len(texts), config.group * books.shape[-1])
        places, lengths = torch.zeros_like(counts), torch.zeros_like(counts)
        # Say step after step: hear the last one, know the place, look at the words
        steps: list[Tensor] = []
        looks: list[Tensor] = []
        spoken: list[Tensor] = []
        while len(steps) * config.group * config.codec.stride < frames and (places < counts).any():
            here = torch.minimum(places, counts - 1)
            heard = self._listen(said, here, None)
            (features, weights), state = self.core.step(memory, state, heard)
            codes, vectors = self.head.say(features, books, choose)
            said = self._sums(vectors)
            for kept, new in ((steps, codes), (looks, weights), (spoken, here)):
                kept.append(new)
            lengths += places < counts
            places = places + finish(self.end(features).squeeze(-1)).long()
        # Cut each reading where it ended
        sets = torch.stack(steps, 1).unflatten(-1, (config.group, config.stages)).cpu().numpy()
        attention, where = (torch.stack(x, 1).cpu().numpy() for x in (looks, spoken))
        return [
            SaidCodes(
                sets[i, :n].reshape(-1, config.stages),
                where[i, :n].repeat(config.group),
                attention[i, :n, : len(tokens[i])],
                bool(places[i] >= counts[i]),
            )
            for i, n in enumerate(lengths.tolist())
        ]


@dataclass(frozen=True, eq=False)
class SaidCodes:
    """What a codec talker says of a text.

    Attributes
    ----------
    codes : of the codec's first stages
    places : the word that each set says
    weights : how much each step looked at each word
    stopped : whether the network said itself that the last word had ended
    """

    codes: Int[np.ndarray, "sets stages"]
    places: Int[np.ndarray, "sets"]
    weights: Float[np.ndarray, "steps tokens"]
    stopped: bool


def _choosers(temperature: float, rng: np.random.Generator | None) -> tuple[Chooser, Chooser]:
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


def checked_places(places: object, sets: int, words: int, group: int) -> np.ndarray:
    """Return the places of a sentence's words, or say what is wrong with them.

    Raises
    ------
    TypeError, ValueError
        For places that are not one whole number for each set; that do not begin at 0, move by 0
        or 1, and end at the last word; or that move, or end, within a step.
    """
    array = np.asarray(places)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"need places that are whole numbers, got {array.dtype}")
    if array.shape != (sets,):
        raise ValueError(f"need a place for each of {sets} sets of codes, got shape {array.shape}")
    moves = np.diff(array)
    if array[0] != 0 or array[-1] != words - 1 or not np.isin(moves, (0, 1)).all():
        raise ValueError(f"need places from 0 to {words - 1} that move by 0 or 1, got {array}")
    if sets % group or ((np.flatnonzero(moves) + 1) % group).any():
        raise ValueError(f"need words of whole steps of {group} sets; fill them up with silence")
    return array.astype(np.int64)


def coded_pairs(
    examples: Sequence[
        tuple[Int[np.ndarray, "tokens"], Int[np.ndarray, "sets stages"], Int[np.ndarray, "sets"]]
    ],
    *,
    seed: int = 0,
) -> PairBatch:
    """Return words and codes of several sentences as a batch; zeros pad the codes.

    Parameters
    ----------
    examples : of each sentence `CodecTalker.tokens`, its codes, and the token that each set says
    seed : as in `PairBatch`

    Raises
    ------
    ValueError
        For no examples, or one without tokens or codes.
    """
    if not examples:
        raise ValueError("need at least one example for a batch, got none")
    tokens, codes, places = (
        [torch.from_numpy(part) for part in parts] for parts in zip(*examples, strict=True)
    )
    pad = nn.utils.rnn.pad_sequence
    return PairBatch(
        pad(tokens),
        torch.tensor([len(t) for t in tokens]),
        pad(codes),
        torch.tensor([len(c) for c in codes]),
        seed,
        places=pad(places),
    )
