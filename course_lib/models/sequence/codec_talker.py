"""A codec language model: text in, codes of a residual codec out, and from these sound.

Notebook: 18.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import (
    Likelihood,
    PairBatch,
    check_count,
    check_number,
    settle,
)
from course_lib.models.latent.residual import CodecConfig, SpeechCodec
from course_lib.models.latent.vqvae import checked_codes
from course_lib.models.sequence.aloud import ReadsAloud
from course_lib.models.sequence.code_head import CodeHead, choosers
from course_lib.models.sequence.coded import checked_places, coded_pairs, misplaced
from course_lib.models.sequence.spoken import Spoken
from course_lib.models.sequence.transformer import (
    Transformer,
    TransformerConfig,
    positional_encoding,
)


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
        features, weights = self.core.decode(memory, self._hear(said, places, generator))
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

    def _hear(
        self, said: Tensor, places: Tensor, generator: torch.Generator | None
    ) -> Float[Tensor, "*batch inputs"]:
        """Return what the Transformer is told: of vectors, what the prenet makes, and the place.

        With a generator, some of what is heard is left out.
        """
        said = self._listen(said, generator)
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
        tokens = [torch.from_numpy(self.tokens(words)) for words in texts]
        longest = 120 * max(map(len, texts)) if most_frames is None else most_frames
        frames = check_count(longest, "most_frames")
        choose, finish = choosers(temperature, rng)
        # Read the words
        device, config = self.end.weight.device, self.config
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
            heard = self._hear(said, here, None)
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
