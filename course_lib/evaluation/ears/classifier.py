"""A small convolutional classifier of single hits: what kind of drum was that?

It judges what generators make: whether the class that was asked for is heard, and, by the layer
before its last, how far apart two sets of sounds are. It hears a picture of the sound, its log-mel
frames relative to the loudest value, so that the level of a sound does not matter.

Notebook: 16.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.audio import Clip
from course_lib.core import (
    LabelledBatch,
    SignalLike,
    check_count,
    check_number,
    check_signal,
    settle,
)
from course_lib.features import hann, mel_filter_bank

_SILENCE = 1e-6
"""A loudest mel value below this is silence: about -120 dB of full scale."""


@dataclass(frozen=True)
class ClassifierConfig:
    """What a `Classifier` is made of.

    Parameters
    ----------
    classes : what it tells apart, by name
    bands : of the mel scale
    channels : of each convolution; each halves bands and frames
    width : numbers in the layer before the last, the features
    dropout : probability with which each number before a matrix is silenced in training
    window_length, hop_length : of the frames, in samples
    dynamic_range : in dB; what lies further below the loudest value counts as lying there
    length : samples in a sound; shorter ones are filled up with silence
    sample_rate : in Hz

    Raises
    ------
    TypeError, ValueError
        For fewer than two classes, a class twice, counts below 1, a window or hop that do not go
        together, or numbers out of range.
    """

    classes: tuple[str, ...]
    bands: int = 64
    channels: tuple[int, ...] = (16, 32, 64)
    width: int = 32
    dropout: float = 0.3
    window_length: int = 1024
    hop_length: int = 256
    dynamic_range: float = 60.0
    length: int = 16_384
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        if isinstance(self.classes, str) or len(set(self.classes)) < max(2, len(self.classes)):
            raise ValueError(f"need two or more different classes, got {self.classes!r}")
        if not self.channels:
            raise ValueError("need the channels of at least one convolution, got none")
        settle(self, channels=tuple(check_count(count, "channels") for count in self.channels))
        for name in ("bands", "width", "hop_length", "length"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(self, dropout=check_number(self.dropout, "dropout", minimum=0, below=1))
        settle(self, dynamic_range=check_number(self.dynamic_range, "dynamic_range", above=0))
        smallest = 2 ** len(self.channels)
        if self.bands < smallest:
            raise ValueError(
                f"need at least {smallest} bands, which {len(self.channels)} convolutions halve "
                f"each, got {self.bands} bands"
            )
        if self.length // self.hop_length + 1 < smallest:
            raise ValueError(
                f"need a length of at least {(smallest - 1) * self.hop_length} samples, which "
                f"{len(self.channels)} convolutions halve each, got {self.length}"
            )
        mel_filter_bank(self.sample_rate, self.window_length, bands=self.bands)  # checks these


class Classifier(nn.Module):
    """The probabilities of classes, given a sound.

    With L the mel-weighted magnitudes in dB, relative to the loudest of them and not below
    -dynamic_range, scaled to [-1, 1]; every convolution is 3 by 3, followed by a normalisation of
    each sound's channels, GELU, and a maximum over 2 by 2::

        h = convolutions(L)                          channels x bands / 8 x frames / 8
        f = GELU(A (max over time of h, mean over time of h) + a)     the features
        P(class | x) = softmax(B f + b)

    Nothing but the pooling over time is blind to place: whether a band is low or high tells a
    kick from a tom.

    Parameters
    ----------
    config : what the network is made of
    seed : of the first weights

    References
    ----------
    Salamon and Bello (2017), "Deep convolutional neural networks and data augmentation for
    environmental sound classification", for convolutions over log-mel frames of few sounds.
    Notebook: 16.
    """

    _bank: Tensor
    _window: Tensor

    def __init__(self, config: ClassifierConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        bank = mel_filter_bank(config.sample_rate, config.window_length, bands=config.bands)
        self.register_buffer("_bank", torch.from_numpy(bank.T).float(), persistent=False)
        window = torch.from_numpy(hann(config.window_length)).float()
        self.register_buffer("_window", window, persistent=False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            layers: list[nn.Module] = []
            for inputs, outputs in zip((1, *config.channels), config.channels, strict=False):
                layers += [
                    nn.Conv2d(inputs, outputs, 3, padding=1),
                    nn.GroupNorm(1, outputs),
                    nn.GELU(),
                    nn.MaxPool2d(2),
                ]
            self.convolutions = nn.Sequential(*layers)
            bands = config.bands >> len(config.channels)
            self.narrow = nn.Linear(2 * config.channels[-1] * bands, config.width)
            self.last = nn.Linear(config.width, len(config.classes))

    def picture(self, sounds: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frames bands"]:
        """Return log-mel frames between -1 and 1, the same whatever the level of the sound.

        2 max(0, 1 + 20 log10(M / max M) / dynamic_range) - 1, with M the mel-weighted magnitudes
        as in `features.log_mel`. Silence is at -1 throughout.
        """
        config = self.config
        half = config.window_length // 2
        padded = nn.functional.pad(sounds.float(), (half, half))
        frames = padded.unfold(1, config.window_length, config.hop_length) * self._window
        mel = torch.fft.rfft(frames).abs() @ self._bank
        loudest = mel.amax((1, 2), keepdim=True).clamp(min=_SILENCE)
        floor = 10 ** (-config.dynamic_range / 20)
        decibels = 20 * torch.log10((mel / loudest).clamp(min=floor))
        return 2 * (1 + decibels / config.dynamic_range) - 1

    def _features(
        self, picture: Float[Tensor, "batch frames bands"], generator: torch.Generator | None
    ) -> Float[Tensor, "batch width"]:
        h = self.convolutions(picture[:, None])  # (B, C, T, F)
        pooled = torch.cat([h.amax(2), h.mean(2)], dim=1).flatten(1)
        return nn.functional.gelu(self.narrow(self._dropped(pooled, generator)))

    def _dropped(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return x with a share of it silenced, and the rest raised to make up for that."""
        if generator is None or not self.config.dropout:
            return x
        keep = 1 - self.config.dropout
        kept = torch.rand(x.shape, generator=generator).to(x.device) < keep
        return x * kept / keep

    def loss(self, batch: LabelledBatch, carry: object = None) -> tuple[Tensor, None]:
        """Return the mean nats per sound, -log P(label | sound), and nothing to carry.

        In training, dropout is drawn from the batch's seed.
        """
        generator = torch.Generator().manual_seed(batch.seed) if self.training else None
        features = self._features(self.picture(batch.sounds), generator)
        logits = self.last(self._dropped(features, generator)).float()
        return nn.functional.cross_entropy(logits, batch.labels), None

    @torch.no_grad()
    def features(self, sounds: Sequence[SignalLike]) -> Float[np.ndarray, "count width"]:
        """Return the layer before the last, one row for each sound.

        Parameters
        ----------
        sounds : clips at the network's sample rate, or arrays of shape (time,) or (count, time);
            each at most `config.length` samples long

        Raises
        ------
        TypeError, ValueError
            For no sounds, one that is too long, at another sample rate, or not finite and mono.

        Notebook: 16.
        """
        pieces = self._stacked(sounds).split(64)
        found = [self._features(self.picture(piece), None) for piece in pieces]
        return torch.cat(found).double().cpu().numpy()

    @torch.no_grad()
    def probabilities(self, sounds: Sequence[SignalLike]) -> Float[np.ndarray, "count classes"]:
        """Return P(class | sound), one row for each sound; parameters and errors as `features`.

        Notebook: 16.
        """
        features = torch.from_numpy(self.features(sounds)).to(self.last.weight)
        return torch.softmax(self.last(features).double(), dim=1).cpu().numpy()

    def classify(self, sounds: Sequence[SignalLike]) -> list[str]:
        """Return the likeliest class of each sound, by name; parameters and errors as `features`.

        Notebook: 16.
        """
        return [self.config.classes[i] for i in self.probabilities(sounds).argmax(axis=1)]

    def _stacked(self, sounds: Sequence[SignalLike]) -> Float[Tensor, "count time"]:
        if not len(sounds):
            raise ValueError("need at least one sound to classify, got none")
        rows = np.zeros((len(sounds), self.config.length), np.float32)
        for i, sound in enumerate(sounds):
            if isinstance(sound, Clip) and sound.sample_rate != self.config.sample_rate:
                raise ValueError(
                    f"need sounds at {self.config.sample_rate} Hz, got {sound}; resample them"
                )
            samples = check_signal(sound)
            if len(samples) > self.config.length:
                raise ValueError(
                    f"need at most {self.config.length} samples a sound, got {len(samples)}; cut it"
                )
            rows[i, : len(samples)] = samples
        return torch.from_numpy(rows).to(self.last.weight.device)
