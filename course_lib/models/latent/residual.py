"""Residual quantisation, several codebooks in a row, and a codec of speech made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.audio import Clip, check_clip
from course_lib.core import Batch, check_count, check_generator, check_number, settle
from course_lib.features import griffin_lim, log_mel, magnitude_from_log_mel, mel_filter_bank
from course_lib.models.latent.quantise import Quantised, VectorQuantiser, straight_through
from course_lib.models.latent.tables import FLOOR, LOUDEST
from course_lib.models.latent.vqvae import COMMITMENT, checked_codes

ITERATIONS = 60
"""Of Griffin and Lim's search for phases."""


class ResidualQuantiser(nn.Module):
    """Codebooks in a row: each rounds what the ones before it have left over.

    r_1 = h, e_s the vector of codebook s nearest to r_s, r_(s + 1) = r_s - e_s, and what stands
    for h is e_1 + ... + e_S. S codebooks of K vectors name K^S sums, and are searched in S K
    steps; the greedy search need not find the best of the sums.

    Parameters
    ----------
    stages : codebooks, S
    count, width : vectors in each, and numbers in a vector
    decay, dead : as in `VectorQuantiser`

    References
    ----------
    Zeghidour et al. (2021), "SoundStream: an end-to-end neural audio codec", algorithm 1.
    Notebook: 09.
    """

    def __init__(
        self, stages: int, count: int, width: int, *, decay: float = 0.97, dead: float = 0.1
    ) -> None:
        super().__init__()
        stages = check_count(stages, "stages")
        self.stages = nn.ModuleList(
            VectorQuantiser(count, width, decay=decay, dead=dead) for _ in range(stages)
        )

    def forward(
        self,
        h: Float[Tensor, "*batch width"],
        generator: torch.Generator | None = None,
        *,
        stages: int | None = None,
    ) -> Quantised:
        """Return the sums that stand for vectors, and their codes, (..., stages).

        Parameters
        ----------
        h : vectors
        generator : draws where dead codes go; needed in training alone
        stages : the first so many codebooks; None for all
        """
        rest, codes = h.detach(), []
        for stage in list(self.stages)[:stages]:
            rounded = stage(rest, generator)
            rest = rest - rounded.values
            codes.append(rounded.codes)
        total = h.detach() - rest
        commitment = (h - total).square().mean()
        return Quantised(straight_through(h, total), torch.stack(codes, -1), commitment)

    def vectors(self, codes: Int[Tensor, "*batch stages"]) -> Float[Tensor, "*batch width"]:
        """Return the sums that codes of the first stages stand for."""
        books = [stage.codebook for stage in list(self.stages)[: codes.shape[-1]]]
        each = [book[codes[..., i]] for i, book in enumerate(books)]  # type: ignore[index]
        return torch.stack(each).sum(0)


@dataclass(frozen=True)
class CodecConfig:
    """What a codec of speech is made of.

    Parameters
    ----------
    stages, codes : codebooks, and vectors in each
    channels, width : of the convolutions, and of what is quantised
    stride : mel frames that share one set of codes; even
    bands, window_length, hop_length : of the mel frames, in samples
    middle, scale : the network sees (log_mel - middle) / scale
    sample_rate : in Hz

    Raises
    ------
    TypeError, ValueError
        For numbers out of range, or a stride that is not even.
    """

    stages: int = 8
    codes: int = 256
    channels: int = 128
    width: int = 48
    stride: int = 2
    bands: int = 80
    window_length: int = 800
    hop_length: int = 200
    middle: float = -6.0
    scale: float = 3.0
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        for name in (
            *("stages", "codes", "channels", "width", "stride"),
            *("bands", "window_length", "hop_length", "sample_rate"),
        ):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(self, middle=check_number(self.middle, "middle"))
        settle(self, scale=check_number(self.scale, "scale", above=0))
        if self.stride % 2:
            raise ValueError(f"need an even stride, got {self.stride}")
        mel_filter_bank(self.sample_rate, self.window_length, bands=self.bands)  # checks these

    @property
    def code_rate(self) -> float:
        """Sets of codes a second."""
        return self.sample_rate / (self.hop_length * self.stride)

    def bits_per_second(self, stages: int | None = None) -> float:
        """Return the rate of the first stages, or of all, codes all of one length.

        Raises
        ------
        TypeError, ValueError
            For stages out of range.
        """
        return self.code_rate * self.some(stages) * math.log2(self.codes)

    def some(self, stages: int | None) -> int:
        """Return a number of stages, all of them where it is None.

        Raises
        ------
        TypeError, ValueError
            For a count out of range.
        """
        stages = check_count(self.stages if stages is None else stages, "stages")
        if stages > self.stages:
            raise ValueError(f"need at most {self.stages} stages, got {stages}")
        return stages


