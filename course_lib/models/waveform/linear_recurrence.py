"""State spaces with learned poles: linear recurrences side by side, and gates between the layers.

A layer's state is the diagonal form of chapter 04's: every number of it turns and shrinks by a
pole of its own and adds what it hears. Nothing is bent inside the loop, so that a whole stretch
can be computed at once; the bends stand between the layers.

Notebook: 08.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.core import Batch, Encoding, check_count, settle
from course_lib.kernels import linear_recurrence as kernels
from course_lib.models.waveform.configuration import OnMuLawGrid
from course_lib.models.waveform.recurrent import cosines
from course_lib.models.waveform.streaming import UnconditionedNetwork

OLDEST = 1000.0
"""Samples after which the longest memory of a fresh layer has fallen to 1 / e; the shortest: 1."""
PIECE = 4096
"""Samples that are scored at once."""


@dataclass(frozen=True)
class LinearRecurrenceConfig(OnMuLawGrid):
    """What a `LinearRecurrentNetwork` is made of.

    Parameters
    ----------
    levels : of the mu-law grid that it hears and speaks
    width : numbers that stand for a level, and go from layer to layer
    states : poles in a layer, each with a complex number that it turns
    layers : one above the other
    sample_rate : in Hz, of the sound that it is for

    Raises
    ------
    TypeError, ValueError
        For counts below 1 (levels below 2).
    """

    levels: int = 256
    width: int = 128
    states: int = 128
    layers: int = 4
    sample_rate: int = 8000

    def __post_init__(self) -> None:
        settle(self, levels=check_count(self.levels, "levels", minimum=2))
        for name in ("width", "states", "layers", "sample_rate"):
            settle(self, **{name: check_count(getattr(self, name), name)})


def recur_step_by_step(
    inputs: Complex[Tensor, "time batch states"],
    poles: Complex[Tensor, "states"],
    start: Complex[Tensor, "batch states"],
) -> Complex[Tensor, "time batch states"]:
    """Return s_t = poles s_{t-1} + inputs_t for every t, where `start` is the state before."""
    states, state = [], start
    for now in inputs:
        state = poles * state + now
        states.append(state)
    return torch.stack(states)


def recur(
    inputs: Complex[Tensor, "time batch states"],
    poles: Complex[Tensor, "states"],
    start: Complex[Tensor, "batch states"],
) -> Complex[Tensor, "time batch states"]:
    """Return what `recur_step_by_step` returns, by a compiled loop where there is no GPU."""
    if inputs.device.type != "cpu":
        return recur_step_by_step(inputs, poles, start)
    parts = (torch.view_as_real(each.contiguous()) for each in (inputs, poles, start))
    states: Tensor = _Recurrence.apply(*parts)
    return torch.view_as_complex(states)


class _Recurrence(torch.autograd.Function):
    """The compiled loop, and the one that runs back in time for the gradient."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, poles: Tensor, start: Tensor) -> Tensor:
        states = torch.empty_like(inputs)
        kernels.recur(*(each.detach().numpy() for each in (inputs, poles, start, states)))
        ctx.save_for_backward(poles, start, states)
        return states

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        poles, start, states = ctx.saved_tensors
        inputs, by_poles = torch.empty_like(states), torch.zeros_like(poles)
        arrays = (upstream.contiguous(), poles, start, states, inputs, by_poles)
        kernels.recur_backwards(*(each.detach().numpy() for each in arrays))
        first = torch.view_as_complex(poles).conj() * torch.view_as_complex(inputs[0])
        return inputs, by_poles, torch.view_as_real(first)


