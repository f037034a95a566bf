"""Attention: weights are weights, masks hold, and the formulas are the papers'."""

import math

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.models.sequence.attention import (
    AdditiveAttention,
    attention_weights,
    dot_product_attention,
    guided_penalty,
)


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


# ----------------------------------------------------------------- softmax


@given(
    hnp.arrays(np.float32, (3, 7), elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False)),
    st.lists(st.integers(1, 7), min_size=3, max_size=3),
)
def test_weights_sum_to_one_and_masked_tokens_get_none(energies, counts):
    mask = torch.arange(7) < torch.tensor(counts)[:, None]
    weights = attention_weights(torch.from_numpy(energies), mask)
    assert (weights >= 0).all()
    assert (weights[~mask] == 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(3), rtol=0, atol=1e-5)
    for row, energy, count in zip(weights, energies.astype(np.float64), counts, strict=True):
        expected = np.exp(energy[:count] - energy[:count].max())
        np.testing.assert_allclose(row[:count], expected / expected.sum(), atol=1e-6)


def test_without_a_mask_every_token_counts():
    torch.testing.assert_close(attention_weights(torch.zeros(2, 4)), torch.full((2, 4), 0.25))


def test_weights_keep_the_energies_precision():
    assert attention_weights(torch.zeros(1, 2, dtype=torch.bfloat16)).dtype is torch.bfloat16


def test_nothing_to_look_at_gives_no_numbers():
    assert attention_weights(torch.zeros(1, 2), torch.zeros(1, 2, dtype=torch.bool)).isnan().all()


# ---------------------------------------------------------------- additive


@pytest.mark.parametrize("filters", [0, 2])
def test_additive_attention_is_its_formula_in_a_loop(filters):
    torch.manual_seed(3)
    attention = AdditiveAttention(4, 6, 5, filters=filters, width=3).double()
    state, memory = random(2, 4), random(2, 7, 6, seed=1)
    so_far = random(2, 7, seed=2).abs()
    counts = [7, 4]
    mask = torch.arange(7) < torch.tensor(counts)[:, None]
    context, weights = attention(state, memory, attention.key(memory), mask, so_far)

    w = {name: p.detach().numpy() for name, p in attention.named_parameters()}
    for b, count in enumerate(counts):
        energies = []
        for j in range(count):
            inside = w["query.weight"] @ state[b].numpy() + w["query.bias"]
            inside = inside + w["key.weight"] @ memory[b, j].numpy()
            if filters:
                near = [so_far[b, i].item() if 0 <= i < 7 else 0.0 for i in (j - 1, j, j + 1)]
                inside = inside + w["place.weight"] @ (w["filters.weight"][:, 0] @ near)
            energies.append((w["energy.weight"] @ np.tanh(inside)).item())
        expected = np.exp(energies) / np.exp(energies).sum()
        np.testing.assert_allclose(weights[b, :count].detach(), expected, atol=1e-7)
        seen = sum(expected[j] * memory[b, j].numpy() for j in range(count))
        np.testing.assert_allclose(context[b].detach(), seen, atol=1e-7)
    assert (weights[1, 4:] == 0).all()


@pytest.mark.parametrize(("filters", "matters"), [(0, False), (2, True)])
def test_where_it_has_looked_matters_only_with_filters(filters, matters):
    torch.manual_seed(3)
    attention = AdditiveAttention(4, 6, 5, filters=filters, width=3).double()
    memory = random(1, 7, 6)
    keys, mask = attention.key(memory), torch.ones(1, 7, dtype=torch.bool)
    before, after = (
        attention(random(1, 4), memory, keys, mask, so_far)[1]
        for so_far in (torch.zeros(1, 7).double(), random(1, 7, seed=4).abs())
    )
    assert torch.equal(before, after) is not matters


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 6, 5), {}, "query of at least 1"),
        ((4, 6.0, 5), {}, "whole number for memory"),
        ((4, 6, 0), {}, "units of at least 1"),
        ((4, 6, 5), {"filters": -1}, "filters of at least 0"),
        ((4, 6, 5), {"filters": 2, "width": 4}, "odd width"),
    ],
)
def test_additive_attention_says_what_it_needs(arguments, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        AdditiveAttention(*arguments, **options)


# ------------------------------------------------------------- dot product


def test_dot_product_attention_equals_torchs():
    queries, keys, values = random(2, 3, 5), random(2, 7, 5, seed=1), random(2, 7, 4, seed=2)
    mask = torch.arange(7) < torch.tensor([7, 4])[:, None, None]
    ours, weights = dot_product_attention(queries.float(), keys.float(), values.float(), mask)
    theirs = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, mask)
    torch.testing.assert_close(ours.double(), theirs, rtol=0, atol=1e-6)
    assert (weights[1, :, 4:] == 0).all()


# ---------------------------------------------------------- guided penalty


def test_guided_penalty_is_its_formula_in_a_loop():
    weights = torch.softmax(random(6, 3, 5), dim=-1)
    steps, tokens = torch.tensor([6, 4, 1]), torch.tensor([5, 3, 2])
    total = 0.0
    for b, (T, N) in enumerate(zip(steps.tolist(), tokens.tolist(), strict=True)):
        one = 0.0
        for t in range(T):
            for j in range(5):
                off = 1 - math.exp(-((j / N - t / T) ** 2) / (2 * 0.3**2))
                one += weights[t, b, j].item() * off
        total += one / T
    found = guided_penalty(weights, steps, tokens, width=0.3)
    assert found.item() == pytest.approx(total / 3, abs=1e-6)


def test_a_diagonal_is_not_punished_and_a_reversed_one_is():
    counts = torch.tensor([40])
    diagonal = torch.eye(40)[:, None]
    assert guided_penalty(diagonal, counts, counts).item() == 0
    assert 0.5 < guided_penalty(diagonal.flip(0), counts, counts).item() < 1
    assert guided_penalty(diagonal.flip(0), counts, counts, width=1e-3).item() > 0.97


def test_padded_steps_are_not_punished():
    diagonal = torch.eye(10)[:, None]
    padded = torch.cat((diagonal, diagonal.flip(0)))
    assert guided_penalty(padded, torch.tensor([10]), torch.tensor([10])).item() == 0


@pytest.mark.parametrize(
    ("steps", "tokens", "options", "message"),
    [
        ([3, 3], [2], {}, "step_counts for each of 1 utterances"),
        ([3], [2, 2], {}, "token_counts for each of 1 utterances"),
        ([3], [2], {"width": 0}, "width strictly between 0"),
        ([3], [2], {"width": "wide"}, "a number for width"),
    ],
)
def test_guided_penalty_says_what_it_needs(steps, tokens, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        guided_penalty(
            torch.full((3, 1, 2), 0.5), torch.tensor(steps), torch.tensor(tokens), **options
        )


def test_attention_by_default_does_not_see_where_it_has_looked():
    """With filters and no width given, each sees 31 tokens."""
    assert AdditiveAttention(4, 6, 5).filters is None
    wide = AdditiveAttention(np.uint8(4), 6, 5, filters=2)
    assert wide.filters.weight.shape == (2, 1, 31)


def test_guided_attention_is_by_default_a_fifth_wide():
    weights, one = torch.eye(5)[:, None, :].roll(1, dims=2), torch.tensor([5])
    expected = guided_penalty(weights, one, one, width=0.2)
    assert guided_penalty(weights, one, one) == expected
    assert guided_penalty(weights, one, one, width=0.3) != expected
