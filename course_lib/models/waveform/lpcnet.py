"""Linear prediction inside a network: a GRU that corrects what an adaptive predictor expects.

The predictor of chapter 03 knows the formants of the last 20 ms without ever having been trained.
Here it does what it can, and the network learns the rest: where in its scales the next sample lies.

Notebook: 12.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy.optimize
import scipy.special
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.core import Batch, Encoding, check_count, settle
from course_lib.kernels import lpcnet as kernels
from course_lib.kernels import recurrent
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.waveform.configuration import OnMuLawGrid
from course_lib.models.waveform.logistic_mixture import choose, log_mass
from course_lib.models.waveform.recurrent import cosines
from course_lib.models.waveform.streaming import UnconditionedNetwork

State: TypeAlias = tuple[Tensor, Tensor]
"""What is remembered: h, (1, batch, units), and the predictors' memories, (batch, numbers)."""


@dataclass(frozen=True)
class LPCNetConfig(OnMuLawGrid):
    """What an `LPCNet` is made of.

    Parameters
    ----------
    levels : of the mu-law grid that it hears and speaks
    embedding : numbers that stand for a level
    units : numbers in the state
    head : units of the layer between state and mixture
    components : logistic laws in the mixture
    sample_rate : in Hz, of the sound that it is for

    Raises
    ------
    TypeError, ValueError
        For counts below 1 (levels below 2).
    """

    levels: int = 256
    embedding: int = 64
    units: int = 256
    head: int = 256
    components: int = 8
    sample_rate: int = 8000

    def __post_init__(self) -> None:
        settle(self, levels=check_count(self.levels, "levels", minimum=2))
        for name in ("embedding", "units", "head", "components", "sample_rate"):
            settle(self, **{name: check_count(getattr(self, name), name)})

    @property
    def predictor(self) -> AdaptiveAR:
        """The line inside: chapter 03's adaptive predictor, with its own defaults."""
        return AdaptiveAR(encoding=self.encoding)


class Expected(NamedTuple):
    """What the predictor says after each level, float64 of shape (time, batch)."""

    prediction: Tensor
    """x_hat of the next sample."""
    scale: Tensor
    """b, the running mean of its errors."""
    surprise: Tensor
    """The error of the last prediction, in the scales of its time."""