class SpeechCodec(nn.Module):
    """A codec of speech: mel frames, narrowed by convolutions, quantised in stages, and back.

    ::

        codec = zoo.load("codec-speech")
        codes = codec.encode(clip)                             # (40 a second, 8 stages)
        again = codec.decode(codes, rng=np.random.default_rng(1))

    In training half of the batches hear only the first few stages, drawn at random, so that any
    number of them will do. Phases are not sent; Griffin and Lim's search invents others.

    Parameters
    ----------
    config : what it is made of
    seed : of the first weights

    References
    ----------
    Zeghidour et al. (2021), "SoundStream". Notebook: 09.
    """

    steps: Tensor

    def __init__(self, config: CodecConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        wide, stride, width = config.channels, config.stride, config.width
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.narrow = nn.Conv1d(config.bands, width, 2 * stride, stride, stride // 2)
            self.encoder = nn.Sequential(
                nn.Conv1d(config.bands, wide, 2 * stride, stride, stride // 2),
                nn.GELU(),
                nn.Conv1d(wide, width, 3, padding=1),
            )
            self.quantiser = ResidualQuantiser(config.stages, config.codes, width)
            self.widen = nn.ConvTranspose1d(width, config.bands, 2 * stride, stride, stride // 2)
            self.decoder = nn.Sequential(
                nn.Conv1d(width, wide, 3, padding=1),
                nn.GELU(),
                nn.ConvTranspose1d(wide, config.bands, 2 * stride, stride, stride // 2),
            )

        self.register_buffer("steps", torch.zeros(()))  # so that each step draws its own

    # ------------------------------------------------------------- learning

    def loss(self, batch: Batch, carry: object = None) -> tuple[Tensor, None]:
        """Return the absolute error of the frames and the commitment, and nothing to carry.

        Raises
        ------
        ValueError
            For a batch without mel frames, or with fewer than a set of codes needs.
        """
        if batch.mel is None or len(batch.mel) < self.config.stride:
            raise ValueError(
                f"need a batch with {self.config.stride} mel frames or more, got "
                f"{0 if batch.mel is None else len(batch.mel)}"
            )
        frames = batch.mel[: len(batch.mel) // self.config.stride * self.config.stride]
        x = (frames.movedim(0, 2) - self.config.middle) / self.config.scale  # (B, bands, T)
        generator = torch.Generator().manual_seed(int(self.steps))
        stages = None
        if self.training:
            self.steps += 1
        if self.training and torch.rand((), generator=generator) < 0.5:
            stages = int(torch.randint(1, self.config.stages + 1, (), generator=generator))
        quantised = self.quantiser(self._narrowed(x), generator, stages=stages)
        error = (self._widened(quantised.values) - x).abs().mean()
        return error + COMMITMENT * quantised.commitment, None

    def _narrowed(self, x: Float[Tensor, "batch bands time"]) -> Float[Tensor, "batch sets width"]:
        """Return what is quantised: a linear way beside a curved one, so that it learns fast."""
        h: Tensor = self.narrow(x) + self.encoder(x)
        return h.movedim(1, 2)

    def _widened(self, h: Float[Tensor, "batch sets width"]) -> Float[Tensor, "batch bands time"]:
        h = h.movedim(1, 2)
        x: Tensor = self.widen(h) + self.decoder(h)
        return x

    # --------------------------------------------------------------- coding

    def seen(self, clip: Clip) -> Float[np.ndarray, "frames bands"]:
        """Return the log-mel frames of a recording, which the codec writes down.

        Raises
        ------
        TypeError, ValueError
            For something other than a Clip at `config.sample_rate`.
        """
        config = self.config
        if check_clip(clip).sample_rate != config.sample_rate:
            raise ValueError(
                f"need a clip at {config.sample_rate} Hz, got {clip.sample_rate} Hz; "
                "use audio.resample"
            )
        return log_mel(
            clip,
            window_length=config.window_length,
            hop_length=config.hop_length,
            bands=config.bands,
        )

    def encode(self, clip: Clip, *, stages: int | None = None) -> Int[np.ndarray, "sets stages"]:
        """Return the codes of a recording; the last set is filled up with its last frame.

        Raises
        ------
        TypeError, ValueError
            For something other than a Clip at `config.sample_rate`, or stages out of range.
        """
        config = self.config
        stages = config.some(stages)
        frames = self.seen(clip)
        frames = np.pad(frames, ((0, -len(frames) % config.stride), (0, 0)), mode="edge")
        x = (torch.from_numpy(frames.T).float()[None] - config.middle) / config.scale
        with torch.no_grad():
            found = self.quantiser(self._narrowed(x.to(self._device)), stages=stages).codes[0]
        return np.asarray(found.cpu().numpy())

    def frames(self, codes: Int[np.ndarray, "sets stages"]) -> Float[np.ndarray, "frames bands"]:
        """Return the log-mel frames that codes stand for; fewer stages than all will do.

        Raises
        ------
        TypeError, ValueError
            For codes of another shape, that are not whole, or out of range.
        """
        config = self.config
        codes = checked_codes(codes, config.codes, (None, None))
        config.some(codes.shape[1])
        with torch.no_grad():
            h = self.quantiser.vectors(torch.from_numpy(codes).to(self._device))
            x = self._widened(h[None])
        frames = x[0].T.cpu().double().numpy() * config.scale + config.middle
        return frames.clip(math.log(FLOOR), LOUDEST)

    def decode(
        self, codes: Int[np.ndarray, "sets stages"], *, rng: np.random.Generator
    ) -> Float[np.ndarray, "time"]:
        """Return the sound that codes stand for, float32 within [-1, 1].

        Parameters
        ----------
        codes : of the first so many stages
        rng : draws the first phases

        Raises
        ------
        TypeError, ValueError
            As `frames`.
        """
        config, rng = self.config, check_generator(rng)
        magnitude = magnitude_from_log_mel(
            self.frames(codes), config.sample_rate, config.window_length
        )
        sound = griffin_lim(magnitude, hop_length=config.hop_length, iterations=ITERATIONS, rng=rng)
        return (sound / max(1.0, float(np.abs(sound).max()))).astype(np.float32)

    @property
    def _device(self) -> torch.device:
        return self.narrow.weight.device
