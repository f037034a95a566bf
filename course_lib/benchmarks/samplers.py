"""Group `samplers`: one sample after another, against torch and the machine's memory.

Weights are random. Both sides of a race draw from the same uniform numbers, and it counts only if
they come to the same levels, until rounding parts them. "float16 weights" are float32 weights
that float16 can hold, as those of a network that was stored so: we read half the bytes, torch
reads them as they are. Packing, and what a peer can prepare, is not timed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from course_lib.benchmarks.measure import Missing, Row, if_installed, interleaved, versioned
from course_lib.core import seeded
from course_lib.kernels import recurrent, wavenet

LEVELS, SILENCE = 256, 128
DILATIONS = tuple(2**layer for _ in range(2) for layer in range(10))
LENGTH = 500
AGREED = 10
SEED = 7
RATE = 16_000

Sampler = Callable[[], np.ndarray]
"""A function that draws the same levels each time that it is called."""


def rows() -> Iterator[Row | Missing]:
    """Yield the group's rows."""
    yield from if_installed("wavenet_vocoder", _against_wavenet_vocoder)
    for channels, half in ((32, False), (64, False), (64, True)):
        weights, uniforms = random_wavenet(channels, channels, half=half), _uniforms(LENGTH)
        yield race(
            f"{_named(weights)}, against queues in place",
            compiled_wavenet(weights, uniforms), torch_wavenet(weights, uniforms),
            goal=20.0,
        )  # fmt: skip
    for channels in (32, 64):
        yield _share_of_matrix_rate(random_wavenet(channels, channels))
    yield _real_time(random_wavenet(64, 128))
    for units, goal in ((128, 30.0), (256, 12.0), (512, 12.0)):
        for half in (False, True):
            network, uniforms = random_gru(units, half=half), _uniforms(LENGTH)
            yield race(
                f"GRU, {units} units, {'float16' if half else 'float32'} weights, against GRUCell",
                compiled_gru(network, uniforms), torch_gru(network, uniforms), goal=goal,
            )  # fmt: skip


def _uniforms(length: int) -> np.ndarray:
    return np.random.RandomState(SEED).random_sample(length)


def race(name: str, ours: Sampler, theirs: Sampler, *, goal: float, peer: str = "torch") -> Row:
    """Time two samplers that draw from one network.

    Raises
    ------
    ArithmeticError
        Where their levels part although no rounding explains it: within `AGREED` samples, or by
        more than one level. (Where a uniform number falls between the two sides' sums of chances,
        they draw neighbouring levels, and from then on hear different pasts.)
    """
    mine, other = ours(), theirs()  # also compiles and warms both up
    (parted,) = np.nonzero(mine != other)
    if len(parted) and (parted[0] < AGREED or abs(mine[parted[0]] - other[parted[0]]) > 1):
        first = parted[0]
        raise ArithmeticError(
            f"{name}: sample {first} is of level {mine[first]}, the peer's of level {other[first]}"
        )
    our_seconds, their_seconds = interleaved(ours, theirs)
    ratio = their_seconds / our_seconds
    return Row(name, ratio, goal, versioned(peer), our_seconds, their_seconds, "s")


# ------------------------------------------------------------------ WaveNet


class Weights(NamedTuple):
    """Arrays as ``kernels.wavenet.network`` takes them."""

    embedding: np.ndarray
    taps: np.ndarray
    bias: np.ndarray
    mix: np.ndarray
    mix_bias: np.ndarray
    head1: np.ndarray
    head1_bias: np.ndarray
    head2: np.ndarray
    head2_bias: np.ndarray

    @property
    def products(self) -> int:
        """How many weights a sample is multiplied by."""
        return sum(matrix.size for matrix in (self.taps, self.mix, self.head1, self.head2))


