"""Talkers: networks that read words aloud, frame by frame.

A talker is a sequence-to-sequence core (`Seq2Seq` or `Transformer`) between tokens and log-mel
frames: an embedding of the text before it, a small prenet that hears the last frame, and a
probability density over the next frames after it.

Notebooks: 13, 14.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import Likelihood, PairBatch, check_count
from course_lib.features.stft import check_spectrogram
from course_lib.models.sequence.aloud import ReadsAloud
from course_lib.models.sequence.attention import guided_penalty
from course_lib.models.sequence.configuration import END, TalkerConfig
from course_lib.models.sequence.frames import BANDS, SILENT
from course_lib.models.sequence.seq2seq import Seq2Seq, Seq2SeqConfig
from course_lib.models.sequence.spoken import Spoken
from course_lib.models.sequence.transformer import Transformer

ENOUGH = 0.25
"""A talker stops at the first step that is the last with more than this probability.

Which of two neighbouring steps is the last is often a toss-up, with less than a half for either;
to stop 50 ms early costs a little silence, to miss both costs the end."""

_CENTRE, _SPREAD = -6.0, 2.5  # about the mean and deviation of speech in log_mel


class Talker(ReadsAloud):
    """A density over log-mel frames given words, and a voice.

    With y_1, ..., y_S groups of frames, and mu_t the network's guess after hearing the last frame
    of group t - 1 and reading the text X::

        log p(Y | X) = sum_t [ sum_k log Laplace(y_tk; mu_tk, b_k) + log P(stop_t) ]
        log Laplace(y; mu, b) = -|y - mu| / b - ln(2 b)

    Every band has its own scale b, the same at all times, which is learned, too. "Stop" is yes
    at the last group and no before. Frames that pad the last group do not count.

    Parameters
    ----------
    config : what the network is made of
    seed : of the first weights

    References
    ----------
    Wang et al. (2017), "Tacotron: towards end-to-end speech synthesis" (prenet, groups of
    frames); Shen et al. (2018), "Natural TTS synthesis by conditioning WaveNet on mel spectrogram
    predictions" (stop). Notebooks: 13, 14.
    """

    def __init__(self, config: TalkerConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self._ids = {symbol: i for i, symbol in enumerate(config.symbols)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.prenet = nn.ModuleList(
                nn.Linear(inputs, config.prenet) for inputs in (BANDS, config.prenet)
            )
            kind: Any = Seq2Seq if isinstance(config.core, Seq2SeqConfig) else Transformer
            self.core = kind(config.core, tokens=len(config.symbols), inputs=config.prenet)
            self.output = nn.Linear(config.core.features, config.group * BANDS)
            self.stop = nn.Linear(config.core.features, 1)
            self.log_scale = nn.Parameter(torch.zeros(BANDS))

    # ---------------------------------------------------------------- text

    def tokens(self, words: Sequence[str]) -> Int[np.ndarray, "tokens"]:
        """Return the tokens of words: their letters, with spaces between, and the end."""
        return np.array([self._ids[symbol] for symbol in " ".join(self._known(words)) + END])

    # ------------------------------------------------------------ learning

    def predict(
        self,
        batch: PairBatch,
        *,
        heard: Float[Tensor, "steps batch bands"] | None = None,
        dropout: bool = False,
    ) -> tuple[
        Float[Tensor, "steps batch group_bands"],
        Float[Tensor, "steps batch"],
        Float[Tensor, "steps batch tokens"],
    ]:
        """Return the guesses mu, the logits of stopping, and the attention at every step.

        Parameters
        ----------
        batch : texts and their frames
        heard : what is heard before each step; None for the true frames (teacher forcing)
        dropout : whether units of the prenet are silenced, drawn from ``batch.seed``
        """
        memory = self.core.encode(batch.tokens, batch.token_counts)
        generator = torch.Generator().manual_seed(batch.seed) if dropout else None
        said = self.said_before(self.groups(batch)) if heard is None else heard
        features, weights = self.core.decode(memory, self._listen(said, generator))
        return self.output(features), self.stop(features).squeeze(-1), weights

    def step_log_likelihoods(
        self,
        batch: PairBatch,
        *,
        heard: Float[Tensor, "steps batch bands"] | None = None,
        dropout: bool = False,
    ) -> tuple[Float[Tensor, "steps batch"], Float[Tensor, "steps batch tokens"]]:
        """Return log p(y_t, stop_t | y_1, ..., y_{t-1}, X) at every step, zero in the padding.

        It is a density over log-mel values. The attention is returned beside it. With anything
        but the true frames in `heard`, y_1, ..., y_{t-1} are what was heard.
        """
        means, stops, weights = self.predict(batch, heard=heard, dropout=dropout)
        return self._log_density(batch, means.float(), stops.float()), weights

    def log_likelihood(
        self, words: Sequence[str], frames: Float[np.ndarray, "frames bands"]
    ) -> Likelihood:
        """Return log p(frames, stop | words), a density over log-mel values.

        Raises
        ------
        TypeError, ValueError
            For words outside the vocabulary, or frames that are not finite and (frames, bands).
        """
        frames = check_spectrogram(frames, np.floating).astype(np.float32)
        if frames.shape[1] != BANDS:
            raise ValueError(f"need frames of {BANDS} bands, got {frames.shape[1]}")
        batch = pairs([(self.tokens(words), frames)])
        with torch.no_grad():
            return Likelihood(float(self.step_log_likelihoods(batch)[0].double().sum()))

    def loss(self, batch: PairBatch, carry: None = None) -> tuple[Tensor, None]:
        """Return the mean nats of a mel value, with the guided penalty added, and nothing to carry.

        -log p(Y | X) over all frames and bands, plus ``config.guided`` times `guided_penalty`.
        In training mode, and nowhere else, there is dropout, and a share
        ``batch.scheduled_sampling`` of the steps hears what the network itself would have said, in
        two passes.

        References
        ----------
        Bengio et al. (2015), "Scheduled sampling for sequence prediction with recurrent neural
        networks"; Mihaylova and Martins (2019), "Scheduled sampling for Transformers".
        """
        heard = self._partly_own(batch) if self.training and batch.scheduled_sampling else None
        log_densities, weights = self.step_log_likelihoods(
            batch, heard=heard, dropout=self.training
        )
        loss = -log_densities.sum() / (batch.target_counts.sum() * BANDS)
        if self.config.guided:  # without attention all weights are zero, and so is this
            steps = -(-batch.target_counts // self.config.group)
            penalty = guided_penalty(weights.float(), steps, batch.token_counts)
            loss = loss + self.config.guided * penalty
        return loss, None

    @torch.no_grad()
    def _partly_own(self, batch: PairBatch) -> Float[Tensor, "steps batch bands"]:
        """Return what is heard before each step: the truth, or here and there the own guess."""
        guesses, _, _ = self.predict(batch, dropout=True)
        own, true = self.said_before(guesses), self.said_before(self.groups(batch))
        generator = torch.Generator().manual_seed(batch.seed + 1)
        chosen = torch.rand(true.shape[:2], generator=generator) < batch.scheduled_sampling
        return torch.where(chosen[..., None].to(true.device), own.to(true), true)

    def _log_density(self, batch: PairBatch, means: Tensor, stops: Tensor) -> Tensor:
        groups = self.groups(batch)
        steps, size = stops.shape
        shape = (steps, size, self.config.group, BANDS)
        scale = self.log_scale
        distance = (groups - means).view(shape).abs() * torch.exp(-scale)
        density = -(distance + scale + math.log(2 * _SPREAD)).sum(-1)
        step = torch.arange(steps, device=stops.device)[:, None]
        frame = step[..., None] * self.config.group + torch.arange(
            self.config.group, device=stops.device
        )
        density = (density * (frame < batch.target_counts[:, None])).sum(-1)
        last = -(-batch.target_counts // self.config.group) - 1
        stopping = nn.functional.logsigmoid(torch.where(step == last, stops, -stops))
        return density + stopping * (step <= last)

    def groups(self, batch: PairBatch) -> Float[Tensor, "steps batch group_bands"]:
        """Return the frames in groups, scaled as `predict` guesses them; padding is silence."""
        group = self.config.group
        missing = -len(batch.targets) % group
        frames = nn.functional.pad(batch.targets, (0, 0, 0, 0, 0, missing), value=SILENT)
        frames = (frames - _CENTRE) / _SPREAD
        return frames.unflatten(0, (-1, group)).transpose(1, 2).flatten(2)

    def said_before(
        self, groups: Float[Tensor, "steps batch group_bands"]
    ) -> Float[Tensor, "steps batch bands"]:
        """Return the last frame of the group before each, and silence before the first.

        Of `groups` it is what the network hears as it learns; of its own guesses, what it hears as
        it speaks.
        """
        silence = torch.full_like(groups[:1, :, -BANDS:], (SILENT - _CENTRE) / _SPREAD)
        return torch.cat((silence, groups[:-1, :, -BANDS:]))

    # ------------------------------------------------------------ speaking

    @torch.no_grad()
    def speak(
        self, texts: Sequence[Sequence[str]], *, most_frames: int | None = None
    ) -> list[Spoken]:
        """Read several texts at once: at every step the likeliest frames, fed back.

        Parameters
        ----------
        texts : the words of each
        most_frames : where to stop, should the network not stop by itself (the last group is
            made whole); by default a second and a half for each word

        Raises
        ------
        TypeError, ValueError
            For no texts, words outside the vocabulary, or less than one frame.
        """
        if not texts:
            raise ValueError("need at least one text to read, got none")
        # Encode the texts
        device = self.log_scale.device
        tokens = [torch.from_numpy(self.tokens(words)) for words in texts]
        counts = torch.tensor([len(t) for t in tokens], device=device)
        padded = nn.utils.rnn.pad_sequence(tokens).to(device)
        memory = self.core.encode(padded, counts)
        state = self.core.begin(memory)
        if most_frames is None:
            most_frames = 120 * max(map(len, texts))
        check_count(most_frames, "most_frames")
        said = self.log_scale.new_full((len(texts), BANDS), (SILENT - _CENTRE) / _SPREAD)
        # Decode: hear the last frame, look at the text, say the next group, until all have stopped
        groups, looks, ends = [], [], torch.full((len(texts),), -1, device=device)
        for step in range(-(-most_frames // self.config.group)):
            (features, weights), state = self.core.step(memory, state, self._listen(said, None))
            groups.append(self.output(features))
            looks.append(weights)
            said = groups[-1][:, -BANDS:]
            enough = torch.sigmoid(self.stop(features).squeeze(-1)) > ENOUGH
            ends = torch.where((ends < 0) & enough, step, ends)
            if (ends >= 0).all():
                break
        # Cut each reading where it stopped
        frames = torch.stack(groups).unflatten(-1, (self.config.group, BANDS)) * _SPREAD + _CENTRE
        frames = frames.clamp(min=SILENT).permute(1, 0, 2, 3).cpu().numpy()
        attention = torch.stack(looks, dim=1).cpu().numpy()
        spoken = []
        for i, words in enumerate(texts):
            steps = int(ends[i]) + 1 if ends[i] >= 0 else len(groups)
            spoken.append(
                Spoken(
                    tuple(words),
                    frames[i, :steps].reshape(-1, BANDS),
                    attention[i, :steps, : counts[i]],
                    bool(ends[i] >= 0),
                )
            )
        return spoken


def pairs(
    examples: Sequence[tuple[Int[np.ndarray, "tokens"], Float[np.ndarray, "frames bands"]]],
    *,
    seed: int = 0,
    scheduled_sampling: float = 0.0,
) -> PairBatch:
    """Return tokens and frames of several sentences as a batch; what pads the frames is silence.

    Parameters
    ----------
    examples : of each sentence `Talker.tokens` and `frames_of`
    seed, scheduled_sampling : as in `PairBatch`

    Raises
    ------
    ValueError
        For no examples, or one without tokens or frames.
    """
    if not examples:
        raise ValueError("need at least one example for a batch, got none")
    tokens = [torch.from_numpy(tokens) for tokens, _ in examples]
    frames = [torch.from_numpy(frames) for _, frames in examples]
    pad = nn.utils.rnn.pad_sequence
    return PairBatch(
        pad(tokens),
        torch.tensor([len(t) for t in tokens]),
        pad(frames, padding_value=SILENT),
        torch.tensor([len(f) for f in frames]),
        seed,
        scheduled_sampling,
    )
