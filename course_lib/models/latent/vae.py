"""Variational autoencoders: a continuous latent, and the bound by which it is learned."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import (
    LabelledBatch,
    Likelihood,
    SignalLike,
    check_count,
    check_generator,
    check_kept,
    class_index,
    settle,
    spawn,
)
from course_lib.models.latent.convolutions import check_channels, growing, shrinking
from course_lib.models.latent.tables import (
    CELLS,
    LogMelTable,
    TableConfig,
    check_classes,
    class_of_each,
    filled_up,
)


class Gaussian(NamedTuple):
    """Independent normal variables; the last axis holds those of one point.

    Attributes
    ----------
    mean, log_variance : of each
    """

    mean: Tensor
    log_variance: Tensor

    def at(self, noise: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return mean + sigma noise, the reparameterised draw of Kingma and Welling."""
        drawn: Tensor = self.mean + torch.exp(self.log_variance / 2) * noise
        return drawn

    def log_density(self, x: Float[Tensor, "*shape"]) -> Tensor:
        """Return ln p(x) = -1/2 sum (ln 2 pi + ln sigma^2 + (x - mean)^2 / sigma^2)."""
        scaled = (x - self.mean) ** 2 * torch.exp(-self.log_variance)
        return -0.5 * (math.log(2 * math.pi) + self.log_variance + scaled).sum(-1)

    def divergence(self, other: Gaussian) -> Tensor:
        """Return KL(self || other), the nats by which a draw of self surprises other.

        1/2 sum (ln s^2 - ln sigma^2 + (sigma^2 + (mean - m)^2) / s^2 - 1), with m and s of other.
        """
        gap = self.log_variance - other.log_variance
        distance = (self.mean - other.mean) ** 2 * torch.exp(-other.log_variance)
        return 0.5 * (torch.exp(gap) - gap + distance - 1).sum(-1)


class Bound(NamedTuple):
    """The two terms of the ELBO, in nats, of each sound.

    Attributes
    ----------
    reconstruction : ln p(x | z) at a z drawn from q(z | x)
    divergence : KL(q(z | x) || p(z))
    """

    reconstruction: Tensor
    divergence: Tensor

    @property
    def elbo(self) -> Tensor:
        """Reconstruction minus divergence."""
        return self.reconstruction - self.divergence


def importance_weighted_bound(log_weights: Float[Tensor, "draws batch"]) -> Float[Tensor, " batch"]:
    """Return ln (1/K sum_k w_k) of K weights w = p(x, z_k) / q(z_k | x), z_k drawn from q.

    With one draw it is the ELBO on average; it never falls, on average, as K grows, and it tends
    to ln p(x).

    References
    ----------
    Burda, Grosse and Salakhutdinov (2016), "Importance weighted autoencoders". Notebook: 09.
    """
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))


class VAE(nn.Module):
    """A latent z for each x, drawn from the normal distribution of its class.

    p(z | label) = N(m, diag s^2), p(x | z) = N(decoder(z), sigma^2), and the encoder answers
    q(z | x) = N(mean, diag exp(log variance)). With one class that is not learned, p(z) is
    N(0, 1), as in the first VAE; with more, p(z) is a mixture whose parts are known.

    Parameters
    ----------
    encoder : from x, shape (batch, values), to (batch, 2 latents): means, then log variances
    decoder : from z, shape (batch, latents), to (batch, values)
    latents : numbers in z
    classes : parts of the prior; 0 for N(0, 1)

    References
    ----------
    Kingma and Welling (2014), "Auto-encoding variational Bayes", appendix B for the divergence;
    Rezende, Mohamed and Wierstra (2014); Rybkin, Daniilidis and Levine (2021), "Simple and
    effective VAE training with calibrated decoders", for a sigma that is learned. Notebook: 09.
    """

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, latents: int, *, classes: int = 0
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.latents = encoder, decoder, latents
        parts = torch.zeros(max(1, classes), latents)
        self.prior_mean = nn.Parameter(parts.clone(), requires_grad=classes > 0)
        self.prior_bias = nn.Parameter(parts.clone(), requires_grad=classes > 0)
        self.scale_bias = nn.Parameter(torch.zeros(()))

    def prior(self, label: Int[Tensor, " batch"]) -> Gaussian:
        """Return p(z | label)."""
        return Gaussian(self.prior_mean[label], self.prior_bias[label])

    def encode(self, x: Float[Tensor, "batch values"]) -> Gaussian:
        """Return q(z | x)."""
        mean, log_variance = self.encoder(x).chunk(2, -1)
        return Gaussian(mean, log_variance.clamp(-12, 6))  # no variance of zero, none of infinity

    def decode(self, z: Float[Tensor, "batch latents"]) -> Gaussian:
        """Return p(x | z)."""
        mean = self.decoder(z)
        return Gaussian(mean, (2 * self.scale_bias).expand_as(mean))

    def bound(
        self,
        x: Float[Tensor, "batch values"],
        noise: Float[Tensor, "batch latents"],
        label: Int[Tensor, " batch"],
    ) -> Bound:
        """Return both terms of the ELBO; `noise` is standard normal."""
        posterior = self.encode(x)
        rebuilt = self.decode(posterior.at(noise)).log_density(x)
        return Bound(rebuilt, posterior.divergence(self.prior(label)))

    def log_weights(
        self,
        x: Float[Tensor, "batch values"],
        noise: Float[Tensor, "draws batch latents"],
        label: Int[Tensor, " batch"],
    ) -> Float[Tensor, "draws batch"]:
        """Return ln p(x, z) - ln q(z | x) at a draw of z for each row of noise."""
        posterior, prior = self.encode(x), self.prior(label)
        rows = []
        for each in noise:
            z = posterior.at(each)
            joint = self.decode(z).log_density(x) + prior.log_density(z)
            rows.append(joint - posterior.log_density(z))
        return torch.stack(rows)


