"""Group `training`: what a step costs against torch's layers, and what changes of it buy.

Two questions. First, where a network of the course is not made of torch's layers, is a step of its
training (loss and gradient) slower than the same network made of them? That concerns WaveNet and
the talking Transformer; the GRU, the U-Net and the LSTM talker *are* torch's layers.

Second, what does a change of the training buy? A small GRU learns the English prompts from the
same first weights in the same processor time, once for each of `SEEDS`, with each of `TRIALS`.
What a step costs is measured before, all trials in turn; a trial then gets as many steps as fit
into `SECONDS`, so that a busy machine changes nothing. Notebook: 12.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_lib.audio import Clip
from course_lib.benchmarks.measure import Row, faster, interleaved
from course_lib.core import Batches
from course_lib.corpora import Recording, speech
from course_lib.corpora.catalogue import data_folder
from course_lib.evaluation.intervals import Interval, over_runs
from course_lib.models.sequence import Talker, TalkerConfig, Transformer, TransformerConfig
from course_lib.models.sequence.transformer import causal_mask, positional_encoding
from course_lib.models.waveform import RecurrentConfig, RecurrentNetwork, WaveNet, WaveNetConfig
from course_lib.training import Run, Schedule, crops, streams
from course_lib.zoo.exams.speech import score
from course_lib.zoo.prompts import prepared
from course_lib.zoo.recipes.speech import STACK, VariedSpeechRecipe
from course_lib.zoo.sentences import reading_batches, vocabulary

RATE = 8000
SECONDS = 15.0
"""Processor time of one training run, on one core."""

SEEDS = (1, 2, 3, 4)
"""Of the first weights and of the batches; every trial has all of them."""

SMALL = RecurrentConfig("gru", embedding=32, units=64, head=64)
"""The network of all trials."""


def rows() -> Iterator[Row]:
    """Yield the group's rows."""
    yield wavenet_row()
    yield transformer_row()
    yield from trained_rows()


def wavenet_row() -> Row:
    """Compare a step of `wavenet-speech`'s stack, over 256 levels, with `nn.Conv1d`."""
    config = WaveNetConfig(STACK, channels=64)
    network = WaveNet(config, seed=1)
    codes = [config.encoding.encode(clip) for clip in _clips()[:40]]
    past = network.receptive_field
    batch = crops(codes, length=4096, context=past, size=2, seed=1, silence=config.silence)(0)
    peer = Convolutions(network)
    return faster(
        f"WaveNet, a training step of {len(STACK)} layers, against nn.Conv1d",
        lambda: stepped(network, lambda: network.loss(batch)[0]),
        lambda: stepped(peer, lambda: peer.loss(batch.inputs)),
        goal=1.0, peer="torch", tolerance=1e-4,
    )  # fmt: skip


def transformer_row() -> Row:
    """Compare a step of `talker-transformer` with one around `nn.MultiheadAttention`."""
    config = TalkerConfig(vocabulary(), TransformerConfig(), input_dropout=0.5)
    ours, theirs = Talker(config, seed=1), Talker(config, seed=1)
    batch = reading_batches(ours.tokens, size=16, seed=1)(0)
    theirs.core = TorchTransformer(ours.core)
    return faster(
        "talking Transformer, a training step, against nn.MultiheadAttention",
        lambda: stepped(ours, lambda: ours.loss(batch)[0]),
        lambda: stepped(theirs, lambda: theirs.loss(batch)[0]),
        goal=1.0, peer="torch", tolerance=1e-4,
    )  # fmt: skip


def stepped(network: nn.Module, loss: Callable[[], Tensor]) -> np.ndarray:
    """Compute a loss and its gradient, and return the loss."""
    network.zero_grad(set_to_none=True)
    value = loss()
    value.backward()
    return value.detach().numpy()