class LPCNet(UnconditionedNetwork):
    """A mixture of logistics around what an adaptive predictor expects, in the predictor's scale.

    With x_hat and b of `AdaptiveAR`, which follow from c_0, ..., c_{t-1} alone, u the last error
    in scales, level(x) the level whose bin holds x, F the logistic function, and [lo, hi] the bin
    of level c (the outermost bins reach to infinity)::

        h_t = gru([E[c_{t-1}], E'[level(x_hat_t)], loudness(b_t), arsinh(u_{t-1})], h_{t-1})
        w, m, ln s = W_2 relu(W_1 h_t + b_1) + b_2
        pi = softmax(w)
        P(c_t = c | c_0, ..., c_{t-1})
            = sum_{i <= K} pi_i [F(((hi - x_hat_t) / b_t - m_i) / s_i)
                                 - F(((lo - x_hat_t) / b_t - m_i) / s_i)] + pi_{K+1} / levels

    The last share, of a level that nobody foresaw, is `AdaptiveAR`'s ``escape``. W_2 begins at
    zero, and b_2 so that the mixture is a Laplace law: an untrained network scores as the line.

    Parameters
    ----------
    config : the network's shape
    seed : of the initial weights

    References
    ----------
    Valin and Skoglund (2019), "LPCNet: improving neural speech synthesis through linear
    prediction", section 3 (there the coefficients are sent, here they are found in the past).
    Notebook: 12.
    """

    edges: Tensor
    """(levels + 1,), float64: amplitudes between the levels, the outermost infinite."""

    def __init__(self, config: LPCNetConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config: LPCNetConfig = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.last = nn.Embedding(config.levels, config.embedding)
            self.expected = nn.Embedding(config.levels, config.embedding)
            self.core: Any = nn.GRU(2 * config.embedding + 2, config.units)
            self.hidden = nn.Linear(config.units, config.head)
            self.output = nn.Linear(config.head, 3 * config.components + 1)
            self._initialise()
        self.edges = torch.from_numpy(config.encoding.edges())  # no buffer: they stay float64
        self.edges[0], self.edges[-1] = -torch.inf, torch.inf

    @torch.no_grad()
    def _initialise(self) -> None:
        """Begin with smooth embeddings, a state that keeps, and the line's own law."""
        units = self.config.units
        smooth = cosines(self.config.levels, self.config.embedding)
        for table in (self.last, self.expected):
            table.weight.copy_(smooth)
        for gate in self.core.weight_hh_l0.split(units):
            nn.init.orthogonal_(gate)
        for bias in (self.core.bias_ih_l0, self.core.bias_hh_l0, self.hidden.bias):
            nn.init.zeros_(bias)
        nn.init.normal_(self.core.weight_ih_l0, std=0.5 / smooth.pow(2).mean(0).sum().sqrt().item())
        self.core.bias_ih_l0[units : 2 * units] = 1.0  # the gate that keeps begins open
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")
        nn.init.zeros_(self.output.weight)
        shares, log_scales = laplace_as_logistics(self.config.components)
        escape = self.config.predictor.escape
        logits = np.log(np.append((1 - escape) * shares, escape))
        mixture = np.concatenate([logits, np.zeros(len(shares)), log_scales])
        self.output.bias.copy_(torch.from_numpy(mixture))

    @torch.no_grad()
    def expect(
        self, codes: Int[Tensor, "time batch"], memory: Tensor | None
    ) -> tuple[Expected, Tensor]:
        """Return what the predictor expects after each code, and what it remembers after the last.

        Parameters
        ----------
        codes : (time, batch)
        memory : what an earlier call returned; None where nothing came before
        """
        predictor = self.config.predictor
        memories = (
            predictor.start(codes.shape[1]) if memory is None else memory.cpu().numpy().copy()
        )
        heard = codes.cpu().numpy()
        first, width = predictor.expected(memories)
        predictions, scales = predictor.hear(memories, heard)
        errors = self.config.encoding.decode(heard) - np.vstack([first, predictions[:-1]])
        surprise = errors / np.vstack([width, scales[:-1]])
        arrays = (torch.from_numpy(a).to(codes.device) for a in (predictions, scales, surprise))
        return Expected(*arrays), torch.from_numpy(memories).to(codes.device)

    def forward(
        self, codes: Int[Tensor, "time batch"], state: State | None = None
    ) -> tuple[Float[Tensor, "time batch outputs"], Expected, State]:
        """Return the mixture of the level after each code, in the predictor's scales.

        Parameters
        ----------
        codes : (time, batch)
        state : what an earlier call returned; None where nothing came before

        Returns
        -------
        K + 1 logits, K means m and K ln s; what they lie around; and the state after the last code
        """
        h, memory = (None, None) if state is None else state
        expected, memory = self.expect(codes, memory)
        inner = self.edges[1:-1].to(codes.device)
        coming = torch.bucketize(expected.prediction, inner, right=True)
        loudness = 0.25 * (expected.scale.log() - np.log(self.config.predictor.least)) - 1
        numbers = torch.stack([loudness, expected.surprise.asinh()], -1)
        heard = [self.last(codes), self.expected(coming), numbers.to(self.output.weight.dtype)]
        outputs, h = self.core(torch.cat(heard, -1), h)
        return self.output(torch.relu(self.hidden(outputs))), expected, (h, memory)

    def log_probability(
        self,
        outputs: Float[Tensor, "*shape outputs"],
        expected: Expected,
        codes: Int[Tensor, "*shape"],
    ) -> Float[Tensor, "*shape"]:
        """Return ln P of codes under what `forward` returned: over K laws and the escape."""
        logits, steps, log_scales = self.split(outputs)
        all_edges = self.edges.to(codes.device)
        low, high = (
            ((edges - expected.prediction) / expected.scale).to(outputs.dtype)
            for edges in (all_edges[codes], all_edges[codes + 1])
        )
        masses = log_mass(steps, log_scales, low, high)
        alike = masses.new_full((*codes.shape, 1), -np.log(self.config.levels))
        return torch.logsumexp(F.log_softmax(logits, -1) + torch.cat([masses, alike], -1), -1)

    def split(self, outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return K + 1 logits, K means, and K ln s, kept within e^-8 and e^8 scales."""
        k = self.config.components
        logits, steps, log_scales = outputs.split([k + 1, k, k], -1)
        least, greatest = kernels.LEAST_LOG_SCALE, kernels.GREATEST_LOG_SCALE
        return logits, steps, log_scales.clamp(least, greatest)

    def loss(self, batch: Batch, carry: State | None = None) -> tuple[Tensor, State]:
        """Return the mean nats of each code given those before it, and the state to go on from.

        The state goes on from batch to batch, the gradient does not.

        Parameters
        ----------
        batch : inputs of shape (time + 1, batch), whose first codes are heard but not predicted
        carry : what the call for the batch before returned; a fresh batch begins from nothing
        """
        outputs, expected, (h, memory) = self(batch.inputs[:-1], None if batch.fresh else carry)
        if outputs.dtype == torch.bfloat16:
            outputs = outputs.float()
        nats = -self.log_probability(outputs, expected, batch.inputs[1:]).mean()
        return nats, (h.detach(), memory)

    def level_log_probabilities(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Float[np.ndarray, "time"]:
        """Return ln P(c_t | c_1, ..., c_{t-1}) for every t.

        A compiled loop computes what `forward` and `log_probability` do, the network in float32.

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of the network's encoding, ``config.encoding``.
        """
        codes = self._check_codes(codes, encoding)
        network, state = self._begin()
        return kernels.log_probabilities(network, state, codes, self.config.silence)

    def _blocks(
        self,
        length: int,
        block: int,
        rng: np.random.Generator,
        temperature: float,
        past: Int[np.ndarray, "time"],
    ) -> Iterator[Float[np.ndarray, "time"]]:
        network, state = self._begin()
        kernels.log_probabilities(network, state, past, self.config.silence)  # hears the prompt
        last = int(past[-1]) if len(past) else self.config.silence
        for first in range(0, length, block):
            uniforms = rng.random((min(block, length - first), 2))
            codes = kernels.sample(network, state, uniforms, temperature, last)
            last = int(codes[-1])
            yield self.config.encoding.decode(codes)

    @torch.no_grad()
    def _begin(self) -> tuple[kernels.Network, kernels.State]:
        """Return the weights as the compiled loops take them, and the state before any sample."""
        config, core, e = self.config, self.core, self.config.embedding
        of_last, of_expected, of_numbers = core.weight_ih_l0.split([e, e, 2], 1)
        weights = {
            "table": self.last.weight @ of_last.T + core.bias_ih_l0,
            "recurrent": core.weight_hh_l0.T,
            "recurrent_bias": core.bias_hh_l0,
            "head1": self.hidden.weight.T,
            "head1_bias": self.hidden.bias,
            "head2": self.output.weight.T,
            "head2_bias": self.output.bias,
        }
        arrays = {name: tensor.cpu().numpy() for name, tensor in weights.items()}
        taper, order, hop, forgetting, _, correction, noise, first, least = (
            config.predictor.settings()
        )
        network = kernels.Network(
            core=recurrent.network(recurrent.GRU, **arrays),
            expected=_float32(self.expected.weight @ of_expected.T),
            numbers=_float32(of_numbers.T),
            values=config.encoding.values(),
            edges=self.edges.cpu().numpy(),
            predictor=(taper, order, hop, forgetting, correction, noise, least),
            log_least=float(np.log(least)),
        )
        return network, kernels.start(network, first)


@torch.no_grad()
def sample_step_by_step(
    network: LPCNet, uniforms: Float[np.ndarray, "time batch 2"], *, temperature: float = 1.0
) -> Int[np.ndarray, "time batch"]:
    """Draw level after level, each fed back to network and predictor.

    The first of two uniform numbers picks one of the K + 1 shares, by `choose`. With the last of
    them, the second number, u, picks one level among all; else it gives the amplitude
    x = x_hat + b (m + temperature s (ln u - ln(1 - u))), and the level whose bin holds it.

    Parameters
    ----------
    network : the network
    uniforms : in [0, 1), two a level
    temperature : 0 or more
    """
    levels, drawn, state = network.config.levels, [], None
    codes = torch.full((uniforms.shape[1],), network.config.silence)
    for pair in torch.from_numpy(uniforms):
        outputs, expected, state = network(codes[None], state)
        logits, steps, log_scales = (part[0].double() for part in network.split(outputs))
        chosen = choose(logits, pair[:, 0], temperature)[:, None]
        law = chosen.clamp(max=network.config.components - 1)
        u = pair[:, 1:].clamp(1e-7, 1 - 1e-7)
        spread = temperature * log_scales.gather(1, law).exp() * (torch.log(u) - torch.log1p(-u))
        z = (steps.gather(1, law) + spread)[:, 0]
        x = expected.prediction[0] + expected.scale[0] * z
        foreseen = torch.bucketize(x, network.edges[1:-1], right=True)
        alike = (pair[:, 1] * levels).long()
        codes = torch.where(chosen[:, 0] < network.config.components, foreseen, alike)
        drawn.append(codes)
    return torch.stack(drawn).numpy()


@functools.cache
def laplace_as_logistics(
    components: int,
) -> tuple[Float[np.ndarray, "components"], Float[np.ndarray, "components"]]:
    """Return shares pi and ln s of logistics around zero that make up a Laplace law of scale 1.

    Scales from e^-3 to e^(1/2) at equal ratios; shares that bring the distribution function
    nearest to the Laplace law's, by non-negative least squares, none below 0.001. With eight laws
    the divergence between the two is about 1e-5 bits.
    """
    log_scales = np.linspace(0.5, -3.0, components) if components > 1 else np.array([-0.5])
    z = np.append(0, np.geomspace(1e-3, 12, 400))
    weight = np.sqrt(np.gradient(z))
    laws = scipy.special.expit(z[:, None] / np.exp(log_scales))
    shares, _ = scipy.optimize.nnls(laws * weight[:, None], (1 - 0.5 * np.exp(-z)) * weight)
    shares = np.maximum(shares, 1e-3)
    return shares / shares.sum(), log_scales


def _float32(tensor: Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.cpu().numpy(), np.float32)
