"""From mel frames to sound in one pass: a vocoder that learns against a panel of discriminators.

Notebook: 10.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.core import Batch, check_count, check_values, settle
from course_lib.features import hann, mel_filter_bank
from course_lib.models.adversarial.discriminators import Panel, feature_matching
from course_lib.models.adversarial.losses import discriminator_loss, generator_loss

FLOOR = 1e-5
"""Below it no magnitude counts, as in `features.log_mel`."""

RESOLUTIONS = ((256, 64, 24), (800, 200, 80), (1600, 400, 120))
"""Windows and hops, in samples, and mel bands, of the distance between spectra."""

MATCHING, SPECTRAL = 2.0, 20.0
"""What the distances between features, and between spectra, weigh beside the game."""


@dataclass(frozen=True)
class MelVocoderConfig:
    """What a vocoder is made of.

    Parameters
    ----------
    width : channels between its layers
    wider : channels inside a block, as a multiple of that
    blocks : how many
    reach : frames that a block sees to the left and to the right
    bands, window_length, hop_length, sample_rate : of the frames, as in `features.log_mel`
    judges : channels of the discriminators' convolutions

    Raises
    ------
    TypeError, ValueError
        For counts below 1, fewer than two convolutions, or a window and bands that do not go
        together.
    """

    width: int = 128
    wider: int = 3
    blocks: int = 4
    reach: int = 3
    bands: int = 80
    window_length: int = 800
    hop_length: int = 200
    sample_rate: int = 16_000
    judges: tuple[int, ...] = (16, 32, 64, 64)

    def __post_init__(self) -> None:
        for name in ("width", "wider", "blocks", "reach", "hop_length"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(self, judges=tuple(check_count(count, "judges") for count in self.judges))
        if len(self.judges) < 2:
            raise ValueError(f"need the channels of two convolutions or more, got {self.judges}")
        mel_filter_bank(self.sample_rate, self.window_length, bands=self.bands)  # checks these
        if self.hop_length > self.window_length // 2 or self.window_length % 2:
            raise ValueError(
                f"need an even window_length and a hop_length of at most half of it, got "
                f"{self.window_length} and {self.hop_length}"
            )


class MelVocoder(nn.Module):
    """From log-mel frames L to a transform of the same frame rate, and by its inverse to sound.

    With h the last of several blocks of convolutions over frames::

        S[m, k] = exp(a[m, k] + A h[m]) (cos P h[m] + i sin P h[m]),        x = istft(S)

    where a is the logarithm of the flattest magnitude that has the frames' mel values. A
    HiFi-GAN makes samples by layers that each multiply the rate, the last of which run at the
    rate of samples; here every layer runs at the rate of frames, 200 times slower.

    Parameters
    ----------
    config : what it is made of
    seed : of the first weights

    References
    ----------
    Kong, Kim and Bae (2020), "HiFi-GAN: generative adversarial networks for efficient and high
    fidelity speech synthesis", for how it learns; Kaneko et al. (2022), "iSTFTNet", and Siuzdak
    (2023), "Vocos: closing the gap between time-domain and Fourier-based neural vocoders",
    section 3, for the inverse transform. Notebook: 10.
    """

    flat: Tensor
    window: Tensor

    def __init__(self, config: MelVocoderConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        bins = config.window_length // 2 + 1
        bank = mel_filter_bank(config.sample_rate, config.window_length, bands=config.bands)
        inside = bank > 0
        share = inside / np.maximum(inside.sum(axis=0), 1) / bank.sum(axis=1, keepdims=True)
        self.register_buffer("flat", torch.from_numpy(share).float(), persistent=False)
        window = torch.from_numpy(hann(config.window_length)).float()
        self.register_buffer("window", window, persistent=False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.enter = nn.Conv1d(config.bands, config.width, 2 * config.reach + 1, padding="same")
            self.blocks = nn.ModuleList([Block(config) for _ in range(config.blocks)])
            self.leave = nn.LayerNorm(config.width)
            self.magnitude = nn.Linear(config.width, bins)
            self.phase = nn.Linear(config.width, 2 * bins)
            nn.init.zeros_(self.magnitude.weight)
            nn.init.zeros_(self.magnitude.bias)

    def forward(self, mel: Float[Tensor, "batch frames bands"]) -> Float[Tensor, "batch time"]:
        """Return (frames - 1) * hop_length samples for each; frame m is centred on m hops."""
        config = self.config
        h = self.enter((mel.mT + 6) / 3)
        for block in self.blocks:
            h = block(h)
        h = self.leave(h.mT)
        flat = (mel.exp() @ self.flat).clamp(min=FLOOR).log()
        magnitude = (flat + self.magnitude(h)).clamp(max=5).exp()
        across, up = self.phase(h).chunk(2, dim=-1)
        length = torch.sqrt(across.square() + up.square() + 1e-9)
        transform = torch.complex(magnitude * across / length, magnitude * up / length)
        return torch.istft(
            transform.mT,
            config.window_length,
            config.hop_length,
            window=self.window,
            length=(mel.shape[1] - 1) * config.hop_length,
        )

    def vocode(self, frames: Float[np.ndarray, "frames bands"]) -> Float[np.ndarray, "time"]:
        """Return the sound of log-mel frames, within [-1, 1], in float32.

        Parameters
        ----------
        frames : as `features.log_mel` gives with the settings of the configuration; two or more

        Raises
        ------
        TypeError, ValueError
            For frames that are not finite, of other bands, or fewer than two.

        Notebook: 10.
        """
        frames = check_values(frames, "frames", shape=("frames", "bands"), whole=False)
        if len(frames) < 2 or frames.shape[1] != self.config.bands:
            raise ValueError(
                f"need two or more frames of {self.config.bands} bands, got shape {frames.shape}"
            )
        with torch.no_grad():
            mel = torch.from_numpy(np.ascontiguousarray(frames, np.float32))
            sound = self(mel[None].to(self.window.device))[0]
        return sound.clamp(-1, 1).cpu().numpy()


class Block(nn.Module):
    """A filter over frames for each channel, then two matrices, around which the input is added.

    References
    ----------
    Liu et al. (2022), "A ConvNet for the 2020s", figure 4, over one dimension.
    """

    def __init__(self, config: MelVocoderConfig) -> None:
        super().__init__()
        width, inside = config.width, config.wider * config.width
        size = 2 * config.reach + 1
        self.filter = nn.Conv1d(width, width, size, padding="same", groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, inside)
        self.narrow = nn.Linear(inside, width)
        self.gain = nn.Parameter(torch.full((width,), 1 / config.blocks))

    def forward(
        self, h: Float[Tensor, "batch width frames"]
    ) -> Float[Tensor, "batch width frames"]:
        """Return the channels of the next block."""
        inside = nn.functional.gelu(self.widen(self.norm(self.filter(h).mT)))
        return h + (self.gain * self.narrow(inside)).mT


class SpectralDistance(nn.Module):
    """How far apart two sounds are to an ear that does not hear phase.

    The mean over `RESOLUTIONS`, frames and bands of | L(x) - L(y) |, with L the log-mel frames;
    in nepers, of which one is 8.7 dB.

    References
    ----------
    Kong, Kim and Bae (2020), eq. 3, at one resolution; Yamamoto, Song and Kim (2020), "Parallel
    WaveGAN", eq. 6, for several. Notebook: 10.
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        for size, _, bands in RESOLUTIONS:
            bank = torch.from_numpy(mel_filter_bank(sample_rate, size, bands=bands).T).float()
            self.register_buffer(f"bank{size}", bank, persistent=False)
            window = torch.from_numpy(hann(size)).float()
            self.register_buffer(f"window{size}", window, persistent=False)

    def forward(
        self, x: Float[Tensor, "batch time"], y: Float[Tensor, "batch time"]
    ) -> Float[Tensor, ""]:
        """Return the distance."""
        found = []
        for size, hop, _ in RESOLUTIONS:
            bank, window = getattr(self, f"bank{size}"), getattr(self, f"window{size}")
            both = torch.cat([x, y])
            spectra = torch.stft(both, size, hop, window=window, return_complex=True)
            a, b = (spectra.abs().mT @ bank).clamp(min=FLOOR).log().chunk(2)
            found.append((a - b).abs().mean())
        return torch.stack(found).mean()