class GatedStateSpace(nn.Module):
    """A layer: many complex one-pole filters side by side, a gate, and a way around both.

    With u_t the normalised input x_t, and products element by element::

        lambda = exp(-exp(log_decay) + i angle),  gamma = sqrt(1 - |lambda|^2)
        s_t = lambda s_{t-1} + gamma B u_t
        y_t = silu(C [Re s_t, Im s_t] + d u_t)
        x_t + (W y_t + b) sigmoid(W' y_t + b')

    |lambda| < 1 whatever the weights are, so that no state explodes. With gamma a state is as loud
    as a white input, however long its memory. Memories, 1 / exp(log_decay), begin between 1 and
    `OLDEST` samples, uniform in their logarithm, and angles anywhere between 0 and pi.

    Parameters
    ----------
    width : numbers in x_t
    states : poles

    References
    ----------
    Gu, Gupta, Goel and Re (2022), "On the parameterization and initialization of diagonal state
    space models", for the diagonal form; Orvieto et al. (2023), "Resurrecting recurrent neural
    networks for long sequences", sections 3.3 and 3.4, for lambda and gamma (there the angle is
    an exponential, too, and gamma is learned from this beginning). Notebook: 08.
    """

    def __init__(self, width: int, states: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.log_decay = nn.Parameter(-torch.empty(states).uniform_(0, math.log(OLDEST)))
        self.angle = nn.Parameter(torch.empty(states).uniform_(0, math.pi))
        self.inward = nn.Linear(width, 2 * states, bias=False)
        self.outward = nn.Linear(2 * states, width)
        self.direct = nn.Parameter(torch.ones(width))
        self.gate = nn.Linear(width, 2 * width)
        nn.init.normal_(self.inward.weight, std=(2 * width) ** -0.5)
        nn.init.normal_(self.outward.weight, std=states**-0.5)
        nn.init.normal_(self.gate.weight, std=width**-0.5)
        nn.init.zeros_(self.outward.bias)
        nn.init.zeros_(self.gate.bias)

    @property
    def poles(self) -> Complex[Tensor, "states"]:
        """Return lambda: |lambda| = exp(-1 / memory in samples), angle = 2 pi f / sample rate."""
        return torch.polar(torch.exp(-torch.exp(self.log_decay)), self.angle)

    @property
    def gammas(self) -> Float[Tensor, "states"]:
        """Return sqrt(1 - |lambda|^2), without the loss of digits near 1."""
        return torch.sqrt(-torch.expm1(-2 * torch.exp(self.log_decay)))

    def forward(
        self, x: Float[Tensor, "time batch width"], state: Complex[Tensor, "batch states"]
    ) -> tuple[Float[Tensor, "time batch width"], Complex[Tensor, "batch states"]]:
        """Return what goes on to the next layer, and the state after the last sample."""
        u = self.norm(x)
        inward = self.inward.weight * self.gammas.repeat_interleave(2)[:, None]
        heard = F.linear(u, inward).to(self.angle.dtype).unflatten(-1, (-1, 2))
        states = recur(torch.view_as_complex(heard), self.poles, state)
        y = F.silu(self.outward(torch.view_as_real(states).flatten(-2)) + self.direct * u)
        return x + F.glu(self.gate(y)), states[-1]


class LinearRecurrentNetwork(UnconditionedNetwork):
    """A distribution over each next level, read from linear states with gates between them.

    The row of a table that stands for the last level goes up through `GatedStateSpace` layers;
    a normalisation and a matrix turn what comes out into logits::

        P(c_t = k | c_0, ..., c_t-1) = softmax(W norm(layers(E[c_t-1])) + b)[k]

    Before a clip's first sample all states are zero, and the input is the code of silence,
    ``config.silence``.

    Parameters
    ----------
    config : the network's shape
    seed : of the initial weights

    References
    ----------
    Goel, Gu, Donahue and Re (2022), "It's raw! Audio generation with state-space models": such
    layers on the waveform, there at several rates. Notebook: 08.
    """

    def __init__(self, config: LinearRecurrenceConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.embedding = nn.Embedding(config.levels, config.width)
            self.layers = nn.ModuleList(
                GatedStateSpace(config.width, config.states) for _ in range(config.layers)
            )
            self.norm = nn.LayerNorm(config.width)
            self.output = nn.Linear(config.width, config.levels)
            self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        """Begin with neighbouring levels alike, and small logits."""
        width = self.config.width
        smooth = cosines(self.config.levels, width)
        self.embedding.weight.copy_(smooth)
        mixed = torch.randn(width, width) / math.sqrt(width)
        self.output.weight.copy_(0.3 * smooth @ mixed)
        nn.init.zeros_(self.output.bias)

    def forward(
        self,
        codes: Int[Tensor, "time batch"],
        state: Complex[Tensor, "layers batch states"] | None = None,
    ) -> tuple[Float[Tensor, "time batch levels"], Complex[Tensor, "layers batch states"]]:
        """Return the logits of the level after each code, and the states after the last.

        Parameters
        ----------
        codes : (time, batch)
        state : what an earlier call returned; None where only silence came before
        """
        x, after = self.embedding(codes), []
        if state is None:
            kind = torch.complex128 if x.dtype == torch.float64 else torch.complex64
            shape = (self.config.layers, codes.shape[1], self.config.states)
            state = torch.zeros(shape, dtype=kind, device=x.device)
        for layer, before in zip(self.layers, state, strict=True):
            x, last = layer(x, before)
            after.append(last)
        return self.output(self.norm(x)), torch.stack(after)

    def loss(self, batch: Batch, carry: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the mean nats of each code given those before it, and the states to go on from.

        The states go on from batch to batch, the gradient does not.

        Parameters
        ----------
        batch : inputs of shape (time + 1, batch), whose first codes are heard but not predicted
        carry : what the call for the batch before returned; a fresh batch begins from zero
        """
        logits, state = self(batch.inputs[:-1], None if batch.fresh else carry)
        logits = logits.float() if logits.dtype == torch.bfloat16 else logits
        nats = F.cross_entropy(logits.flatten(0, 1), batch.inputs[1:].flatten())
        return nats, state.detach()

    def step(
        self,
        codes: Int[Tensor, "batch"],
        state: Complex[Tensor, "layers batch states"] | None = None,
    ) -> tuple[Float[Tensor, "batch levels"], Complex[Tensor, "layers batch states"]]:
        """Return what `forward` returns for a single time.

        Parameters
        ----------
        codes : (batch,)
        state : what an earlier call returned; None where only silence came before
        """
        logits, state = self(codes[None], state)
        return logits[0], state

    @torch.no_grad()
    def level_log_probabilities(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Float[np.ndarray, "time"]:
        """Return ln P(c_t | c_1, ..., c_{t-1}) for every t, `PIECE` of them at once.

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of the network's encoding, ``config.encoding``.
        """
        said = torch.from_numpy(self._check_codes(codes, encoding)).to(self.output.weight.device)
        heard = torch.cat([said.new_tensor([self.config.silence]), said[:-1]])
        parts, state = [], None
        for before, now in zip(heard.split(PIECE), said.split(PIECE), strict=True):
            logits, state = self(before[:, None], state)
            each = torch.log_softmax(logits[:, 0].double(), -1)
            parts.append(each.gather(-1, now[:, None])[:, 0])
        return torch.cat(parts).cpu().numpy()

    def _blocks(
        self,
        length: int,
        block: int,
        rng: np.random.Generator,
        temperature: float,
        past: Int[np.ndarray, "time"],
    ) -> Iterator[Float[np.ndarray, "time"]]:
        network = self._arrays()
        state = kernels.start(network, self.config.silence)
        kernels.hear(network, state, past)
        for first in range(0, length, block):
            uniforms = rng.random(min(block, length - first))
            codes = kernels.sample(network, state, uniforms, temperature)
            yield self.config.encoding.decode(codes)

    @torch.no_grad()
    def _arrays(self) -> kernels.Network:
        """Return the weights as the compiled loops take them."""
        layers: list[Any] = list(self.layers)
        norms = [*(layer.norm for layer in layers), self.norm]

        def stacked(each: list[Tensor]) -> np.ndarray:
            return torch.stack(each).cpu().numpy()

        return kernels.network(
            table=self.embedding.weight.cpu().numpy(),
            norms=stacked([torch.stack([norm.weight, norm.bias]) for norm in norms]),
            poles=stacked([torch.view_as_real(layer.poles) for layer in layers]),
            gammas=stacked([layer.gammas for layer in layers]),
            inward=stacked([layer.inward.weight.T for layer in layers]),
            outward=stacked([layer.outward.weight.T for layer in layers]),
            outward_bias=stacked([layer.outward.bias for layer in layers]),
            direct=stacked([layer.direct for layer in layers]),
            gate=stacked([layer.gate.weight.T for layer in layers]),
            gate_bias=stacked([layer.gate.bias for layer in layers]),
            head=self.output.weight.T.cpu().numpy(),
            head_bias=self.output.bias.cpu().numpy(),
        )
