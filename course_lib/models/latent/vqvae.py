"""An autoencoder of hits whose latents are codes, and the small prior that draws new ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import (
    LabelledBatch,
    SignalLike,
    check_count,
    check_kept,
    settle,
    spawn,
)
from course_lib.models.latent.convolutions import check_channels, growing, shrinking
from course_lib.models.latent.quantise import VectorQuantiser
from course_lib.models.latent.tables import (
    LogMelTable,
    TableConfig,
    check_classes,
    class_of_each,
    filled_up,
)

COMMITMENT = 0.25
"""Weight of the commitment, beta of van den Oord et al. (2017)."""


@dataclass(frozen=True)
class SoundVQVAEConfig:
    """What a vector-quantised autoencoder of hits is made of.

    Parameters
    ----------
    classes : the kinds of sound, by name
    table : what is seen of a hit
    channels : after each of the layers that halve the table, one to four; multiples of 8
    codes : in the codebook
    width : numbers in a code's vector
    units : of the recurrent prior over codes

    Raises
    ------
    TypeError, ValueError
        For fewer than one class or a class twice, channels that will not do, or counts below 1.
    """

    classes: tuple[str, ...]
    table: TableConfig = field(default_factory=TableConfig)
    channels: tuple[int, ...] = (16, 32, 48)
    codes: int = 64
    width: int = 16
    units: int = 96

    def __post_init__(self) -> None:
        check_classes(self.classes)
        check_channels(self.channels)
        for name in ("codes", "width", "units"):
            settle(self, **{name: check_count(getattr(self, name), name)})

    @property
    def length(self) -> int:
        """Samples in a sound."""
        return self.table.length

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.table.sample_rate

    @property
    def duration(self) -> float:
        """Seconds in a sound."""
        return self.table.duration

    @property
    def grid(self) -> tuple[int, int]:
        """Frames and bands of the grid of codes."""
        halved = 2 ** len(self.channels)
        return self.table.frames // halved, self.table.bands // halved


class CodePrior(nn.Module):
    """P(codes | label) = prod_i P(code_i | code_1 ... code_(i-1), label), by a GRU.

    Parameters
    ----------
    codes : in the codebook
    places : codes in a sound
    units : of the GRU
    classes : kinds of sound

    Notebook: 09; the GRU is chapter 08's.
    """

    def __init__(self, codes: int, places: int, units: int, classes: int) -> None:
        super().__init__()
        self.before = nn.Embedding(codes + 1, units)  # the last stands for the beginning
        self.place = nn.Parameter(0.02 * torch.randn(places, units))
        self.label = nn.Embedding(classes, units)
        self.cell = nn.GRU(units, units, batch_first=True)
        self.last = nn.Linear(units, codes)

    def forward(
        self, codes: Int[Tensor, "batch places"], label: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch places codes"]:
        """Return the logits of every code, each from those before it."""
        begin = torch.full_like(codes[:, :1], self.before.num_embeddings - 1)
        told = self.before(torch.cat([begin, codes[:, :-1]], 1)) + self.place
        logits: Tensor = self.last(self.cell(told + self.label(label)[:, None])[0])
        return logits

    @torch.no_grad()
    def draw(self, label: int, rngs: list[np.random.Generator]) -> Int[Tensor, "batch places"]:
        """Draw the codes of one sound for each generator, from left to right."""
        count, begin = len(rngs), self.before.num_embeddings - 1
        device = self.place.device
        dice = np.stack([rng.random(len(self.place)) for rng in rngs])
        code = torch.full((count,), begin, device=device)
        told, state = self.label(torch.tensor(label, device=device)), None
        drawn = []
        for i, place in enumerate(self.place):
            out, state = self.cell((self.before(code) + place + told)[:, None], state)
            below = self.last(out[:, 0]).double().softmax(-1).cumsum(-1)
            throw = torch.from_numpy(dice[:, i : i + 1]).to(device) * below[:, -1:]
            code = (below <= throw).sum(-1).clamp(max=begin - 1)
            drawn.append(code)
        return torch.stack(drawn, 1)


class SoundVQVAE(nn.Module):
    """An autoencoder of hits that writes each as a grid of codes, and a prior that writes new ones.

    The loss is that of van den Oord et al. (2017), with the squared error of the table in
    place of -ln p(x | z), and a codebook of moving averages in place of its second term; the prior
    learns beside it from the codes of the moment.

    Parameters
    ----------
    config : what it is made of
    seed : of the first weights

    References
    ----------
    Van den Oord, Vinyals and Kavukcuoglu (2017), "Neural discrete representation learning".
    Notebook: 09.
    """

    def __init__(self, config: SoundVQVAEConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.seen = LogMelTable(config.table)
        last, width = config.channels[-1], config.width
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.encoder = nn.Sequential(shrinking(config.channels), nn.Conv2d(last, width, 1))
            self.quantiser = VectorQuantiser(config.codes, width)
            self.decoder = nn.Sequential(nn.Conv2d(width, last, 1), growing(config.channels))
            self.prior = CodePrior(
                config.codes, math.prod(config.grid), config.units, len(config.classes)
            )

    @property
    def bits(self) -> float:
        """In which one hit is written, codes all of one length."""
        return math.prod(self.config.grid) * math.log2(self.config.codes)

    # ------------------------------------------------------------- learning

    def loss(self, batch: LabelledBatch, carry: object = None) -> tuple[Tensor, None]:
        """Return squared error, commitment and the prior's nats per code, added; carry nothing.

        Raises
        ------
        ValueError
            For sounds of another length, or labels that are no classes.
        """
        rebuilding, prior = self.losses(batch)
        return rebuilding + prior, None

    def losses(self, batch: LabelledBatch) -> tuple[Tensor, Tensor]:
        """Return (squared error and commitment) and the prior's mean nats per code."""
        batch.check(self.config.table.length, len(self.config.classes))
        x = self.seen(batch.sounds)
        generator = torch.Generator().manual_seed(batch.seed)
        h = self.encoder(x[:, None]).movedim(1, -1)  # (B, frames, bands, width)
        quantised = self.quantiser(h, generator)
        error = (self._table(quantised.values) - x).square().mean()
        codes = quantised.codes.flatten(1)
        logits = self.prior(codes, batch.labels)
        prior = nn.functional.cross_entropy(logits.flatten(0, 1), codes.flatten())
        return error + COMMITMENT * quantised.commitment, prior

    def _table(self, values: Float[Tensor, "batch frames bands width"]) -> Tensor:
        table: Tensor = self.decoder(values.movedim(-1, 1))[:, 0]
        return table

    # --------------------------------------------------------------- coding

    def table(self, sound: SignalLike) -> Float[Tensor, "1 frames bands"]:
        """Return what the network sees of one hit, filled up with silence.

        Raises
        ------
        TypeError, ValueError
            For bad input, or a sound that is too long.
        """
        table: Tensor = self.seen(filled_up(sound, self.config.table).to(self.prior.place.device))
        return table

    def encode(self, sound: SignalLike) -> Int[np.ndarray, "rows columns"]:
        """Return the codes of one hit; raises as `table`."""
        with torch.no_grad():
            h = self.encoder(self.table(sound)[:, None]).movedim(1, -1)
            codes = self.quantiser(h).codes[0].cpu().numpy()
        return np.asarray(codes)

    def decode(
        self, codes: Int[np.ndarray, "batch rows columns"]
    ) -> Float[Tensor, "batch frames bands"]:
        """Return the table that codes stand for.

        Raises
        ------
        TypeError, ValueError
            For codes of another shape, that are not whole, or out of range.
        """
        codes = checked_codes(codes, self.config.codes, (None, *self.config.grid))
        with torch.no_grad():
            chosen = torch.from_numpy(codes).to(self.prior.place.device)
            return self._table(self.quantiser.vectors(chosen))

    # -------------------------------------------------------------- drawing

    def sample(
        self,
        length: int | None = None,
        *,
        count: int = 1,
        rng: np.random.Generator,
        label: str | None = None,
    ) -> Float[np.ndarray, "count length"]:
        """Draw hits: codes from the prior, their table, and phases to it.

        Parameters
        ----------
        length : samples of each that are kept; all where it is None
        count : how many; the i-th hit does not depend on it, up to rounding
        rng : draws codes and phases
        label : one of the classes; None draws a class, each as likely as the other, for every hit

        Raises
        ------
        TypeError, ValueError
            For counts below 1, a length that is too long, or a label that is no class.

        Notebook: 09.
        """
        length = check_kept(length, self.config.table.length, self.config.table.sample_rate)
        rngs, sounds = spawn(rng, count), []
        chosen = class_of_each(label, self.config.classes, rngs)
        for index, each in zip(chosen, rngs, strict=True):
            codes = self.prior.draw(index, [each]).unflatten(1, self.config.grid)
            sounds.append(self.seen.inverse(self.decode(codes.cpu().numpy()), [each]))
        return np.concatenate(sounds)[:, :length]


def checked_codes(codes: object, count: int, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return codes as int64, or say what is wrong with them; None in `shape` is any number.

    Raises
    ------
    TypeError, ValueError
        For codes that are not whole numbers, of another shape, none, or out of range.
    """
    array = np.asarray(codes)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"need codes that are whole numbers, got {array.dtype}")
    fits = len(shape) == array.ndim and all(
        need in (None, got) for need, got in zip(shape, array.shape, strict=True)
    )
    if not fits or not array.size:
        said = " x ".join("any" if need is None else str(need) for need in shape)
        raise ValueError(f"need one or more codes of shape {said}, got {array.shape}")
    if array.min() < 0 or array.max() >= count:
        raise ValueError(
            f"need codes from 0 to {count - 1}, got some from {array.min()} to {array.max()}"
        )
    return array.astype(np.int64)