class VocoderGame(nn.Module):
    """A vocoder against its panel: what the loop of `training.adversarial` plays.

    Parameters
    ----------
    config : of the vocoder
    seed : of the first weights

    Attributes
    ----------
    generator, discriminator : the vocoder and the panel
    kept : the vocoder with averaged weights
    """

    def __init__(self, config: MelVocoderConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.generator = MelVocoder(config, seed=seed)
        self.kept = copy.deepcopy(self.generator).requires_grad_(False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.discriminator = Panel(config.judges)
        self.distance = SpectralDistance(config.sample_rate)

    def _pair(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return real sound and the same sound made of its frames."""
        if batch.mel is None:
            raise ValueError("need sounds with their mel frames, got sounds alone")
        return batch.inputs.T.float(), self.generator(batch.mel.transpose(0, 1))

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """Return the sum of the members' hinge losses.

        Raises
        ------
        ValueError
            For sounds without frames, or with frames of another number.
        """
        with torch.no_grad():
            real, made = self._pair(batch)
        votes = zip(self.discriminator(real), self.discriminator(made), strict=True)
        return torch.stack([discriminator_loss(a[-1], b[-1], "hinge") for a, b in votes]).sum()

    def generator_loss(self, batch: Batch) -> Tensor:
        """Return the sum of hinge losses, feature matching and the distance of spectra, weighted.

        References
        ----------
        Kong, Kim and Bae (2020), eq. 5, with hinge in place of squares, as Siuzdak (2023).
        """
        real, made = self._pair(batch)
        with torch.no_grad():
            of_real = self.discriminator(real)
        of_made = self.discriminator(made)
        votes = torch.stack([generator_loss(seen[-1], "hinge") for seen in of_made]).sum()
        matching = feature_matching(of_real, of_made)
        return votes + MATCHING * matching + SPECTRAL * self.distance(real, made)

    def alone_loss(self, batch: Batch) -> Tensor:
        """Return the distance of spectra, weighted: what a vocoder can learn without a panel."""
        return SPECTRAL * self.distance(*self._pair(batch))
