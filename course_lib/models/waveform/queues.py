"""WaveNet drawn sample by sample: naively, and with queues of what is needed again."""

from __future__ import annotations

import collections

import torch
from jaxtyping import Float, Int

from course_lib.models.waveform import logistic_mixture
from course_lib.models.waveform.logistic_mixture import around_last
from course_lib.models.waveform.wavenet import WaveNet


def draw(
    network: WaveNet,
    outputs: Float[torch.Tensor, "batch outputs"],
    uniforms: Float[torch.Tensor, "batch *two"],
    temperature: float = 1.0,
) -> Int[torch.Tensor, "batch"]:
    """Return codes drawn from the probabilities that `outputs` describes.

    A softmax takes one uniform number a code, see `logistic_mixture.choose`; a mixture takes two,
    see `logistic_mixture.draw`.
    """
    if network.config.components:
        return logistic_mixture.draw(outputs, uniforms, temperature, network.edges)
    return logistic_mixture.choose(outputs, uniforms, temperature)


@torch.no_grad()
def sample_naively(
    network: WaveNet,
    uniforms: Float[torch.Tensor, "time batch *two"],
    *,
    temperature: float = 1.0,
) -> Int[torch.Tensor, "time batch"]:
    """Draw code after code, each time running the network over its whole receptive field.

    Ancestral sampling as the definition has it: c_t ~ P(c_t | c_{t-R}, ..., c_{t-1}). Each new
    sample costs as much as R samples of training. For networks without a condition.
    """
    past = network.receptive_field
    codes = torch.full((past + len(uniforms), uniforms.shape[1]), network.config.silence)
    for t, u in enumerate(uniforms):
        outputs = network(codes[t : t + past])[-1]
        codes[past + t] = draw(network, outputs, u, temperature)
    return codes[past:]


class Queues:
    """The same network, one sample at a time, remembering what it will need again.

    Layer l needs x_l[t - d_l] beside x_l[t]; it was computed d_l steps ago, so each layer keeps
    its last d_l inputs in a queue. A new sample then costs one column of the network, however
    wide the receptive field is.

    Parameters
    ----------
    network : the network
    bias, hold_length : what ``network.condition`` returned; by default that of no condition
    batch : signals side by side

    References
    ----------
    Le Paine et al. (2016), "Fast Wavenet generation algorithm", section 2.
    """

    def __init__(
        self,
        network: WaveNet,
        bias: Float[torch.Tensor, "holds batch_or_1 layers wide"] | None = None,
        hold_length: int | None = None,
        *,
        batch: int = 1,
    ) -> None:
        self.network = network
        self.bias = network.bias[None, None] if bias is None else bias
        self.hold_length = hold_length
        self.time = 1  # the code that comes next, counted from the first that was pushed
        channels = network.config.channels
        zeros = [network.embedding.new_zeros(batch, channels) for _ in network.config.dilations]
        self.queues = [
            collections.deque([zero] * dilation, maxlen=dilation)
            for zero, dilation in zip(zeros, network.config.dilations, strict=True)
        ]

    @torch.no_grad()
    def push(self, codes: Int[torch.Tensor, "batch"]) -> Float[torch.Tensor, "batch outputs"]:
        """Take in one code a signal; return what describes the next one.

        The result is `WaveNet.forward`'s as soon as a receptive field of codes was pushed.
        """
        network, config = self.network, self.network.config
        hold = 0 if self.hold_length is None else self.time // self.hold_length
        bias = self.bias[min(hold, len(self.bias) - 1)]
        x = network._embed(codes[None])[0]
        gathered = []
        for layer, queue in enumerate(self.queues):
            past = queue[0]
            queue.append(x)
            a = torch.cat([past, x], dim=-1) @ network.taps[layer] + bias[:, layer]
            z = network._activate(a)
            gathered.append(z)
            residual = z @ network.mix[layer, :, : config.channels]
            residual = residual + network.mix_bias[layer, : config.channels]
            x = x + residual if config.residual else residual
        self.time += 1
        described = network._head(gathered)
        return around_last(described, network.values[codes]) if config.components else described


@torch.no_grad()
def sample_with_queues(
    network: WaveNet,
    uniforms: Float[torch.Tensor, "time batch *two"],
    *,
    temperature: float = 1.0,
) -> Int[torch.Tensor, "time batch"]:
    """Draw the same codes as `sample_naively`, at the cost of one column of the network each."""
    queues = Queues(network, batch=uniforms.shape[1])
    silence = torch.full((uniforms.shape[1],), network.config.silence)
    for _ in range(network.receptive_field):
        outputs = queues.push(silence)
    codes = []
    for u in uniforms:
        codes.append(draw(network, outputs, u, temperature))
        outputs = queues.push(codes[-1])
    return torch.stack(codes)
