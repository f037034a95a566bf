"""The Transformer: sequence to sequence with attention alone.

Where a recurrent network carries a state along, every position here looks at all others at once:
the encoder's at the whole text, the decoder's at what was said before them and at the text.

References
----------
Vaswani et al. (2017), "Attention is all you need"; Xiong et al. (2020), "On layer normalization
in the Transformer architecture" (normalise first, then add).

Notebook: 14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.core import check_count, settle
from course_lib.models.sequence.attention import dot_product_attention


@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a `Transformer`.

    Parameters
    ----------
    width : numbers that stand for a position, a multiple of `heads`, even
    heads : of every attention
    hidden : units of the layer between attentions
    encoder_layers, decoder_layers : how many of each

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or a width that the heads do not divide.
    """

    width: int = 128
    heads: int = 4
    hidden: int = 512
    encoder_layers: int = 3
    decoder_layers: int = 3

    def __post_init__(self) -> None:
        for name in ("width", "heads", "hidden", "encoder_layers", "decoder_layers"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"need an even width that {self.heads} heads divide, got {self.width}")

    @property
    def features(self) -> int:
        """Numbers that come out at every step."""
        return self.width


def positional_encoding(count: int, width: int, *, first: int = 0) -> Float[Tensor, "count width"]:
    """Return a code for each position: sines and cosines from fast to slow.

        P[t, 2 i] = sin(t / 10000^(2 i / width)),    P[t, 2 i + 1] = cos(t / 10000^(2 i / width))

    The code of t + k is that of t, turned: a rotation by a fixed angle in each pair.

    Parameters
    ----------
    count : positions
    width : numbers in a code, even
    first : the first position, t

    Raises
    ------
    TypeError, ValueError
        For no positions, an odd width or a position below 0.

    References
    ----------
    Vaswani et al. (2017), section 3.5. Notebook: 14.
    """
    count = check_count(count, "count")
    first = check_count(first, "first", minimum=0)
    width = check_count(width, "width")
    if width % 2:
        raise ValueError(f"need an even width, for pairs of a sine and a cosine, got {width}")
    place = torch.arange(first, first + count, dtype=torch.float64)[:, None]
    rate = 10_000 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = place * rate
    return torch.stack((torch.sin(angle), torch.cos(angle)), dim=-1).flatten(1).float()


def causal_mask(count: int) -> Bool[Tensor, "count count"]:
    """Return True where a position (a row) may look: at itself and at those before it.

    Notebook: 14.
    """
    count = check_count(count, "count")
    return torch.ones(count, count, dtype=torch.bool).tril()


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each with its own projections of a part of the width.

        head_i = attention(Q W_i^Q, K W_i^K, V W_i^V),    output = [head_1, ..., head_h] W^O

    The weights lie as in ``torch.nn.MultiheadAttention``, which computes the same.

    Parameters
    ----------
    width : of what comes in and goes out
    heads : h, among which the width is shared evenly

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or a width that the heads do not divide.

    References
    ----------
    Vaswani et al. (2017), section 3.2.2. Notebook: 14.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        width, heads = check_count(width, "width"), check_count(heads, "heads")
        if width % heads:
            raise ValueError(f"need a width that {heads} heads divide, got {width}")
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def queries(self, x: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch h time part"]:
        """Return what the positions ask, head by head."""
        (weight, _, _), (bias, _, _) = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        return self._split(nn.functional.linear(x, weight, bias))

    def keys_and_values(
        self, x: Float[Tensor, "batch time width"]
    ) -> tuple[Float[Tensor, "batch h time part"], Float[Tensor, "batch h time part"]]:
        """Return what the positions answer to, and what they then say, head by head."""
        width = x.shape[-1]
        both = nn.functional.linear(x, self.in_proj_weight[width:], self.in_proj_bias[width:])
        keys, values = both.chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(
        self,
        queries: Float[Tensor, "batch h steps part"],
        keys: Float[Tensor, "batch h tokens part"],
        values: Float[Tensor, "batch h tokens part"],
        mask: Bool[Tensor, "*#batch tokens"] | None = None,
    ) -> tuple[Float[Tensor, "batch steps width"], Float[Tensor, "batch h steps tokens"]]:
        """Return the output and every head's weights.

        Parameters
        ----------
        queries, keys, values : as the two methods above return them
        mask : True where a query may look
        """
        heads, weights = dot_product_attention(queries, keys, values, mask)
        return self.out_proj(heads.transpose(1, 2).flatten(2)), weights

    def _split(self, x: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch h time part"]:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Layer(nn.Module):
    """One layer: x + attention(norm(x)), in a decoder also to the text, then x + MLP(norm(x)).

    Notebook: 14.
    """

    def __init__(self, config: TransformerConfig, *, reads: bool) -> None:
        super().__init__()
        width = config.width
        self.norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, config.heads)
        self.cross_norm = nn.LayerNorm(width) if reads else None
        self.cross = MultiHeadAttention(width, config.heads) if reads else None
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, config.hidden), nn.GELU(), nn.Linear(config.hidden, width)
        )

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        mask: Bool[Tensor, "..."] | None,
        memory: Memory | None = None,
        past: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Float[Tensor, "batch time width"], Tensor | None, tuple[Tensor, Tensor]]:
        """Return the new positions, the weights on the text, and all keys and values up to now.

        Parameters
        ----------
        mask : where the positions may look at each other
        memory : this layer's view of the text, in a decoder
        past : keys and values of the positions before, which are looked at, too
        """
        seen = self.norm(x)
        keys, values = self.attention.keys_and_values(seen)
        if past is not None:
            keys, values = (torch.cat(p, dim=2) for p in zip(past, (keys, values), strict=True))
        x = x + self.attention(self.attention.queries(seen), keys, values, mask)[0]
        weights = None
        if self.cross is not None and self.cross_norm is not None and memory is not None:
            asked = self.cross.queries(self.cross_norm(x))
            read, weights = self.cross(asked, memory.keys, memory.values, memory.mask)
            x = x + read
        return x + self.mlp(self.mlp_norm(x)), weights, (keys, values)