def random_wavenet(channels: int, skip: int, *, half: bool = False) -> Weights:
    """Return 2 x 10 layers of random weights; `half` rounds them to what float16 can hold."""
    rng, layers = seeded(SEED), len(DILATIONS)

    def normal(*shape: int, scale: float) -> np.ndarray:
        values = torch.from_numpy((scale * rng.standard_normal(shape)).astype(np.float32))
        return (values.half().float() if half else values).numpy()

    return Weights(
        embedding=normal(LEVELS, channels, scale=1.0),
        taps=normal(layers, 2 * channels, 2 * channels, scale=(2 * channels) ** -0.5),
        bias=normal(1, layers, 2 * channels, scale=0.1),
        mix=normal(layers, channels, channels + skip, scale=(channels * layers) ** -0.5),
        mix_bias=normal(layers, channels + skip, scale=0.1),
        head1=normal(skip, skip, scale=(2 / skip) ** 0.5),
        head1_bias=normal(skip, scale=0.1),
        head2=normal(skip, LEVELS, scale=3 * skip**-0.5),  # chances as uneven as a trained one's
        head2_bias=normal(LEVELS, scale=0.1),
    )


def _named(weights: Weights) -> str:
    channels, skip = weights.mix.shape[1], len(weights.head1)
    half = (
        wavenet.network(**weights._asdict(), dilations=np.array(DILATIONS)).taps.dtype == np.uint16
    )
    return (
        f"WaveNet, 2 x 10 layers, {channels} channels, {skip} skip, "
        f"{'float16' if half else 'float32'} weights"
    )


def compiled_wavenet(weights: Weights, uniforms: np.ndarray) -> Sampler:
    """Return the course's compiled sampler, starting from empty queues."""
    network = wavenet.network(**weights._asdict(), dilations=np.array(DILATIONS))

    def levels() -> np.ndarray:
        state = wavenet.start(network, SILENCE, 0)
        return wavenet.sample(network, state, uniforms[:, None], 1.0)

    return levels


