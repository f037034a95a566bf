"""Transformers: attention and layers equal torch's, masks hide, and steps equal the whole."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.models.sequence.attention import attention_weights, dot_product_attention
from course_lib.models.sequence.transformer import (
    Layer,
    Memory,
    MultiHeadAttention,
    Transformer,
    TransformerConfig,
    causal_mask,
    positional_encoding,
)

SMALL = TransformerConfig(width=8, heads=2, hidden=12, encoder_layers=2, decoder_layers=2)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


def shaken(module):
    """The module in float64, with weights far from their beginning, so that everything matters."""
    with torch.no_grad():
        for p in module.double().parameters():
            p += 0.4 * torch.randn_like(p)
    return module


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def assert_equal(ours, theirs, atol=1e-12):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=atol)


def look(attention, asking, answering, mask=None):
    """One attention from beginning to end."""
    return attention(attention.queries(asking), *attention.keys_and_values(answering), mask)


# ------------------------------------------------------- scaled dot products


def padding(*counts, longest=7):
    """True where there is a token, one row a text."""
    return torch.arange(longest) < torch.tensor(counts)[:, None]


@pytest.mark.parametrize(
    "mask",
    [None, causal_mask(7)[2:], padding(7, 3)[:, None, None]],
    ids=["everything", "causal", "padding"],
)
def test_attention_equals_torchs(mask):
    queries, keys, values = normal(2, 3, 5, 4), normal(2, 3, 7, 4), normal(2, 3, 7, 6)
    read, weights = dot_product_attention(queries, keys, values, mask)
    theirs = nn.functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    assert_equal(read, theirs)
    assert_equal(weights.sum(-1), torch.ones_like(weights.sum(-1)))
    if mask is not None:
        assert (weights[~mask.expand_as(weights)] == 0).all()
        assert (weights[mask.expand_as(weights)] > 0).all()


def test_attention_is_a_kernel_smoother():
    """With keys of one length, weights by dot product are Gaussian weights by distance."""
    keys = nn.functional.normalize(normal(9, 4), dim=-1)
    query, values = keys[4:5], normal(9, 1)
    distance = ((query - keys) ** 2).sum(-1)
    kernel = torch.exp(-distance / (2 * math.sqrt(4)))  # variance sqrt(width)
    read, _ = dot_product_attention(query, keys, values)
    assert_equal(read[0, 0], (kernel * values[:, 0]).sum() / kernel.sum())


def test_weights_of_large_energies_are_finite():
    weights = attention_weights(torch.tensor([[1e4, -1e4, 1e4], [-1e4, -1e4, -1e4]]))
    assert_equal(weights, torch.tensor([[0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3]]), atol=1e-6)


# ------------------------------------------------------------------ positions


def test_positions_by_the_formula():
    code = positional_encoding(50, 6)
    for t in (0, 1, 17, 49):
        for i in range(3):
            angle = t / 10_000 ** (2 * i / 6)
            assert code[t, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert code[t, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)
    assert torch.equal(positional_encoding(4, 6, first=13), code[13:17])


def test_a_shift_of_positions_is_a_rotation():
    width, shift = 10, 7
    pairs = positional_encoding(40, width).double().unflatten(1, (-1, 2))
    rate = 10_000 ** (-np.arange(0, width, 2) / width)
    cos, sin = (torch.from_numpy(f(shift * rate)) for f in (np.cos, np.sin))
    sines, cosines = pairs[:-shift].unbind(-1)
    turned = torch.stack((cos * sines + sin * cosines, cos * cosines - sin * sines), dim=-1)
    assert_equal(turned, pairs[shift:], atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"count": 0, "width": 4}, "count of at least 1, got 0"),
        ({"count": 3, "width": 5}, "an even width.* got 5"),
        ({"count": 3, "width": 0}, "width of at least 1"),
        ({"count": 3, "width": 4, "first": -1}, "first of at least 0"),
    ],
)
def test_positions_that_are_none(arguments, said):
    with pytest.raises(ValueError, match=said):
        positional_encoding(**arguments)


def test_counts_must_be_whole():
    with pytest.raises(TypeError, match=r"whole number for count, got 2\.5"):
        positional_encoding(2.5, 4)
    with pytest.raises(TypeError, match="whole number for count, got True"):
        causal_mask(True)


def test_a_causal_mask():
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True] * 3]
    with pytest.raises(ValueError, match="count of at least 1"):
        causal_mask(0)


# -------------------------------------------------------------- several heads


def torchs_attention(ours, width, heads):
    theirs = nn.MultiheadAttention(width, heads, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())  # the same names, the same shapes
    return theirs


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("masked", ["nothing", "the future", "padding"])
def test_multi_head_attention_equals_torchs(heads, masked):
    ours = shaken(MultiHeadAttention(8, heads))
    theirs = torchs_attention(ours, 8, heads)
    asking = normal(2, 7, 8)
    answering = asking if masked == "the future" else normal(2, 7, 8)
    mask = {
        "nothing": None,
        "the future": causal_mask(7),
        "padding": padding(7, 4)[:, None, None],
    }[masked]
    hidden = {
        "nothing": {},
        "the future": {"attn_mask": ~causal_mask(7)},
        "padding": {"key_padding_mask": ~padding(7, 4)},
    }[masked]
    read, weights = look(ours, asking, answering, mask)
    expected, their_weights = theirs(
        asking, answering, answering, average_attn_weights=False, **hidden
    )
    assert_equal(read, expected)
    assert_equal(weights, their_weights)


def test_gradients_equal_torchs():
    ours = shaken(MultiHeadAttention(8, 2))
    theirs = torchs_attention(ours, 8, 2)
    x, direction = normal(2, 5, 8), normal(2, 5, 8)
    (look(ours, x, x)[0] * direction).sum().backward()
    (theirs(x, x, x)[0] * direction).sum().backward()
    for (name, mine), (_, other) in zip(
        sorted(ours.named_parameters()), sorted(theirs.named_parameters()), strict=True
    ):
        torch.testing.assert_close(
            mine.grad, other.grad, rtol=0, atol=1e-11, msg=lambda m, n=name: f"{n}: {m}"
        )


def test_attention_alone_knows_no_order():
    """Shuffled words: the same weights, shuffled, and what is read is the same."""
    attention = shaken(MultiHeadAttention(8, 2))
    asking, answering, order = normal(1, 3, 8), normal(1, 6, 8), torch.randperm(6)
    read, weights = look(attention, asking, answering)
    again, shuffled = look(attention, asking, answering[:, order])
    assert_equal(again, read)
    assert_equal(shuffled, weights[..., order])


def test_heads_must_share_the_width():
    with pytest.raises(ValueError, match="a width that 3 heads divide, got 8"):
        MultiHeadAttention(8, 3)
    with pytest.raises(ValueError, match="an even width that 3 heads divide, got 8"):
        TransformerConfig(width=8, heads=3)
    with pytest.raises(ValueError, match="an even width that 1 heads divide, got 7"):
        TransformerConfig(width=7, heads=1)
    with pytest.raises(ValueError, match="heads of at least 1, got 0"):
        MultiHeadAttention(8, 0)


@pytest.mark.parametrize("name", ["width", "heads", "hidden", "encoder_layers", "decoder_layers"])
def test_shapes_that_are_none(name):
    with pytest.raises(ValueError, match=f"{name} of at least 1, got 0"):
        TransformerConfig(**{name: 0})
    with pytest.raises(TypeError, match=f"whole number for {name}"):
        TransformerConfig(**{name: 1.5})


def test_a_transformer_of_no_tokens():
    with pytest.raises(ValueError, match="tokens of at least 1, got 0"):
        Transformer(SMALL, tokens=0, inputs=3)
    with pytest.raises(ValueError, match="inputs of at least 1, got 0"):
        Transformer(SMALL, tokens=4, inputs=0)


# --------------------------------------------------------------------- layers


def share(ours, theirs, names):
    """Copy our layer's weights into torch's, under its names."""
    state = {}
    for mine, other in names.items():
        for name, value in getattr(ours, mine).state_dict().items():
            state[f"{other}.{name}"] = value
    for mine, other in (("0", "linear1"), ("2", "linear2")):
        for name in ("weight", "bias"):
            state[f"{other}.{name}"] = ours.mlp.state_dict()[f"{mine}.{name}"]
    theirs.load_state_dict(state)  # strict: every weight of theirs comes from ours
    return theirs


def torchs(kind):
    return kind(
        8, 2, 12, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).double()


def test_an_encoder_layer_equals_torchs():
    ours = shaken(Layer(SMALL, reads=False))
    names = {"attention": "self_attn", "norm": "norm1", "mlp_norm": "norm2"}
    theirs = share(ours, torchs(nn.TransformerEncoderLayer), names)
    x, there = normal(2, 7, 8), padding(7, 4)
    mine, weights, _ = ours(x, there[:, None, None])
    assert_equal(mine[there], theirs(x, src_key_padding_mask=~there)[there])
    assert weights is None


def test_a_decoder_layer_equals_torchs():
    ours = shaken(Layer(SMALL, reads=True))
    names = {
        "attention": "self_attn",
        "cross": "multihead_attn",
        "norm": "norm1",
        "cross_norm": "norm2",
        "mlp_norm": "norm3",
    }
    theirs = share(ours, torchs(nn.TransformerDecoderLayer), names)
    x, text, there = normal(2, 5, 8), normal(2, 7, 8), padding(7, 4)
    memory = Memory(*ours.cross.keys_and_values(text), there[:, None, None])
    mine, weights, _ = ours(x, causal_mask(5), memory)
    expected = theirs(x, text, tgt_mask=~causal_mask(5), memory_key_padding_mask=~there)
    assert_equal(mine, expected)
    assert weights.shape == (2, 2, 5, 7)


# ------------------------------------------------------- the whole Transformer


def transformer():
    return shaken(Transformer(SMALL, tokens=6, inputs=3))


def texts(*counts, longest=None):
    """Random tokens, padded with zeros, and their counts."""
    tokens = torch.zeros(longest or max(counts), len(counts), dtype=torch.int64)
    for i, count in enumerate(counts):
        tokens[:count, i] = torch.randint(6, (count,))
    return tokens, torch.tensor(counts)


def test_steps_with_a_cache_are_the_whole():
    net, said = transformer(), normal(9, 3, 3)
    memory = net.encode(*texts(5, 2, 7))
    features, weights = net.decode(memory, said)
    state, steps = net.begin(memory), []
    for t, now in enumerate(said):
        decoded, state = net.step(memory, state, now)
        steps.append(decoded)
        assert state.done == t + 1
        assert all(keys.shape == (3, 2, t + 1, 4) for keys, _ in state.layers)
    mine, looks = zip(*steps, strict=True)
    assert_equal(torch.stack(mine), features)
    assert_equal(torch.stack(looks), weights)


def test_weights_are_the_mean_over_all_layers_and_heads():
    net, looks = transformer(), []
    for layer in net.decoder:
        layer.cross.register_forward_hook(lambda module, given, result: looks.append(result[1]))
    _, weights = net.decode(net.encode(*texts(5)), normal(4, 1, 3))
    assert_equal(weights[:, 0], torch.stack(looks).mean(dim=(0, 2))[0])


def test_padding_changes_nothing():
    net, said = transformer(), normal(4, 3, 3)
    tokens, counts = texts(5, 2, 7, longest=12)
    features, weights = net.decode(net.encode(tokens, counts), said)
    tokens[5:, 0] = 3  # what stands in the padding does not matter
    assert_equal(net.decode(net.encode(tokens, counts), said)[0], features)
    for i, count in enumerate(counts):
        alone = net.encode(tokens[:count, i : i + 1], counts[i : i + 1])
        mine, looks = net.decode(alone, said[:, i : i + 1])
        assert_equal(mine[:, 0], features[:, i])
        assert_equal(looks[:, 0], weights[:, i, :count])
        assert (weights[:, i, count:] == 0).all()
    assert_equal(weights.sum(-1), torch.ones(4, 3, dtype=torch.float64))


def test_the_decoder_hears_the_past_and_nothing_else():
    net, said = transformer(), normal(8, 1, 3)
    memory = net.encode(*texts(5))
    changed = said.clone()
    changed[4] += 1
    moved = (net.decode(memory, changed)[0] - net.decode(memory, said)[0]).abs().amax(dim=(1, 2))
    assert (moved[:4] == 0).all()
    assert (moved[4:] > 1e-6).all()


def test_the_encoder_hears_everything_and_order():
    net, said = transformer(), normal(1, 1, 3)
    tokens, counts = torch.tensor([[1], [2], [3], [4]]), torch.tensor([4])

    def first_step(text):
        return net.decode(net.encode(text, counts), said)[0]

    for place in range(4):
        changed = tokens.clone()
        changed[place] = 5
        assert (first_step(changed) - first_step(tokens)).abs().max() > 1e-6
    assert (first_step(tokens.flip(0)) - first_step(tokens)).abs().max() > 1e-6


def test_the_state_handed_in_stays_as_it_was():
    """Two ways to go on from one state: neither hears the other."""
    net = transformer()
    memory = net.encode(*texts(4))
    _, state = net.step(memory, net.begin(memory), normal(1, 3))
    one, other = normal(1, 3), normal(1, 3)
    (before, _), _ = net.step(memory, state, one)
    net.step(memory, state, other)
    (after, _), _ = net.step(memory, state, one)
    assert torch.equal(before, after)


def test_features():
    assert SMALL.features == transformer().decoder_norm.normalized_shape[0] == 8
