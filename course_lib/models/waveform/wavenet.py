"""WaveNet: autoregression by a stack of dilated causal convolutions.

Notebooks: 11, 12. Inside the network time comes first: (time, batch, channels).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn
from torch.nn import functional as F

from course_lib.core import (
    Batch,
    Encoding,
    SignalLike,
    check_count,
)
from course_lib.kernels import wavenet as kernels
from course_lib.models.waveform import logistic_mixture
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.convolutions import (
    causal_convolution,
    gated_activation,
    receptive_field,
)
from course_lib.models.waveform.logistic_mixture import around_last
from course_lib.models.waveform.mel import SILENT_MEL, MelUpsampler
from course_lib.models.waveform.streaming import LevelNetwork, check_stream

BLOCK = 8000
"""Samples that are scored at a time, to keep memory small."""


class WaveNet(LevelNetwork):
    """P(c_1, ..., c_N) = prod_t P(c_t | c_{t-R}, ..., c_{t-1}), each factor by one network.

    ::

        x_0[t] = embedding of c_{t-1}
        z_l = tanh(a) * sigmoid(b)   with [a, b] = [x_l[t - d_l], x_l[t]] @ taps_l + bias_l
        x_{l+1} = x_l + z_l @ residual_l                                  the residual connection
        s = sum_l z_l @ skip_l                                            the skip connections
        P(c_t | ...) = softmax(relu(relu(s) @ H1) @ H2), or a mixture of logistics

    The past before a clip's first sample is silence, the code ``config.silence``.

    Parameters
    ----------
    config : the network's shape
    seed : of the initial weights

    References
    ----------
    van den Oord et al. (2016), "WaveNet: a generative model for raw audio", eq. 1-3, figure 4.
    Notebooks: 11, 12.
    """

    values: torch.Tensor
    edges: torch.Tensor

    def __init__(self, config: WaveNetConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        seed = check_count(seed, "seed", minimum=0)
        generator = torch.Generator().manual_seed(seed)
        c, s, layers = config.channels, config.skip, len(config.dilations)

        def normal(*shape: int, scale: float) -> nn.Parameter:
            return nn.Parameter(scale * torch.randn(shape, generator=generator))

        def zeros(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.zeros(shape))

        # What comes in: amplitudes, or an embedding of levels
        if config.components:
            self.embedding = normal(2, c, scale=1.0)
            self.embedding_bias = zeros(c)
            encoding = config.encoding
            values, edges = encoding.decode(np.arange(config.levels)), encoding.edges()
            self.register_buffer("values", torch.from_numpy(values).float(), persistent=False)
            self.register_buffer("edges", torch.from_numpy(edges).float(), persistent=False)
        else:
            self.embedding = nn.Parameter(_smooth_embedding(config, generator))
        # Dilated layers: two taps, a gate, and the way to the residual and skip sums
        wide = 2 * c if config.gated else c
        self.taps = normal(layers, 2 * c, wide, scale=(2 * c) ** -0.5)
        self.bias = zeros(layers, wide)
        self.mix = normal(layers, c, c + s, scale=(c * layers) ** -0.5)
        self.mix_bias = zeros(layers, c + s)
        # The head: two layers up to a distribution
        self.head1 = normal(s, config.head, scale=(2 / s) ** 0.5)
        self.head1_bias = zeros(config.head)
        self.head2 = normal(config.head, config.outputs, scale=0.1 * config.head**-0.5)
        self.head2_bias = nn.Parameter(_first_guess(config))
        # Conditions
        if config.voices:
            self.voice = normal(len(config.voices), 16, scale=1.0)
            self.voice_mix = normal(16, layers * wide, scale=0.1)
        if config.mel is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                self.upsampler = MelUpsampler(config.mel)
            self.mel_mix = normal(
                config.mel.channels, layers * wide, scale=config.mel.channels**-0.5
            )

    @property
    def receptive_field(self) -> int:
        """How many past samples a prediction sees."""
        return receptive_field(self.config.dilations)

    def forward(
        self,
        inputs: Int[torch.Tensor, "time batch"],
        bias: Float[torch.Tensor, "holds batch_or_1 layers wide"] | None = None,
        hold_length: int | None = None,
    ) -> Float[torch.Tensor, "later batch outputs"]:
        """Return what describes P(c_t | past) for t = R, ..., time: one prediction a full past.

        The first prediction is of the code that follows inputs[R - 1], the last of the one that
        follows inputs[-1].

        Parameters
        ----------
        inputs : codes, at least R of them
        bias : what `condition` returned; by default that of no condition
        hold_length : samples over which an entry of `bias` holds; code t has bias[t // hold]
        """
        if len(inputs) < self.receptive_field:
            raise ValueError(
                f"need at least the receptive field, {self.receptive_field} samples, got "
                f"{len(inputs)}; put silence in front"
            )
        bias = self.bias[None, None] if bias is None else bias
        x = self._embed(inputs)
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        outputs = len(inputs) - self.receptive_field + 1
        first, gathered = 1, []  # the code that column 0 of x predicts
        for layer, dilation in enumerate(self.config.dilations):
            first += dilation
            z = causal_convolution(x, self.taps[layer], dilation)
            held = _held(bias[:, :, layer], hold_length, first, len(z))
            z = self._activate(z + held.to(z.dtype))
            gathered.append(z[-outputs:])
            residual = z @ self.mix[layer, :, : x.shape[-1]]
            residual = residual + self.mix_bias[layer, : x.shape[-1]].to(z.dtype)
            x = x[dilation:] + residual if self.config.residual else residual
        described = self._head(gathered)
        if self.config.components:
            described = around_last(described, self.values[inputs[-outputs:]])
        return described

    def _activate(self, a: torch.Tensor) -> torch.Tensor:
        return gated_activation(a) if self.config.gated else torch.relu(a)

    def _head(self, gathered: list[torch.Tensor]) -> torch.Tensor:
        """Sum over the layers' skip connections (one product for all), then the output layers."""
        c = self.config.channels
        if self.config.skips:
            weights = self.mix[:, :, c:].flatten(0, 1)
            skip = torch.cat(gathered, dim=-1) @ weights + self.mix_bias[:, c:].sum(0)
        else:
            skip = gathered[-1] @ self.mix[-1, :, c:] + self.mix_bias[-1, c:]
        hidden = torch.relu(torch.relu(skip) @ self.head1 + self.head1_bias)
        if self.config.components:  # means need more digits than bfloat16 has
            with torch.autocast(hidden.device.type, enabled=False):
                return hidden.to(self.head2.dtype) @ self.head2 + self.head2_bias
        return hidden @ self.head2 + self.head2_bias

    def _embed(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the first 1x1 convolution: a row of a table, or of amplitude and its mu-law."""
        if not self.config.components:
            return F.embedding(inputs, self.embedding)
        amplitude = self.values[inputs]
        companded = torch.sign(amplitude) * torch.log1p(255 * amplitude.abs()) / math.log(256)
        with torch.autocast(inputs.device.type, enabled=False):
            features = torch.stack([amplitude, companded], dim=-1)
            return features @ self.embedding + self.embedding_bias

    # -------------------------------------------------------------- conditions

    def condition(
        self,
        voice: Int[torch.Tensor, "batch"] | None = None,
        mel: Float[torch.Tensor, "frames batch bands"] | None = None,
    ) -> tuple[Float[torch.Tensor, "holds batch layers wide"], int | None]:
        """Return what the condition adds to each layer, bias included, and how long each holds.

        Raises
        ------
        ValueError
            For a condition that this network does not listen to, or one that is missing.
        """
        config = self.config
        for name, given, wanted in (("voice", voice, config.voices), ("mel", mel, config.mel)):
            if (given is None) == bool(wanted):
                need = f"a {name}" if wanted else f"no {name}"
                raise ValueError(f"need {need} for this network, got {'none' if wanted else 'one'}")
        bias = self.bias[None, None]
        hold = None
        if voice is not None:
            bias = bias + (self.voice[voice] @ self.voice_mix).unflatten(-1, self.bias.shape)
        if mel is not None and config.mel is not None:
            if mel.ndim != 3 or mel.shape[-1] != config.mel.bands:
                raise ValueError(
                    f"need mel frames of shape (frames, batch, {config.mel.bands}), "
                    f"got {tuple(mel.shape)}"
                )
            local = self.upsampler(mel) @ self.mel_mix
            bias, hold = bias + local.unflatten(-1, self.bias.shape), config.mel.hold_length
        return bias, hold

    # -------------------------------------------------------------- likelihood

    def loss(self, batch: Batch, carry: Any = None) -> tuple[torch.Tensor, None]:
        """Return the mean of -ln P(code) over a batch of pieces; nothing is carried on.

        The first R inputs of each piece only serve as the past of the others.
        """
        bias, hold = self.condition(batch.voice, batch.mel)
        outputs = self(batch.inputs[:-1], bias, hold)
        return -self.log_probability(outputs, batch.inputs[self.receptive_field :]).mean(), None

    def log_probability(
        self,
        outputs: Float[torch.Tensor, "*shape outputs"],
        codes: Int[torch.Tensor, "*shape"],
    ) -> Float[torch.Tensor, "*shape"]:
        """Return ln P(code) under the probabilities that `outputs` describes."""
        if self.config.components:
            return logistic_mixture.log_probability(outputs, codes, self.edges)
        outputs = outputs.float() if outputs.dtype == torch.bfloat16 else outputs
        return torch.log_softmax(outputs, -1).gather(-1, codes[..., None])[..., 0]

    @torch.no_grad()
    def level_log_probabilities(
        self,
        codes: Int[np.ndarray, "time"],
        encoding: Encoding,
        *,
        voice: str | None = None,
        mel: Float[np.ndarray, "frames bands"] | None = None,
    ) -> Float[np.ndarray, "time"]:
        """Return ln P(c_t | c_1, ..., c_{t-1}, condition) for every t, in the network's precision.

        Parameters
        ----------
        codes : of one sound
        encoding : the network's own, ``config.encoding``
        voice : one of ``config.voices``, for a network that listens to one
        mel : log-mel frames, frame m centred on sample m * hop_length, for a vocoder

        Raises
        ------
        TypeError, ValueError
            For codes of another encoding, or conditions that are missing, unknown or misshapen.
        """
        codes = self._check_codes(codes, encoding)
        bias, hold, lead = self._condition_one(voice, mel, len(codes))
        padded = torch.cat([torch.full((lead,), self.config.silence), torch.from_numpy(codes)])
        padded = padded[:, None].to(self.embedding.device)
        past = self.receptive_field
        result = []
        for start in range(lead - past, len(padded) - past, BLOCK):
            part = padded[start : start + past + BLOCK]
            here = bias
            if hold is not None:
                index = (start + torch.arange(len(part))) // hold
                here = bias[index.clamp(max=len(bias) - 1)]
            outputs = self(part[:-1], here, None if hold is None else 1)
            result.append(self.log_probability(outputs, part[past:])[:, 0].cpu())
        return torch.cat(result).double().numpy()

    # -------------------------------------------------------------- sampling

    def stream(
        self,
        length: int,
        *,
        rng: np.random.Generator,
        temperature: float = 1.0,
        voice: str | None = None,
        mel: Float[np.ndarray, "frames bands"] | None = None,
        prompt: SignalLike | None = None,
        block: int = 2000,
    ) -> Iterator[Float[np.ndarray, "time"]]:
        """Yield a sound block by block, as it is drawn, so that a caller may show or stop it.

        Ancestral sampling by the compiled kernel: the codes are those of `sample_with_queues`
        for the same uniform numbers, up to rounding in float32.

        Parameters
        ----------
        length : samples in all, not counting the prompt
        rng : the caller's generator
        temperature : 1 samples what was learned; lower is safer; 0 takes the likeliest
        voice : one of ``config.voices``, for a network that listens to one
        mel : log-mel frames of what is to be heard (prompt included), for a vocoder
        prompt : a sound to go on from, at the network's sample rate
        block : samples in a block

        Raises
        ------
        TypeError, ValueError
            For counts below 1, a negative temperature, conditions that are missing, unknown or
            misshapen, or a prompt of another sample rate or that the encoding refuses.
        """
        config = self.config
        length, block, temperature, past = check_stream(
            length, block, rng, temperature, prompt,
            encoding=config.encoding, sample_rate=config.sample_rate,
        )  # fmt: skip
        if not (config.gated and config.residual and config.skips):
            raise ValueError(
                "need a network with gates, residual and skip connections; one with a part taken "
                "out is sampled with sample_with_queues"
            )
        bias, hold, lead = self._condition_one(voice, mel, len(past) + length)
        return self._blocks(
            length,
            block=block,
            rng=rng,
            temperature=temperature,
            past=past,
            bias=bias,
            hold=hold,
            lead=lead,
        )

    def _blocks(
        self,
        length: int,
        *,
        block: int,
        rng: np.random.Generator,
        temperature: float,
        past: Int[np.ndarray, "time"],
        bias: torch.Tensor,
        hold: int | None,
        lead: int,
    ) -> Iterator[Float[np.ndarray, "time"]]:
        network = self._arrays(bias[:, 0], hold)
        state = kernels.start(network, self.config.silence, 1)
        kernels.prime(network, state, np.full(lead - 1, self.config.silence))
        kernels.prime(network, state, past)
        width = 2 if self.config.components else 1
        for first in range(0, length, block):
            uniforms = rng.random((min(block, length - first), width))
            codes = kernels.sample(network, state, uniforms, temperature)
            yield self.config.encoding.decode(codes)

    def _arrays(self, bias: torch.Tensor, hold: int | None) -> kernels.Network:
        """Return the weights as the compiled sampler takes them."""

        def plain(tensor: torch.Tensor) -> np.ndarray:
            return np.ascontiguousarray(tensor.detach().cpu().numpy(), np.float32)

        embedding: torch.Tensor = self.embedding
        encoding, grid = self.config.encoding, {}
        if self.config.components:
            embedding = torch.cat([embedding, self.embedding_bias[None]])
            levels = np.arange(encoding.levels)
            grid = {"values": encoding.decode(levels), "edges": encoding.edges()}
        return kernels.network(
            embedding=plain(embedding),
            taps=plain(self.taps),
            bias=plain(bias),
            mix=plain(self.mix),
            mix_bias=plain(self.mix_bias),
            head1=plain(self.head1),
            head1_bias=plain(self.head1_bias),
            head2=plain(self.head2),
            head2_bias=plain(self.head2_bias),
            dilations=np.array(self.config.dilations),
            hold=hold or 2**62,
            components=self.config.components,
            **grid,
        )

    @torch.no_grad()
    def _condition_one(
        self, voice: str | None, mel: np.ndarray | None, length: int
    ) -> tuple[torch.Tensor, int | None, int]:
        """Return `condition` of one sound with the silence in front, and that silence's length."""
        config, device, dtype = self.config, self.embedding.device, self.embedding.dtype
        index = frames = None
        lead = self.receptive_field
        if voice is not None and config.voices:
            if voice not in config.voices:
                raise ValueError(f"need a voice out of {', '.join(config.voices)}, got {voice!r}")
            index = torch.tensor([config.voices.index(voice)], device=device)
        elif voice is not None:
            index = torch.zeros(1, dtype=torch.int64)  # refused by `condition`
        if mel is not None:
            frames = torch.as_tensor(np.asarray(mel), dtype=dtype, device=device)
            if config.mel is not None and frames.ndim == 2:
                need = -(-length // config.mel.hop_length)
                if not (need <= len(frames) <= need + 1 and torch.isfinite(frames).all()):
                    raise ValueError(
                        f"need {need} or {need + 1} finite mel frames for {length} samples at a "
                        f"hop of {config.mel.hop_length}, got {len(frames)}; frame m belongs to "
                        "sample m * hop_length at the network's sample rate"
                    )
                hops = -(-lead // config.mel.hop_length)
                lead = hops * config.mel.hop_length
                frames = torch.cat([frames.new_full((hops, frames.shape[1]), SILENT_MEL), frames])
            frames = frames[:, None] if frames.ndim == 2 else frames
        return *self.condition(index, frames), lead


def _held(
    bias: torch.Tensor, hold_length: int | None, first: int, count: int
) -> Float[torch.Tensor, "time_or_1 batch_or_1 wide"]:
    """Return the bias of codes first, first + 1, ..., each entry held for so many samples."""
    if hold_length is None:
        return bias
    start, stop = first // hold_length, min((first + count - 1) // hold_length + 1, len(bias))
    held = bias[start:stop].repeat_interleave(hold_length, dim=0)
    late = first + count - start * hold_length - len(held)
    if late > 0:  # the last one holds on
        held = torch.cat([held, held[-1:].expand(late, -1, -1)])
    return held[first - start * hold_length :][:count]


def _smooth_embedding(config: WaveNetConfig, generator: torch.Generator) -> torch.Tensor:
    """Return a table whose neighbouring rows are similar, so that rare levels start well."""
    place = (2 * torch.arange(config.levels) + 1) / config.levels - 1  # after compression
    waves = torch.arange(1, 9)[:, None] * math.pi * place / 2
    features = torch.stack([place, place**2, *torch.sin(waves), *torch.cos(waves)], dim=1)
    mixing = torch.randn(features.shape[1], config.channels, generator=generator)
    return features @ mixing / features.shape[1] ** 0.5


def _first_guess(config: WaveNetConfig) -> torch.Tensor:
    """Return the output's first bias: even chances, or logistics spread over quiet amplitudes."""
    if not config.components:
        return torch.zeros(config.levels)
    k = config.components
    return torch.cat([torch.zeros(k), torch.linspace(-1, 1, k), torch.linspace(-7, -3, k)])
