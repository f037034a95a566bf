"""Rewriters: exact probabilities of all answers, and the likeliest symbol at every step."""

import itertools
import math

import numpy as np
import pytest
import torch

from course_lib.core import Trainable
from course_lib.models.sequence.rewriter import Rewriter, RewriterConfig, reversals, rewriting
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.training import Schedule, training_steps

TINY = {"embedding": 3, "encoder": 3, "units": 4, "attention_units": 4, "filters": 2}
CORES = {
    "location": Seq2SeqConfig("lstm", "location", **TINY),
    "additive": Seq2SeqConfig("gru", "additive", **TINY),
    "fixed": Seq2SeqConfig("lstm", "fixed", **TINY),
    "Transformer": TransformerConfig(8, 2, 8, 1, 1),
}
cores = pytest.mark.parametrize("core", CORES)


def network(core, symbols=3):
    """A small network with weights far from their beginning, so that everything matters."""
    net = Rewriter(RewriterConfig(symbols, CORES[core], embedding=3), seed=2)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.7 * torch.randn(p.shape, generator=generator)
    return net.eval()


def by_steps(net, string, answer):
    """Return log P(answer, end | string) as a sum over single steps, and the rows it came from."""
    memory = net.core.encode(torch.tensor(string)[:, None], torch.tensor([len(string)]))
    state, said, nats, rows = net.core.begin(memory), net.config.symbols, 0.0, []
    with torch.no_grad():
        for symbol in (*answer, net.config.symbols):
            (features, _), state = net.core.step(memory, state, net.embedding(torch.tensor([said])))
            rows.append(torch.log_softmax(net.output(features)[0].double(), dim=-1))
            nats, said = nats + rows[-1][symbol].item(), symbol
    return nats, rows


@cores
def test_a_likelihood_is_the_sum_of_its_steps(core):
    net = network(core)
    assert isinstance(net, Trainable)
    for answer in ((), (1,), (0, 2, 1, 1)):
        found = net.log_likelihood((0, 1, 2, 2), answer)
        assert found.kind == "exact"
        assert found.nats == pytest.approx(by_steps(net, (0, 1, 2, 2), answer)[0], abs=1e-5)


@cores
def test_the_probabilities_of_all_answers_sum_to_one(core):
    """Those of up to three symbols one by one; what is longer begins with one of 16 fours."""
    net = network(core, symbols=2)
    answers = (a for length in range(4) for a in itertools.product((0, 1), repeat=length))
    total = sum(math.exp(net.log_likelihood((0, 1, 1), answer).nats) for answer in answers)
    longer = 0.0
    for answer in itertools.product((0, 1), repeat=4):
        _, rows = by_steps(net, (0, 1, 1), answer)
        longer += math.exp(sum(row[y].item() for row, y in zip(rows, answer, strict=False)))
    assert 0.01 < total < 0.999
    assert total + longer == pytest.approx(1, abs=1e-5)


@cores
def test_an_answer_is_the_likeliest_symbol_at_every_step(core):
    net = network(core)
    strings = [(0, 1, 2, 2), (2,), (1, 1)]
    for string, answer in zip(strings, net.rewrite(strings, most=6), strict=True):
        _, rows = by_steps(net, string, answer)
        best = [int(row.argmax()) for row in rows]
        assert tuple(best[: len(answer)]) == answer
        assert len(answer) == 6 or best[-1] == 3


@cores
def test_a_batch_costs_what_its_pairs_cost(core):
    net = network(core)
    pairs = [((0, 1, 2, 2), (1,)), ((2,), (0, 1, 1)), ((1, 1), (2, 2))]
    batch = rewriting([(np.array(x), np.array(y)) for x, y in pairs], 3)
    nats = -sum(net.log_likelihood(x, y).nats for x, y in pairs)
    assert net.loss(batch)[0].item() == pytest.approx(nats / (2 + 4 + 3), abs=1e-5)


def test_the_end_follows_every_answer():
    batch = rewriting([(np.array([1, 2]), np.array([2, 1])), (np.array([0]), np.array([0]))], 3)
    assert batch.targets.T.tolist() == [[2, 1, 3], [0, 3, 0]]
    assert batch.target_counts.tolist() == [3, 2]
    assert batch.token_counts.tolist() == [2, 1]


def test_reversals_are_reversals_and_depend_on_seed_and_step_alone():
    batches = reversals(10, shortest=2, longest=5, size=50, seed=1)
    batch = batches(7)
    for i, count in enumerate(batch.token_counts.tolist()):
        assert 2 <= count <= 5
        answer = batch.targets[: batch.target_counts[i], i].tolist()
        assert answer == [*batch.tokens[:count, i].flip(0).tolist(), 10]
    assert set(batch.token_counts.tolist()) == {2, 3, 4, 5}
    again = reversals(10, shortest=2, longest=5, size=50, seed=1)(7)
    assert torch.equal(again.tokens, batch.tokens)
    assert not torch.equal(batches(8).token_counts, batch.token_counts)


def test_a_reversal_is_learned():
    """A sanity check of the whole: two symbols, up to three of them, in a few steps."""
    core = Seq2SeqConfig("gru", "additive", 16, 16, 32, 16)
    net = Rewriter(RewriterConfig(2, core, embedding=8), seed=1)
    batches = reversals(2, shortest=1, longest=3, size=32, seed=1)
    for _ in training_steps(net, batches, Schedule(150, 1e-2, warmup=10)):
        pass
    strings = [s for n in (1, 2, 3) for s in itertools.product((0, 1), repeat=n)]
    assert net.rewrite(strings) == [s[::-1] for s in strings]


def test_first_weights_come_from_the_seed_alone():
    one, two, other = (Rewriter(RewriterConfig(3), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.output.weight, two.output.weight)
    assert not torch.equal(one.output.weight, other.output.weight)


@pytest.mark.parametrize("settings", [{"symbols": 0}, {"embedding": 0}, {"symbols": 1.5}])
def test_a_configuration_says_what_it_needs(settings):
    with pytest.raises((TypeError, ValueError), match=r"at least 1|whole number"):
        RewriterConfig(**settings)


@pytest.mark.parametrize(
    ("string", "message"),
    [
        ((), "one or more symbols"),
        ((0, 3), "symbols from 0 to 2"),
        ((0, -1), "symbols from 0 to 2"),
        ((0.5, 1.0), "whole-number symbols"),
        (((0, 1), (1, 0)), "shape"),
    ],
)
def test_strings_are_checked(string, message):
    net = network("location")
    with pytest.raises((TypeError, ValueError), match=message):
        net.rewrite([string])
    with pytest.raises((TypeError, ValueError), match=message):
        net.log_likelihood(string, (0,))
    if len(string):
        with pytest.raises((TypeError, ValueError), match=message):
            net.log_likelihood((0,), string)


def test_nothing_to_rewrite():
    with pytest.raises(ValueError, match="one or more strings"):
        network("location").rewrite([])
    with pytest.raises(ValueError, match="one or more pairs"):
        rewriting([], 3)
    with pytest.raises(ValueError, match="most of at least 1"):
        network("location").rewrite([(0,)], most=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shortest": 5, "longest": 4}, "longest of at least shortest = 5"),
        ({"shortest": 0}, "shortest of at least 1"),
        ({"size": 0}, "size of at least 1"),
    ],
)
def test_reversals_say_what_they_need(settings, message):
    with pytest.raises(ValueError, match=message):
        reversals(10, **{"shortest": 2, "longest": 5, "size": 3, "seed": 1, **settings})
