"""The pictures that latent models see of a hit: log-mel tables, and the way back to sound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.core import SignalLike, check_count, check_number, check_signal, class_index, settle
from course_lib.features import griffin_lim, hann, magnitude_from_log_mel, mel_filter_bank

FLOOR = 1e-5
"""What `features.log_mel` takes for silence."""

LOUDEST = 4.0
"""No frame of a sound within [-1, 1] has a larger logarithm; what is drawn is held below it."""

ITERATIONS = 32
"""Of Griffin and Lim's search for phases."""

CELLS = 16
"""Frames, and bands, of a table are multiples of this: the coarsest grid halves them four times."""


@dataclass(frozen=True)
class TableConfig:
    """The shape of a log-mel table.

    Parameters
    ----------
    length : samples in a sound
    frames : that are kept; the first is centred on the first sample
    window_length, hop_length : of each frame, in samples
    bands : of the mel scale
    middle, scale : the table is (log_mel - middle) / scale, so that its numbers are near 0 and 1
    sample_rate : in Hz

    Raises
    ------
    TypeError, ValueError
        For numbers out of range, frames or bands that are not multiples of 16, or more frames
        than the sound has.
    """

    length: int = 16_384
    frames: int = 64
    window_length: int = 1024
    hop_length: int = 256
    bands: int = 64
    middle: float = -8.8
    scale: float = 3.2
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        for name in ("length", "frames", "window_length", "hop_length", "bands", "sample_rate"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(self, middle=check_number(self.middle, "middle"))
        settle(self, scale=check_number(self.scale, "scale", above=0))
        for name in ("frames", "bands"):
            if getattr(self, name) % CELLS:
                raise ValueError(
                    f"need {name} that are a multiple of {CELLS}, got {getattr(self, name)}"
                )
        if self.frames > 1 + self.length // self.hop_length:
            raise ValueError(
                f"need at most {1 + self.length // self.hop_length} frames of {self.length} "
                f"samples, got {self.frames}; lengthen the sound or the hop"
            )
        mel_filter_bank(self.sample_rate, self.window_length, bands=self.bands)  # checks these

    @property
    def duration(self) -> float:
        """Of every sound, in seconds."""
        return self.length / self.sample_rate


class LogMelTable(nn.Module):
    """From sounds to log-mel tables of about zero mean and unit variance, and back.

    z = (ln max(M, 1e-5) - middle) / scale, with M the mel-weighted magnitudes of
    `features.log_mel`. The phases are lost; Griffin and Lim's search invents others.

    Parameters
    ----------
    config : the shape

    Notebook: 09.
    """

    bank: Tensor
    window: Tensor

    def __init__(self, config: TableConfig) -> None:
        super().__init__()
        self.config = config
        bank = mel_filter_bank(config.sample_rate, config.window_length, bands=config.bands)
        self.register_buffer("bank", torch.from_numpy(bank.T).float(), False)
        window = torch.from_numpy(hann(config.window_length)).float()
        self.register_buffer("window", window, False)

    def forward(self, sounds: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frames bands"]:
        """Return the tables of sounds of `config.length` samples.

        Raises
        ------
        ValueError
            For sounds of another length.
        """
        config = self.config
        if sounds.shape[1] != config.length:
            raise ValueError(f"need sounds of {config.length} samples, got {sounds.shape[1]}")
        half = config.window_length // 2
        padded = nn.functional.pad(sounds.float(), (half, half))
        frames = padded.unfold(1, config.window_length, config.hop_length)[:, : config.frames]
        mel = torch.fft.rfft(frames * self.window).abs() @ self.bank
        return (torch.log(mel.clamp(min=FLOOR)) - config.middle) / config.scale

    def inverse(
        self, table: Float[Tensor, "batch frames bands"], rngs: Sequence[np.random.Generator]
    ) -> Float[np.ndarray, "batch time"]:
        """Return sounds with about these tables, float32 within [-1, 1].

        Parameters
        ----------
        table : as `forward` gives
        rngs : one generator a sound, for the first phases
        """
        config = self.config
        levels = (table.detach().cpu().double().numpy() * config.scale + config.middle).clip(
            math.log(FLOOR), LOUDEST
        )
        sounds = np.zeros((len(levels), config.length), np.float32)
        for sound, level, rng in zip(sounds, levels, rngs, strict=True):
            magnitude = magnitude_from_log_mel(level, config.sample_rate, config.window_length)
            found = griffin_lim(
                magnitude, hop_length=config.hop_length, iterations=ITERATIONS, rng=rng
            )[: config.length]
            sound[: len(found)] = found / max(1.0, float(np.abs(found).max()))
        return sounds


def check_classes(classes: tuple[str, ...]) -> None:
    """Refuse classes that are none, or two of one name.

    Raises
    ------
    ValueError
        With what came.
    """
    if isinstance(classes, str) or len(set(classes)) < max(1, len(classes)):
        raise ValueError(f"need one or more different classes, got {classes!r}")


def class_of_each(
    label: str | None, classes: tuple[str, ...], rngs: Sequence[np.random.Generator]
) -> list[int]:
    """Return the number of a class for each generator: the one that is named, or one drawn.

    Raises
    ------
    ValueError
        For a label that is no class.
    """
    if label is not None:
        return [class_index(label, classes)] * len(rngs)
    return [int(rng.integers(len(classes))) for rng in rngs]


def filled_up(sound: SignalLike, table: TableConfig) -> Float[Tensor, "1 time"]:
    """Return one sound with silence after it, as a batch of one.

    Raises
    ------
    TypeError, ValueError
        For bad input, or a sound that is longer than the table.
    """
    x = check_signal(sound)
    if len(x) > table.length:
        raise ValueError(f"need at most {table.length} samples, got {len(x)}; cut the sound")
    padded = np.pad(x, (0, table.length - len(x))).astype(np.float32)
    return torch.from_numpy(padded)[None]
