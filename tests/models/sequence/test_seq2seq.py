"""The recurrent encoder-decoder: cells equal torch's, steps equal passes, padding is nothing."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from course_lib.models.sequence.seq2seq import Seq2Seq, Seq2SeqConfig

SMALL = Seq2SeqConfig(embedding=4, encoder=3, units=5, attention_units=6, filters=2, filter_width=3)
KINDS = [
    replace(SMALL, cell=cell, attention=attention)
    for cell in ("lstm", "gru")
    for attention in ("fixed", "additive", "location")
]


def name(config):
    return f"{config.cell}, {config.attention}"


kinds = pytest.mark.parametrize("config", KINDS, ids=name)


def network(config):
    """A small network with weights far from their beginning, so that everything matters."""
    torch.manual_seed(5)
    net = Seq2Seq(config, tokens=8, inputs=3).double()
    with torch.no_grad():
        for p in net.parameters():
            p += 0.5 * torch.randn_like(p)
    return net


def some_texts():
    """Three texts of 6, 3 and 1 tokens, and what is said before each of 4 steps."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(8, (6, 3), generator=generator)
    inputs = torch.randn(4, 3, 3, generator=generator, dtype=torch.float64)
    return tokens, torch.tensor([6, 3, 1]), inputs


@kinds
def test_steps_one_by_one_equal_a_pass(config):
    net, (tokens, counts, inputs) = network(config), some_texts()
    memory = net.encode(tokens, counts)
    features, weights = net.decode(memory, inputs)
    assert features.shape == (4, 3, config.features)
    state = net.begin(memory)
    for t, said in enumerate(inputs):
        (now, looked), state = net.step(memory, state, said)
        assert torch.equal(now, features[t])
        assert torch.equal(looked, weights[t])


@kinds
def test_padding_changes_nothing(config):
    net, (tokens, counts, inputs) = network(config), some_texts()
    together, looks = net.decode(net.encode(tokens, counts), inputs)
    for i, count in enumerate(counts.tolist()):
        one = tokens[:count, i : i + 1]
        alone, look = net.decode(net.encode(one, counts[i : i + 1]), inputs[:, i : i + 1])
        torch.testing.assert_close(together[:, i : i + 1], alone, rtol=0, atol=1e-12)
        torch.testing.assert_close(looks[:, i : i + 1, :count], look, rtol=0, atol=1e-7)
        assert (looks[:, i, count:] == 0).all()


@kinds
def test_what_stands_in_the_padding_does_not_matter(config):
    net, (tokens, counts, inputs) = network(config), some_texts()
    other = torch.where(torch.arange(6)[:, None] < counts, tokens, (tokens + 1) % 8)
    ours, theirs = (net.decode(net.encode(text, counts), inputs)[0] for text in (tokens, other))
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_decoder_is_torchs_cell_run_by_hand(cell):
    """With a fixed context, so that attention has no part in it."""
    config = replace(SMALL, cell=cell, attention="fixed")
    net, (tokens, counts, inputs) = network(config), some_texts()
    memory = net.encode(tokens, counts)
    kind = nn.LSTMCell if cell == "lstm" else nn.GRUCell
    theirs = kind(3 + 6, 5).double()
    theirs.load_state_dict(net.cell.state_dict())
    zero = torch.zeros(3, 5, dtype=torch.float64)
    state = (zero, zero) if cell == "lstm" else zero
    features, _ = net.decode(memory, inputs)
    for said, found in zip(inputs, features, strict=True):
        state = theirs(torch.cat((said, memory.states[:, 0]), dim=1), state)
        hidden = state[0] if cell == "lstm" else state
        assert torch.equal(found, torch.cat((hidden, memory.states[:, 0]), dim=1))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_decoder_with_attention_by_hand(cell):
    """The cell hears the context of the step before; attention hears the cell's new state."""
    net, (tokens, counts, inputs) = network(replace(SMALL, cell=cell)), some_texts()
    memory = net.encode(tokens, counts)
    features, weights = net.decode(memory, inputs)
    zero = torch.zeros(3, 5, dtype=torch.float64)
    state = (zero, zero) if cell == "lstm" else zero
    context, so_far = torch.zeros(3, 6, dtype=torch.float64), torch.zeros(3, 6).double()
    for said, found, looked in zip(inputs, features, weights, strict=True):
        state = net.cell(torch.cat((said, context), dim=1), state)
        hidden = state[0] if cell == "lstm" else state
        context, now = net.attention(hidden, memory.states, memory.keys, memory.mask, so_far)
        so_far = so_far + now
        assert torch.equal(found, torch.cat((hidden, context), dim=1))
        assert torch.equal(looked, now)
    torch.testing.assert_close(so_far.sum(1), torch.full((3,), 4.0).double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_fixed_context_stays_and_is_the_encoders_two_ends(cell):
    config = replace(SMALL, cell=cell, attention="fixed")
    net, (tokens, counts, inputs) = network(config), some_texts()
    features, weights = net.decode(net.encode(tokens, counts), inputs)
    contexts = features[..., config.units :]
    assert torch.equal(contexts, contexts[:1].expand_as(contexts))
    assert not weights.any()
    for i, count in enumerate(counts.tolist()):
        states, _ = net.encoder(net.embedding(tokens[:count, i])[None])
        ends = torch.cat((states[0, -1, :3], states[0, 0, 3:]))
        torch.testing.assert_close(contexts[0, i], ends, rtol=0, atol=1e-12)


def test_a_context_that_attention_chooses_moves():
    net, (tokens, counts, inputs) = network(SMALL), some_texts()
    features, _ = net.decode(net.encode(tokens, counts), inputs)
    contexts = features[:, 0, SMALL.units :]
    assert (contexts[1:] - contexts[:-1]).abs().amax(dim=1).min() > 1e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cell": "rnn"}, "need a cell out of"),
        ({"attention": "hard"}, "need attention out of"),
        ({"units": 0}, "units of at least 1"),
        ({"embedding": 2.5}, "whole number for embedding"),
        ({"filter_width": 8}, "odd filter_width"),
    ],
)
def test_a_configuration_says_what_it_needs(changes, message):
    with pytest.raises((TypeError, ValueError), match=message):
        replace(SMALL, **changes)


@pytest.mark.parametrize("counts", [{"tokens": 0, "inputs": 3}, {"tokens": 8, "inputs": 1.5}])
def test_a_network_needs_tokens_and_inputs(counts):
    with pytest.raises((TypeError, ValueError), match=r"tokens of at least 1|number for inputs"):
        Seq2Seq(SMALL, **counts)


@pytest.mark.parametrize(
    ("tokens", "counts", "message"),
    [
        (torch.zeros(4, dtype=torch.int64), [4], "shape .tokens, batch."),
        (torch.zeros(4, 2, dtype=torch.int64), [4], "a count for each text"),
        (torch.zeros(0, 2, dtype=torch.int64), [0, 0], "shape .tokens, batch."),
        (torch.zeros(4, 2, dtype=torch.int64), [4, 0], "counts from 1 to 4"),
        (torch.zeros(4, 2, dtype=torch.int64), [5, 4], "counts from 1 to 4"),
        (torch.full((4, 1), 8), [4], "tokens from 0 to 7, got 8 to 8"),
        (torch.full((4, 1), -1), [4], "tokens from 0 to 7, got -1"),
    ],
)
def test_an_encoder_says_what_it_needs(tokens, counts, message):
    with pytest.raises(ValueError, match=message):
        network(SMALL).encode(tokens, torch.tensor(counts))