@dataclass(frozen=True)
class SoundVAEConfig:
    """What a variational autoencoder of hits is made of.

    Parameters
    ----------
    classes : the kinds of sound, by name
    table : what is seen of a hit
    channels : after each of the four layers that halve the table; multiples of 8
    latents : numbers that a hit is squeezed into
    warmup : steps over which the weight of the divergence rises from 0 to 1

    Raises
    ------
    TypeError, ValueError
        For fewer than one class or a class twice, channels other than four multiples of 8, or
        counts out of range.
    """

    classes: tuple[str, ...]
    table: TableConfig = field(default_factory=TableConfig)
    channels: tuple[int, ...] = (16, 32, 48, 64)
    latents: int = 24
    warmup: int = 80

    def __post_init__(self) -> None:
        check_classes(self.classes)
        check_channels(self.channels)
        if 2 ** len(self.channels) != CELLS:
            raise ValueError(f"need four numbers of channels, got {len(self.channels)}")
        settle(self, latents=check_count(self.latents, "latents"))
        settle(self, warmup=check_count(self.warmup, "warmup", minimum=0))

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


class SoundVAE(nn.Module):
    """A variational autoencoder of hits, over log-mel tables.

    ::

        network = zoo.load("vae-percussion")
        kick, snare = network.means("kick"), network.means("snare")
        halfway = network.render((kick + snare) / 2, rng=np.random.default_rng(1))

    Parameters
    ----------
    config : what it is made of
    seed : of the first weights

    References
    ----------
    As `VAE`; Bowman et al. (2016), "Generating sentences from a continuous space", section 3.1,
    for the warm-up of the divergence. Notebook: 09.
    """

    steps: Tensor

    def __init__(self, config: SoundVAEConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.seen = LogMelTable(config.table)
        frames, bands = config.table.frames // CELLS, config.table.bands // CELLS
        last = config.channels[-1]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            encoder = nn.Sequential(
                nn.Unflatten(1, (1, config.table.frames, config.table.bands)),
                shrinking(config.channels),
                nn.Flatten(),
                nn.Linear(last * frames * bands, 2 * config.latents),
            )
            decoder = nn.Sequential(
                nn.Linear(config.latents, last * frames * bands),
                nn.Unflatten(1, (last, frames, bands)),
                growing(config.channels),
                nn.Flatten(),
            )
            self.vae = VAE(encoder, decoder, config.latents, classes=len(config.classes))
        self.register_buffer("steps", torch.zeros(()))

    # ------------------------------------------------------------- learning

    def loss(self, batch: LabelledBatch, carry: object = None) -> tuple[Tensor, None]:
        """Return minus the ELBO in nats per value of the table, and nothing to carry.

        In training the divergence counts for the share steps / warmup at first, then whole.

        Raises
        ------
        ValueError
            For sounds of another length, or labels that are no classes.
        """
        batch.check(self.config.table.length, len(self.config.classes))
        x = self.seen(batch.sounds).flatten(1)
        bound = self.vae.bound(x, self._noise(batch.seed, len(x)), batch.labels)
        weight = 1.0
        if self.training:
            weight = min(1.0, float(self.steps) / max(1, self.config.warmup))
            self.steps += 1
        return (weight * bound.divergence - bound.reconstruction).mean() / x.shape[1], None

    def _noise(self, seed: int, *shape: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(*shape, self.config.latents, generator=generator)
        return noise.to(self.steps.device)

    # -------------------------------------------------------------- latents

    def encode(self, sound: SignalLike) -> Float[np.ndarray, " latents"]:
        """Return the mean of q(z | x) for one hit, filled up with silence.

        Raises
        ------
        TypeError, ValueError
            For bad input, or a sound that is too long.
        """
        with torch.no_grad():
            return self.vae.encode(self.table(sound).flatten(1)).mean[0].cpu().numpy()

    def table(self, sound: SignalLike) -> Float[Tensor, "1 frames bands"]:
        """Return what the network sees of one hit, filled up with silence.

        Raises
        ------
        TypeError, ValueError
            For bad input, or a sound that is too long.
        """
        table: Tensor = self.seen(filled_up(sound, self.config.table).to(self.steps.device))
        return table

    def means(self, label: str) -> Float[np.ndarray, " latents"]:
        """Return where the prior has the middle of a class."""
        index = class_index(label, self.config.classes)
        return self.vae.prior_mean[index].detach().cpu().numpy()

    def decode(self, z: Float[np.ndarray, "... latents"]) -> Float[Tensor, "batch frames bands"]:
        """Return the mean table of each latent.

        Raises
        ------
        ValueError
            For another number of latents.
        """
        rows = np.atleast_2d(np.asarray(z, np.float32))
        if rows.ndim != 2 or rows.shape[1] != self.config.latents:
            raise ValueError(f"need {self.config.latents} latents a sound, got shape {np.shape(z)}")
        table = self.config.table
        with torch.no_grad():
            mean = self.vae.decoder(torch.from_numpy(rows).to(self.steps.device))
        decoded: Tensor = mean.unflatten(1, (table.frames, table.bands))
        return decoded

    def render(
        self, z: Float[np.ndarray, "... latents"], *, rng: np.random.Generator
    ) -> Float[np.ndarray, "batch time"]:
        """Return the sound of each latent; `rng` draws the first phases."""
        tables = self.decode(z)
        return self.seen.inverse(tables, spawn(rng, len(tables)))

    # -------------------------------------------------------------- drawing

    def sample(
        self,
        length: int | None = None,
        *,
        count: int = 1,
        rng: np.random.Generator,
        label: str | None = None,
    ) -> Float[np.ndarray, "count length"]:
        """Draw hits: a latent from the prior of the class, its mean table, and phases to it.

        Parameters
        ----------
        length : samples of each that are kept; all where it is None
        count : how many; the i-th hit does not depend on it, up to rounding
        rng : draws latents and phases
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
            noise = torch.from_numpy(each.standard_normal(self.config.latents)).float()[None]
            with torch.no_grad():
                prior = self.vae.prior(torch.tensor([index], device=self.steps.device))
                z = prior.at(noise.to(self.steps.device)).cpu().numpy()
            sounds.append(self.seen.inverse(self.decode(z), [each]))
        return np.concatenate(sounds)[:, :length]

    # -------------------------------------------------------------- scoring

    def table_log_likelihood(
        self, sound: SignalLike, label: str, *, rng: np.random.Generator, draws: int = 1
    ) -> Likelihood:
        """Return a lower bound of ln p(table of the sound | label), in nats.

        A density over log-mel tables, not over waveforms: the table does not hold the phases, so
        it says nothing about bits per sample.

        Parameters
        ----------
        sound : one hit
        label : its class
        rng : draws the latents
        draws : K of `importance_weighted_bound`; with 1, the ELBO with both terms drawn

        Raises
        ------
        TypeError, ValueError
            For bad input, a label that is no class, or fewer draws than 1.

        Notebook: 09.
        """
        draws, x = check_count(draws, "draws"), self.table(sound).flatten(1)
        index = torch.tensor([class_index(label, self.config.classes)], device=x.device)
        noise = self._noise(int(check_generator(rng).integers(2**31)), draws, 1)
        with torch.no_grad():
            bound = importance_weighted_bound(self.vae.log_weights(x, noise, index))
        return Likelihood(float(bound), "lower bound")