class Convolutions(nn.Module):
    """A WaveNet over levels as others write it: `nn.Conv1d` over (batch, channels, time).

    Parameters
    ----------
    network : with gates, residual and skip connections and a softmax; its weights are copied
    """

    def __init__(self, network: WaveNet) -> None:
        super().__init__()
        c, self.past = network.config.channels, network.receptive_field
        self.embedding = nn.Embedding.from_pretrained(network.embedding.detach(), freeze=False)
        self.dilated, self.residual, self.skip = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for layer, dilation in enumerate(network.config.dilations):
            taps = network.taps[layer].unflatten(0, (2, c))
            self.dilated.append(_convolution(taps, network.bias[layer], dilation))
            mix, bias = network.mix[layer], network.mix_bias[layer]
            self.residual.append(_convolution(mix[None, :, :c], bias[:c]))
            self.skip.append(_convolution(mix[None, :, c:], bias[c:]))
        self.head = nn.Sequential(
            nn.ReLU(),
            _convolution(network.head1[None], network.head1_bias),
            nn.ReLU(),
            _convolution(network.head2[None], network.head2_bias),
        )

    def loss(self, inputs: Tensor) -> Tensor:
        """Return the mean nats of each code that has a full past, of inputs (time, batch)."""
        x = self.embedding(inputs[:-1].T).transpose(1, 2)
        later, skips = x.shape[-1] - self.past + 1, []
        for dilated, residual, skip in zip(self.dilated, self.residual, self.skip, strict=True):
            content, gate = dilated(x).chunk(2, dim=1)
            z = content.tanh() * gate.sigmoid()
            skips.append(skip(z[..., -later:]))
            x = x[..., -z.shape[-1] :] + residual(z)
        outputs = self.head(torch.stack(skips).sum(0))
        return nn.functional.cross_entropy(outputs, inputs[self.past :].T)


def _convolution(weights: Tensor, bias: Tensor, dilation: int = 1) -> nn.Conv1d:
    """Return a layer with weights of shape (taps, inputs, outputs)."""
    taps, inputs, outputs = weights.shape
    layer = nn.Conv1d(inputs, outputs, taps, dilation=dilation)
    layer.weight.data = weights.detach().permute(2, 1, 0).clone()
    layer.bias = nn.Parameter(bias.detach().clone())
    return layer