@dataclass(frozen=True, eq=False)
class Memory:
    """What one decoder layer can look up in the text.

    Attributes
    ----------
    keys, values : of the encoder's output, projected for this layer
    mask : True where there is a token, shape (batch, 1, 1, tokens)
    """

    keys: Float[Tensor, "batch h tokens part"]
    values: Float[Tensor, "batch h tokens part"]
    mask: Bool[Tensor, "batch 1 1 tokens"]


@dataclass(frozen=True, eq=False)
class Cache:
    """What the decoder need not compute again: every layer's keys and values up to now.

    Attributes
    ----------
    layers : (keys, values) of each layer, None before the first step
    done : steps taken
    """

    layers: tuple[tuple[Tensor, Tensor] | None, ...]
    done: int = 0


class Transformer(nn.Module):
    """An encoder and a decoder of attention layers, which normalise before they look.

    Parameters
    ----------
    config : the network's shape
    tokens : different tokens of the text
    inputs : numbers that tell a decoder step what was said last

    Notebook: 14.
    """

    def __init__(self, config: TransformerConfig, *, tokens: int, inputs: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(check_count(tokens, "tokens"), config.width)
        self.inputs = nn.Linear(check_count(inputs, "inputs"), config.width)
        self.encoder = nn.ModuleList(
            Layer(config, reads=False) for _ in range(config.encoder_layers)
        )
        self.decoder = nn.ModuleList(
            Layer(config, reads=True) for _ in range(config.decoder_layers)
        )
        self.encoder_norm = nn.LayerNorm(config.width)
        self.decoder_norm = nn.LayerNorm(config.width)

    def encode(
        self, tokens: Int[Tensor, "tokens batch"], counts: Int[Tensor, "batch"]
    ) -> tuple[Memory, ...]:
        """Read texts, for each decoder layer; padding beyond a text's count changes nothing."""
        count = torch.arange(len(tokens), device=tokens.device)
        mask = (count < counts[:, None])[:, None, None]
        x = self.embedding(tokens.T)
        x = x + positional_encoding(len(tokens), x.shape[-1]).to(x)
        for layer in self.encoder:
            x, _, _ = layer(x, mask)
        x = self.encoder_norm(x)
        layers: Any = self.decoder  # mypy sees modules, not layers
        views = (layer.cross.keys_and_values(x) for layer in layers)
        return tuple(Memory(keys, values, mask) for keys, values in views)

    def begin(self, memory: tuple[Memory, ...]) -> Cache:
        """Return the decoder's state before the first step: nothing said yet."""
        return Cache((None,) * len(memory))

    def step(
        self,
        memory: tuple[Memory, ...],
        state: Cache,
        inputs: Float[Tensor, "batch inputs"],
    ) -> tuple[tuple[Float[Tensor, "batch width"], Float[Tensor, "batch tokens"]], Cache]:
        """Return the features and weights of one step, and the state after it.

        Only the new position is computed; keys and values of the ones before come from the cache.
        """
        place = positional_encoding(1, self.config.width, first=state.done)
        x = self.inputs(inputs)[:, None] + place.to(inputs)
        x, weights, layers = self._decoder(x, None, memory, state.layers)
        return (x[:, 0], weights[:, 0]), Cache(layers, state.done + 1)

    def decode(
        self, memory: tuple[Memory, ...], inputs: Float[Tensor, "steps batch inputs"]
    ) -> tuple[Float[Tensor, "steps batch width"], Float[Tensor, "steps batch tokens"]]:
        """Return the features and weights of every step at once, given what was said before each.

        The weights are the mean over all layers and heads.
        """
        x = self.inputs(inputs).transpose(0, 1)
        x = x + positional_encoding(len(inputs), self.config.width).to(x)
        mask = causal_mask(len(inputs)).to(x.device)
        x, weights, _ = self._decoder(x, mask, memory, (None,) * len(memory))
        return x.transpose(0, 1), weights.transpose(0, 1)

    def _decoder(
        self,
        x: Tensor,
        mask: Tensor | None,
        memory: tuple[Memory, ...],
        past: tuple[tuple[Tensor, Tensor] | None, ...],
    ) -> tuple[Tensor, Tensor, tuple[tuple[Tensor, Tensor], ...]]:
        """Return the positions, the mean weights on the text, and all caches."""
        caches, looks = [], []
        for layer, text, before in zip(self.decoder, memory, past, strict=True):
            x, weights, cache = layer(x, mask, text, before)
            caches.append(cache)
            looks.append(weights.mean(dim=1))
        return self.decoder_norm(x), torch.stack(looks).mean(dim=0), tuple(caches)
