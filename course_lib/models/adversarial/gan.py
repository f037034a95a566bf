"""A WaveGAN: from a few random numbers and a class to the samples of a hit, and its opponent.

Notebook: 10.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.core import (
    LabelledBatch,
    check_count,
    check_kept,
    class_index,
    settle,
    spawn,
)
from course_lib.features import hann, mel_filter_bank
from course_lib.models.adversarial.losses import (
    Game,
    check_game,
    discriminator_loss,
    generator_loss,
)
from course_lib.models.adversarial.spectral_norm import spectral_norm

FACTOR = 4
"""By which each layer of the generator multiplies the rate, and of the opponent divides it."""

SLOPE = 0.2
"""Of the leaky rectifiers of the discriminator, below zero."""

LEVEL = 0.1
"""The root mean square of a loud hit, about: what the discriminator sees has unit variance."""

WINDOW, HOP, BANDS = 512, 128, 64
"""Of the picture that the second discriminator sees, in samples, and its mel bands."""


@dataclass(frozen=True)
class WaveGANConfig:
    """What a WaveGAN is made of.

    Parameters
    ----------
    classes : the kinds of sound, by name
    channels : of the generator before each of its layers, the slowest first
    judges : channels of the discriminator of samples after each layer, the fastest first
    pictures : channels of the discriminator of spectrograms after each layer
    latent : random numbers behind a sound
    kernel : samples that a layer's filter is long; odd
    shuffle : the most samples by which phase is shuffled between layers
    game : what the two play for
    length : samples in a sound, a multiple of 4 to the number of layers
    sample_rate : in Hz

    Raises
    ------
    TypeError, ValueError
        For fewer than one class or a class twice, numbers out of range, a game that is not known,
        or a length that the layers cannot make.
    """

    classes: tuple[str, ...]
    channels: tuple[int, ...] = (96, 64, 32, 16, 8)
    judges: tuple[int, ...] = (8, 16, 32, 64, 96)
    pictures: tuple[int, ...] = (8, 16, 32)
    latent: int = 32
    kernel: int = 25
    shuffle: int = 2
    game: Game = "hinge"
    length: int = 16_384
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        if isinstance(self.classes, str) or len(set(self.classes)) < max(1, len(self.classes)):
            raise ValueError(f"need one or more different classes, got {self.classes!r}")
        for name in ("channels", "judges", "pictures"):
            counts = tuple(check_count(count, name) for count in getattr(self, name))
            if not counts:
                raise ValueError(f"need {name} of at least one layer, got none")
            settle(self, **{name: counts})
        for name in ("latent", "kernel", "length", "sample_rate"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(self, shuffle=check_count(self.shuffle, "shuffle", minimum=0))
        if self.kernel % 2 == 0 or self.kernel < FACTOR:
            raise ValueError(f"need an odd kernel longer than {FACTOR}, got {self.kernel}")
        check_game(self.game)
        multiple = FACTOR ** max(len(self.channels), len(self.judges))
        if self.length % multiple or self.length < WINDOW:
            raise ValueError(
                f"need a length that is a multiple of {multiple} samples and at least {WINDOW}, "
                f"got {self.length}"
            )

    @property
    def duration(self) -> float:
        """Of every sound, in seconds."""
        return self.length / self.sample_rate


class WaveGAN(nn.Module):
    """Random numbers and a class in, samples out: a matrix, then filters that fill in samples.

    Every layer writes three zeros after each of its inputs and runs a filter of 25 samples over
    that, as in resampling by 4, but with learned filters and many channels.

    ::

        network = zoo.load("wavegan-percussion")
        hits = network.sample(label="snare", count=4, rng=np.random.default_rng(1))

    Parameters
    ----------
    config : what it is made of
    seed : of the first weights

    References
    ----------
    Donahue, McAuley and Puckette (2019), "Adversarial audio synthesis", section 3.1 and table 3.
    Notebook: 10.
    """

    def __init__(self, config: WaveGANConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.slowest = config.length // FACTOR ** len(config.channels)
        first, edge = config.channels[0], (config.kernel - FACTOR + 1) // 2
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.label = nn.Embedding(len(config.classes), config.latent)
            self.enter = nn.Linear(2 * config.latent, first * self.slowest)
            self.layers = nn.ModuleList(
                nn.ConvTranspose1d(
                    before, after, config.kernel, FACTOR, padding=edge, output_padding=1
                )
                for before, after in zip(config.channels, (*config.channels[1:], 1), strict=True)
            )

    def forward(
        self, z: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch time"]:
        """Return the sounds that random numbers stand for, within [-1, 1]."""
        h = self.enter(torch.cat([z, self.label(label)], dim=1))
        h = h.view(len(z), -1, self.slowest)
        for layer in self.layers:
            h = layer(F.relu(h))
        return torch.tanh(h[:, 0])

    def sample(
        self,
        length: int | None = None,
        *,
        count: int = 1,
        rng: np.random.Generator,
        label: str | None = None,
    ) -> Float[np.ndarray, "count length"]:
        """Draw sounds, each in one pass.

        Parameters
        ----------
        length : samples of each that are kept, at most `config.length`, which is the default
        count : how many; the i-th sound does not depend on it
        rng : draws the random numbers behind the sounds
        label : one of the classes; None for any, each as likely

        Returns
        -------
        array of float32, within [-1, 1]

        Raises
        ------
        TypeError, ValueError
            For counts below 1, a length that is too long, or a label that is no class.

        Notebook: 10.
        """
        classes, sounds = self.config.classes, []
        length = check_kept(length, self.config.length, self.config.sample_rate)
        some = None if label is None else class_index(label, classes)
        for each in spawn(rng, count):
            z = each.standard_normal(self.config.latent)
            place = each.integers(len(classes)) if some is None else some
            sounds.append(self.made(z, int(place)))
        return np.stack(sounds)[:, :length]

    def made(self, z: Float[np.ndarray, "latent"], place: int) -> Float[np.ndarray, "time"]:
        """Return the sound of given random numbers, as one of the class with that number.

        Raises
        ------
        ValueError
            For another number of numbers.

        Notebook: 10.
        """
        if np.shape(z) != (self.config.latent,):
            raise ValueError(f"need {self.config.latent} numbers, got shape {np.shape(z)}")
        weight = self.enter.weight
        with torch.no_grad():
            told = torch.tensor([place], device=weight.device)
            sound: np.ndarray = self(torch.from_numpy(z)[None].to(weight), told)[0].cpu().numpy()
        return sound


# ------------------------------------------------------------ the opponent


def phase_shuffle(
    h: Float[Tensor, "batch channels time"], shifts: Int[Tensor, " batch"]
) -> Float[Tensor, "batch channels time"]:
    """Return each row of channels moved by so many places; what leaves at one end is mirrored.

    Transposed convolutions leave a pattern that repeats every few samples at a fixed phase. A
    discriminator would tell real from made by that phase alone; shuffled, it cannot.

    Parameters
    ----------
    h : what a layer sees
    shifts : places, to the right above 0; smaller than the time

    Raises
    ------
    ValueError
        For another number of shifts, or one that is as long as the time.

    References
    ----------
    Donahue, McAuley and Puckette (2019), section 3.3. Notebook: 10.
    """
    batch, _, time = h.shape
    if shifts.shape != (batch,) or int(shifts.abs().max()) >= time:
        raise ValueError(
            f"need a shift below {time} for each of {batch} sounds, got {shifts.tolist()}"
        )
    place = (torch.arange(time, device=h.device) - shifts[:, None]).abs()
    place = torch.where(place >= time, 2 * (time - 1) - place, place)
    return h.gather(2, place[:, None].expand_as(h))


def augmented(
    x: Float[Tensor, "batch time"], generator: torch.Generator, *, latest: int = 128
) -> Float[Tensor, "batch time"]:
    """Return sounds later or earlier, louder or softer, upside down or not.

    Real and made sounds are both changed so before they are judged, and slopes run through the
    change to the generator. So a discriminator cannot learn few hits by heart, and a generator
    does not learn the changes themselves, as it would if the real ones alone were changed.

    Parameters
    ----------
    x : the sounds
    generator : draws the changes: up to `latest` samples, 6 dB, and signs
    latest : samples; below the time

    References
    ----------
    Zhao et al. (2020), "Differentiable augmentation for data-efficient GAN training", eq. 5-6.
    Notebook: 10.
    """
    batch, time = x.shape
    shifts = torch.randint(-latest, latest + 1, (batch, 1), generator=generator).to(x.device)
    decibels = 6 * (2 * torch.rand(batch, 1, generator=generator) - 1)
    signs = 2.0 * torch.randint(2, (batch, 1), generator=generator) - 1
    place = torch.arange(time, device=x.device) - shifts
    inside = (place >= 0) & (place < time)
    moved = x.gather(1, place.clamp(0, time - 1)) * inside
    return moved * (signs * 10 ** (decibels / 20)).to(x)


class WaveDiscriminator(nn.Module):
    """Is that a real hit of its class? One answer from its samples, one from its spectrogram.

    Each is a stack of convolutions whose last features f give a logit w f + e_label f (a
    projection): how real it is, and how much of its class.

    Parameters
    ----------
    config : of the WaveGAN that it plays against

    References
    ----------
    Donahue, McAuley and Puckette (2019), table 4, for samples; Miyato and Koyama (2018), "cGANs
    with projection discriminator", eq. 4. Notebook: 10.
    """

    bank: Tensor
    window: Tensor

    def __init__(self, config: WaveGANConfig) -> None:
        super().__init__()
        self.shuffle = config.shuffle
        half = config.kernel // 2
        self.samples = nn.ModuleList(
            spectral_norm(nn.Conv1d(before, after, config.kernel, FACTOR, padding=half))
            for before, after in zip((1, *config.judges), config.judges, strict=False)
        )
        self.picture = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, 5, 2, padding=2))
            for before, after in zip((1, *config.pictures), config.pictures, strict=False)
        )
        bank = mel_filter_bank(config.sample_rate, WINDOW, bands=BANDS)
        self.register_buffer("bank", torch.from_numpy(bank.T).float(), persistent=False)
        window = torch.from_numpy(hann(WINDOW)).float()
        self.register_buffer("window", window, persistent=False)
        sizes = []
        with torch.no_grad():
            for features in self._features(torch.zeros(1, config.length), None):
                sizes.append(features.shape[1])
        classes = len(config.classes)
        self.real = nn.ModuleList(nn.Linear(size, 1) for size in sizes)
        self.kind = nn.ModuleList(nn.Linear(size, classes, bias=False) for size in sizes)

    def forward(
        self,
        x: Float[Tensor, "batch time"],
        label: Int[Tensor, " batch"],
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "batch 2"]:
        """Return the two logits of each sound.

        Parameters
        ----------
        x, label : the sounds, and what they should be
        generator : draws how phase is shuffled; None shuffles nothing
        """
        logits = []
        for features, real, kind in zip(
            self._features(x, generator), self.real, self.kind, strict=True
        ):
            as_its_class = kind(features).gather(1, label[:, None])
            logits.append(real(features) + as_its_class)
        return torch.cat(logits, dim=1)

    def _features(self, x: Tensor, generator: torch.Generator | None) -> list[Tensor]:
        """Return what the two stacks see last, as vectors."""
        h = x[:, None] / LEVEL
        for i, layer in enumerate(self.samples):
            h = F.leaky_relu(layer(h), SLOPE)
            if generator is not None and self.shuffle and i + 1 < len(self.samples):
                most = min(self.shuffle, h.shape[2] - 1)
                drawn = torch.randint(-most, most + 1, (len(x),), generator=generator)
                h = phase_shuffle(h, drawn.to(h.device))
        spectra = torch.stft(x, WINDOW, HOP, window=self.window, return_complex=True)
        g = (spectra.abs().mT @ self.bank + 1e-3).log()[:, None] / 3 + 1
        for layer in self.picture:
            g = F.leaky_relu(layer(g), SLOPE)
        return [h.flatten(1), g.flatten(1)]


class HitGame(nn.Module):
    """A WaveGAN against its discriminator: what the loop of `training.adversarial` plays.

    Parameters
    ----------
    config : of the WaveGAN
    seed : of the first weights

    Attributes
    ----------
    generator, discriminator : the two
    kept : the generator with averaged weights
    """

    def __init__(self, config: WaveGANConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.generator = WaveGAN(config, seed=seed)
        self.kept = copy.deepcopy(self.generator).requires_grad_(False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.discriminator = WaveDiscriminator(config)

    def _made(self, batch: LabelledBatch, generator: torch.Generator) -> Tensor:
        """Return as many made sounds as the batch has real ones, of the same classes."""
        batch.check(self.config.length, len(self.config.classes))
        z = torch.randn(len(batch), self.config.latent, generator=generator)
        made: Tensor = self.generator(z.to(batch.sounds.device), batch.labels)
        return made

    def discriminator_loss(self, batch: LabelledBatch) -> Tensor:
        """Return the discriminator's loss; random numbers and changes come from the batch's seed.

        Raises
        ------
        ValueError
            For sounds of another length, or labels that are no classes.
        """
        generator = torch.Generator().manual_seed(batch.seed)
        with torch.no_grad():
            made = self._made(batch, generator)
        both = augmented(torch.cat([batch.sounds, made]), generator)
        logits = self.discriminator(both, batch.labels.repeat(2), generator)
        real, other = logits.chunk(2)
        return discriminator_loss(real, other, self.config.game)

    def generator_loss(self, batch: LabelledBatch) -> Tensor:
        """Return the generator's loss.

        Raises
        ------
        ValueError
            As `discriminator_loss`.
        """
        generator = torch.Generator().manual_seed(batch.seed + 1)
        made = augmented(self._made(batch, generator), generator)
        return generator_loss(self.discriminator(made, batch.labels, generator), self.config.game)