class TorchLayer(nn.Module):
    """A layer of a Transformer around `nn.MultiheadAttention`, with the course's names inside."""

    def __init__(self, config: TransformerConfig, *, reads: bool) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        self.norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        if reads:
            self.cross_norm = nn.LayerNorm(width)
            self.cross = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(
            nn.Linear(width, config.hidden), nn.GELU(), nn.Linear(config.hidden, width)
        )

    def forward(
        self,
        x: Tensor,
        *,
        hidden: Tensor | None = None,
        padding: Tensor | None = None,
        text: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the positions, and the mean weights on the text; masks say who is hidden."""
        seen, looks = self.norm(x), None
        own = padding if text is None else None
        x = x + self.attention(
            seen, seen, seen, key_padding_mask=own, attn_mask=hidden, need_weights=False
        )[0]  # fmt: skip
        if text is not None:
            read, looks = self.cross(self.cross_norm(x), text, text, key_padding_mask=padding)
            x = x + read
        return x + self.mlp(self.mlp_norm(x)), looks


class TorchTransformer(Transformer):
    """The course's Transformer with `TorchLayer`s, and the weights of another one."""

    def __init__(self, other: Transformer) -> None:
        config, inputs = other.config, other.inputs.in_features
        super().__init__(config, tokens=other.embedding.num_embeddings, inputs=inputs)
        self.encoder = nn.ModuleList(TorchLayer(config, reads=False) for _ in self.encoder)
        self.decoder = nn.ModuleList(TorchLayer(config, reads=True) for _ in self.decoder)
        self.load_state_dict(other.state_dict())

    def encode(self, tokens: Tensor, counts: Tensor) -> Any:
        """Return the encoded texts, and where they are padding."""
        padding = torch.arange(len(tokens)) >= counts[:, None]
        x = self.embedding(tokens.T) + positional_encoding(len(tokens), self.config.width)
        for layer in self.encoder:
            x, _ = layer(x, padding=padding)
        return self.encoder_norm(x), padding

    def decode(self, memory: Any, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features and the mean weights of every step."""
        text, padding = memory
        x = self.inputs(inputs).transpose(0, 1)
        x = x + positional_encoding(len(inputs), self.config.width)
        hidden, looks = ~causal_mask(len(inputs)), []
        for layer in self.decoder:
            x, weights = layer(x, hidden=hidden, padding=padding, text=text)
            looks.append(weights)
        x = self.decoder_norm(x)
        return x.transpose(0, 1), torch.stack(looks).mean(dim=0).transpose(0, 1)


@dataclass(frozen=True)
class Constant(Schedule):
    """The rate rises, and stays at its peak."""

    def rate(self, index: int) -> float:
        """Return the learning rate of a step."""
        return self.learning_rate * min(1.0, (index + 1) / max(self.warmup, 1))


class Averaged(Run):
    """A run that ends with a running mean of the weights, a <- 0.98 a + 0.02 w after each step."""

    def _begin(self, model: nn.Module) -> torch.optim.Optimizer:
        self.averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
        return super()._begin(model)

    def _update(self, loss: float) -> tuple[float, float]:
        result = super()._update(loss)
        self.averaged.update_parameters(self.model)
        if self.done + 1 == self.schedule.steps:
            self.model.load_state_dict(self.averaged.module.state_dict())
        return result


class Muon(torch.optim.Optimizer):
    """Momentum whose every matrix is replaced by the nearest one with orthogonal rows or columns.

        m <- 0.95 m + g,    w <- (1 - rate decay) w - 0.2 rate sqrt(max(rows, columns)) ortho(g')

    with g' = g + 0.95 m. Five Newton-Schulz steps bring all singular values of a matrix near 1.
    The factor makes a step as long as AdamW's, so that both take the same rates. What is no
    matrix, and the first and last layer, AdamW changes: groups without ``muon``.

    References
    ----------
    Jordan (2024), "Muon: an optimizer for hidden layers in neural networks"; Liu et al. (2025),
    "Muon is scalable for LLM training", eq. 4, for the factor.
    """

    def __init__(self, hidden: list[nn.Parameter], adam: Any, decay: float) -> None:
        super().__init__([{"params": hidden, "weight_decay": decay}], {"lr": 0.0})
        self.adam = adam
        self.param_groups += adam.param_groups

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Change the weights."""
        group = self.param_groups[0]
        for w in group["params"]:
            m = self.state[w].setdefault("m", torch.zeros_like(w))
            m.mul_(0.95).add_(w.grad)
            length = 0.2 * group["lr"] * max(w.shape) ** 0.5
            w.mul_(1 - group["lr"] * group["weight_decay"])
            w.sub_(length * orthogonal(w.grad + 0.95 * m))
        self.adam.step()


def orthogonal(matrix: Float[Tensor, "rows columns"]) -> Float[Tensor, "rows columns"]:
    """Return U V' of the decomposition U S V', nearly: its singular values lie from 0.7 to 1.2."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide / (wide.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
    return x if wide is matrix else x.T


class ByMuon(Run):
    """A run whose recurrent and hidden matrices `Muon` changes."""

    def _begin(self, model: nn.Module) -> torch.optim.Optimizer:
        adam = super()._begin(model)
        named = {id(p): name for name, p in model.named_parameters()}
        outer = ("embedding.", "output.")
        decaying = adam.param_groups[0]
        hidden = [p for p in decaying["params"] if not named[id(p)].startswith(outer)]
        decaying["params"] = [p for p in decaying["params"] if named[id(p)].startswith(outer)]
        return Muon(hidden, adam, self.schedule.weight_decay)


class Dropped(RecurrentNetwork):
    """A network that loses a tenth of its state's numbers, at random, on the way to the head."""

    def forward(self, codes: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Return the logits, and the state."""
        outputs, state = self.core(self.embedding(codes), state)
        kept = nn.functional.dropout(outputs, 0.1, training=self.training)
        return self.output(torch.relu(self.hidden(kept))), state


@dataclass(frozen=True)
class Trial:
    """One way to train; what is not said is as in the first of `TRIALS`.

    Parameters
    ----------
    name : what is tried
    length, size : samples in a piece, and pieces in a batch
    learning_rate, warmup : of the schedule
    semitones : every third prompt is heard a second time, faster or slower by up to so much
    schedule, run, network : their classes
    """

    name: str
    length: int = 128
    size: int = 32
    learning_rate: float = 4e-3
    warmup: int = 20
    semitones: float = 0.0
    schedule: type[Schedule] = Schedule
    run: type[Run] = Run
    network: type[RecurrentNetwork] = RecurrentNetwork

    def begin(self, seed: int, steps: int) -> tuple[Run, Batches]:
        """Return an untrained network's run, and what it learns from."""
        schedule = self.schedule(steps, self.learning_rate, warmup=self.warmup)
        run = self.run(self.network(SMALL, seed=seed), schedule)
        clips = _clips()
        if self.semitones:
            varied = VariedSpeechRecipe(SMALL, schedule, seed=seed, semitones=self.semitones)
            clips = clips + varied.variations(clips)
        codes = [SMALL.encoding.encode(clip) for clip in clips]
        gap = {"gap": RATE // 10, "silence": SMALL.silence}
        return run, streams(codes, length=self.length, size=self.size, seed=seed, **gap)

    def trained(self, seed: int, steps: int) -> float:
        """Train, and return the bits per sample of the prompts of `judged_by`."""
        run, batches = self.begin(seed, steps)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # of the dropout
            for _ in run.steps(batches):
                pass
        network: Any = run.model.eval()
        return score(network, judged_by())


TRIALS = (
    Trial("AdamW, warm-up, half a cosine"),
    Trial("twice the rate", learning_rate=8e-3),
    Trial("no warm-up", warmup=0),
    Trial("constant rate", schedule=Constant),
    Trial("constant rate, mean of the weights", schedule=Constant, run=Averaged),
    Trial("Muon for the inner matrices", run=ByMuon),
    Trial("Muon, twice the rate", learning_rate=8e-3, run=ByMuon),
    Trial("half as many pieces a batch", size=16),
    Trial("half as many pieces, of twice the length", length=256, size=16),
    Trial("dropout of 10 %", network=Dropped),
    Trial("a third of the prompts also at other speeds", semitones=4.0),
)
"""What is tried; the first is how the course trains, and the others differ from it as they say."""


@dataclass(frozen=True, kw_only=True)
class Trained(Row):
    """What one trial came to, against the first one.

    Attributes
    ----------
    bits : per sample of the validation prompts, for each seed
    change : of the bits against the first trial, seed by seed: mean, and 95 % interval
    steps : that fitted into the time
    seconds : of processor time
    """

    bits: tuple[float, ...]
    change: Interval
    steps: int
    seconds: float
    at_most: bool = field(default=True, init=False)

    @property
    def met(self) -> bool:
        """Whether the bits are fewer, and the interval says so."""
        return self.change.high < 0

    def cells(self) -> list[str]:
        """Return name, the bits of both sides, their ratio, the change and the peer as text."""
        sides = [f"{value:.3f} {self.unit}" for value in (self.ours, self.theirs)]
        change = f"{self.change.value:+.3f} [{self.change.low:+.3f}, {self.change.high:+.3f}]"
        return [self.name, *sides, f"{self.ratio:.3f}", change, self.peer]


def trained_rows() -> Iterator[Trained]:
    """Train with every trial from every seed, and yield what each comes to."""
    first: list[float] = []
    for trial, steps in zip(TRIALS, steps_in_time(TRIALS), strict=True):
        bits = [trial.trained(seed, steps) for seed in SEEDS]
        first = first or bits
        yield trained_row(trial.name, bits, first, steps)


def trained_row(name: str, bits: list[float], first: list[float], steps: int) -> Trained:
    """Return a trial's row from the bits of each seed, its own and the first trial's."""
    ours, theirs = float(np.mean(bits)), float(np.mean(first))
    return Trained(
        name, ours / theirs, 1.0, TRIALS[0].name, ours, theirs, "bits",
        bits=tuple(bits), change=over_runs(np.subtract(bits, first)), steps=steps,
        seconds=SECONDS,
    )  # fmt: skip


def steps_in_time(trials: tuple[Trial, ...]) -> list[int]:
    """Return how many steps of each trial fit into `SECONDS` of processor time."""
    begun = [trial.begin(seed=0, steps=10_000) for trial in trials]
    costs = interleaved(*(functools.partial(next, run.steps(batches)) for run, batches in begun))
    return [round(SECONDS / cost) for cost in costs]


def judged_by() -> list[Recording]:
    """Return every second English validation prompt."""
    return [*speech(language="en", split="validation")][::2]


@functools.cache
def _clips() -> list[Clip]:
    """Return the English prompts to learn from."""
    return [prepared(recording.load(RATE)) for recording in speech(language="en", split="train")]


def stored() -> list[Trained]:
    """Return what ``course bench --only training --json data/training.json`` measured.

    Raises
    ------
    FileNotFoundError
        Where the data folder has no such file.
    """
    names = {one.name for one in fields(Trained) if one.init}
    found = []
    for row in json.loads((data_folder() / "training.json").read_bytes()):
        if "bits" in row:
            known = {name: value for name, value in row.items() if name in names}
            known |= {"bits": tuple(row["bits"]), "change": Interval(*row["change"])}
            found.append(Trained(**known))
    return found