def torch_wavenet(weights: Weights, uniforms: np.ndarray) -> Sampler:
    """Return torch's operations in place: four a layer, nothing allocated, copied or moved.

    - x_l[t - d] and x_l[t] lie side by side, as time runs in d interleaved rows: both taps are one
      product, and a layer writes its result where the next one's pair lies.
    - sigmoid(g) = (1 + tanh(g / 2)) / 2: one tanh for both halves, the factors in the weights.
    - Residual biases go up into the biases of the layers above.
    - The gated units of all layers lie side by side: the skip sum is one product.
    """
    layers, channels = len(DILATIONS), weights.embedding.shape[1]
    units = weights.mix.shape[1]
    added = np.zeros((layers, channels))  # by the residual biases below each layer
    added[1:] = np.cumsum(weights.mix_bias[:-1, :channels].astype(float), axis=0)
    bias = weights.bias[0] + np.einsum("li,lio->lo", np.tile(added, 2), weights.taps)
    halved = np.repeat([1.0, 0.5], units)

    def columns(matrix: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(np.swapaxes(matrix, -1, -2), np.float32))

    taps, biases = [*columns(weights.taps * halved)], [*torch.from_numpy(bias * halved).float()]
    residual = [*columns(weights.mix[:, :, :channels] / 2)]
    skip_weights = columns(weights.mix[:, :, channels:].reshape(layers * units, -1) / 2)
    skip_bias = torch.from_numpy(weights.mix_bias[:, channels:].sum(axis=0))
    head1, head2 = columns(weights.head1), columns(weights.head2)
    head1_bias, head2_bias = map(torch.from_numpy, (weights.head1_bias, weights.head2_bias))
    table = [*torch.from_numpy(weights.embedding)]

    memories, pairs, slots = [], [], []
    for layer, d in enumerate(DILATIONS):
        empty = torch.from_numpy(-added[layer]).float()
        memory = empty.repeat(d, len(uniforms) // d + 2, 1)
        memories.append((memory, empty))
        pairs.append([memory[t % d, t // d :][:2].view(-1) for t in range(len(uniforms))])
        slots.append([memory[t % d, t // d + 1] for t in range(len(uniforms))])
    a, gathered = torch.empty(2 * units), torch.empty(layers * units)
    content, gate, gated = a[:units], a[units:], [*gathered.view(layers, units)]
    skip, hidden, logits = (torch.empty(len(b)) for b in (skip_bias, head1_bias, head2_bias))

    @torch.inference_mode()
    def levels() -> np.ndarray:
        for memory, empty in memories:
            memory.copy_(empty)
        level, result = SILENCE, np.empty(len(uniforms), np.int64)
        for t, uniform in enumerate(uniforms.tolist()):
            x = slots[0][t].copy_(table[level])
            for layer in range(layers):
                torch.addmv(biases[layer], taps[layer], pairs[layer][t], out=a).tanh_()
                torch.addcmul(content, content, gate, out=gated[layer])
                if layer < layers - 1:
                    above = slots[layer + 1][t]
                    x = torch.addmv(x, residual[layer], gated[layer], out=above)
            torch.addmv(skip_bias, skip_weights, gathered, out=skip).relu_()
            torch.addmv(head1_bias, head1, skip, out=hidden).relu_()
            torch.addmv(head2_bias, head2, hidden, out=logits)
            result[t] = level = _drawn(logits, uniform)
        return result

    return levels


def _drawn(logits: torch.Tensor, uniform: float) -> int:
    heap = torch.softmax(logits, 0).cumsum_(0)
    return min(int(torch.searchsorted(heap, uniform, right=True)), LEVELS - 1)


def _against_wavenet_vocoder() -> Iterator[Row]:
    for channels, half, goal in ((32, False, 180.0), (64, False, 80.0), (64, True, 80.0)):
        weights, uniforms = random_wavenet(channels, channels, half=half), _uniforms(LENGTH)
        yield race(
            f"{_named(weights)}, against incremental_forward",
            compiled_wavenet(weights, uniforms), vocoder_wavenet(weights, len(uniforms)),
            goal=goal, peer="wavenet-vocoder",
        )  # fmt: skip


def vocoder_wavenet(weights: Weights, length: int) -> Sampler:
    """Return PyPI's wavenet-vocoder, weight norm removed, with the same function to compute.

    It multiplies each residual sum by r = sqrt(1/2), so that its layer l sees r^l x_l: taps are
    divided by r^l and residual weights multiplied by it.
    """
    from wavenet_vocoder import WaveNet

    channels, skip = weights.mix.shape[1], len(weights.head1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's, of its older weight norm
        peer = WaveNet(
            out_channels=LEVELS, layers=len(DILATIONS), stacks=2, residual_channels=channels,
            gate_channels=2 * channels, skip_out_channels=skip, kernel_size=2, dropout=0.0,
            legacy=False,
        ).eval()  # fmt: skip
        peer.make_generation_fast_()

    def fill(convolution: Any, *taps: np.ndarray, bias: np.ndarray) -> None:
        matrix = np.stack([tap.T for tap in taps], axis=-1)
        convolution.weight.data.copy_(torch.from_numpy(np.ascontiguousarray(matrix)))
        convolution.bias.data.copy_(torch.from_numpy(np.ascontiguousarray(bias)))

    fill(peer.first_conv, weights.embedding, bias=np.zeros(channels))
    for layer, block in enumerate(peer.conv_layers):
        scale = math.sqrt(0.5) ** layer
        past, present = np.split(weights.taps[layer] / scale, 2)
        fill(block.conv, past, present, bias=weights.bias[0, layer])
        residual, skips = np.split(weights.mix[layer], [channels], axis=1)
        residual_bias, skip_bias = np.split(weights.mix_bias[layer], [channels])
        fill(block.conv1x1_out, residual * scale, bias=residual_bias * scale)
        fill(block.conv1x1_skip, skips, bias=skip_bias)
    fill(peer.last_conv_layers[1], weights.head1, bias=weights.head1_bias)
    fill(peer.last_conv_layers[3], weights.head2, bias=weights.head2_bias)
    first = torch.zeros(1, LEVELS, 1)
    first[0, SILENCE] = 1.0

    @torch.no_grad()  # its older idioms do not work in inference mode
    def levels() -> np.ndarray:
        np.random.seed(SEED)  # noqa: NPY002  the generator that it draws from
        return peer.incremental_forward(first, T=length)[0].argmax(0).numpy()

    return levels


def _share_of_matrix_rate(weights: Weights) -> Row:
    """Compare with one BLAS product that reads as many weights: no call, no gate, no draw."""
    ours, inputs = compiled_wavenet(weights, _uniforms(LENGTH)), 512
    matrix = np.ones((inputs, weights.products // inputs), np.float32)
    x = np.ones(inputs, np.float32)
    our_seconds, their_seconds = interleaved(ours, lambda: x @ matrix)
    rate = weights.products * LENGTH / our_seconds / 1e9
    blas_rate = matrix.size / their_seconds / 1e9
    return Row(
        f"{_named(weights)}, share of the rate of one matrix-vector product of that size",
        rate / blas_rate, 0.55, f"numpy {np.__version__} (BLAS)", rate, blas_rate, "G/s",
    )  # fmt: skip


def _real_time(weights: Weights) -> Row:
    """Compare one second of sound with a second of one core."""
    (seconds,) = interleaved(compiled_wavenet(weights, _uniforms(RATE)))
    return Row(
        f"{_named(weights)}, one second of sound at {RATE // 1000} kHz",
        1 / seconds, 1.0, "real time", seconds, 1.0, "s",
    )  # fmt: skip


# ------------------------------------------------------------------ GRU


class GRU(NamedTuple):
    """A network over levels from torch's own layers."""

    embedding: torch.nn.Embedding
    cell: torch.nn.GRUCell
    head1: torch.nn.Linear
    head2: torch.nn.Linear


def random_gru(units: int, *, half: bool = False) -> GRU:
    """Return a network with torch's initial weights; `half` rounds them to what float16 holds."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = GRU(
            torch.nn.Embedding(LEVELS, units),
            torch.nn.GRUCell(units, units),
            torch.nn.Linear(units, units),
            torch.nn.Linear(units, LEVELS),
        )
    network.head2.weight.data *= 30.0  # chances as uneven as a trained one's
    for layer in network if half else ():
        layer.half().float()
    return network


def compiled_gru(network: GRU, uniforms: np.ndarray) -> Sampler:
    """Return the course's compiled sampler, starting from a state of zeros."""
    cell = network.cell
    with torch.inference_mode():
        table = network.embedding.weight @ cell.weight_ih.T + cell.bias_ih
        weights = {
            "table": table,
            "recurrent": cell.weight_hh.T,
            "recurrent_bias": cell.bias_hh,
            "head1": network.head1.weight.T,
            "head1_bias": network.head1.bias,
            "head2": network.head2.weight.T,
            "head2_bias": network.head2.bias,
        }
        arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    packed = recurrent.network(recurrent.GRU, **arrays)

    def levels() -> np.ndarray:
        return recurrent.sample(packed, recurrent.start(packed, SILENCE), uniforms, 1.0)

    return levels


def torch_gru(network: GRU, uniforms: np.ndarray) -> Sampler:
    """Return the loop over torch's GRUCell, its embedding and its two output layers."""

    @torch.inference_mode()
    def levels() -> np.ndarray:
        h = torch.zeros(1, network.cell.hidden_size)
        level = torch.tensor([SILENCE])
        result = np.empty(len(uniforms), np.int64)
        for t, uniform in enumerate(uniforms.tolist()):
            h = network.cell(network.embedding(level), h)
            hidden = torch.relu(network.head1(h))
            result[t] = _drawn(network.head2(hidden)[0], uniform)
            level[0] = result[t].item()
        return result

    return levels
