"""DiffWave: a layer by hand, both directions of time, and each item for itself."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from course_lib.models.diffusion.diffwave import DiffWave, DiffWaveConfig, Layer

SMALL = DiffWaveConfig(channels=6, dilations=(1, 2, 4), patch=2, condition=5)
ANY = 3
LEVELS, LABELS = torch.tensor([-0.7, 0.3, 0.1], dtype=torch.float64), torch.tensor([0, 2, ANY])


def network(**changes):
    """A small network with weights far from their beginning, so that everything matters."""
    torch.manual_seed(0)
    net = DiffWave(replace(SMALL, **changes), classes=3).double()
    with torch.no_grad():
        for p in net.parameters():
            p += 0.3 * torch.randn(p.shape, dtype=p.dtype)
    return net


def noise(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ------------------------------------------------------------------ by hand


@pytest.mark.parametrize("dilation", [1, 3, 20])
def test_a_layer_is_the_equations(dilation):
    """x <- (x + V z) / sqrt(2) and U z, z = tanh(h_1) sigmoid(h_2), h = conv(x + W e)."""
    torch.manual_seed(0)
    layer = Layer(SMALL, dilation).double()
    x, condition = noise(2, 6, 16), noise(2, 5, seed=2)
    heard = x + F.linear(condition, layer.condition.weight, layer.condition.bias)[:, :, None]
    h = F.conv1d(heard, layer.look.weight, layer.look.bias, padding=dilation, dilation=dilation)
    z = torch.tanh(h[:, :6]) * torch.sigmoid(h[:, 6:])
    v, u = layer.mix.weight[:6], layer.mix.weight[6:]
    expected = (x + F.conv1d(z, v, layer.mix.bias[:6])) / math.sqrt(2)
    skipped = F.conv1d(z, u, layer.mix.bias[6:])
    torch.testing.assert_close(layer(x, condition), (expected, skipped), rtol=0, atol=1e-12)


def test_the_network_is_its_layers():
    """Patches in, layers one after the other, the sum of what leaves them, patches out."""
    net, x = network(), noise(3, 20)
    condition = net.condition(LEVELS, LABELS)
    patches = torch.stack([x[:, 0::2], x[:, 1::2]], dim=1)  # (B, patch, T / patch)
    h = F.silu(F.conv1d(patches, net.enter.weight, net.enter.bias))
    total = torch.zeros_like(h)
    for layer in net.layers:
        h, skip = layer(h, condition)
        total += skip
    first, _, second = net.leave
    out = F.conv1d(total / math.sqrt(3), first.weight, first.bias)
    out = F.conv1d(F.silu(out), second.weight, second.bias)
    expected = torch.zeros_like(x)
    expected[:, 0::2], expected[:, 1::2] = out[:, 0], out[:, 1]
    torch.testing.assert_close(net(x, LEVELS, LABELS), expected, rtol=0, atol=1e-12)


# ------------------------------------------------------------------ what it hears


@pytest.mark.parametrize("patch", [1, 2, 5])
@pytest.mark.parametrize("places", [1, 9])
def test_the_answer_has_the_shape_of_the_question(patch, places):
    x = noise(3, places * patch)
    answer = network(patch=patch)(x, LEVELS, LABELS)
    assert answer.shape == x.shape
    assert answer.isfinite().all()


def test_an_untrained_network_says_zero():
    answer = DiffWave(SMALL, classes=3)(noise(3, 20).float(), LEVELS.float(), LABELS)
    torch.testing.assert_close(answer, torch.zeros(3, 20), rtol=0, atol=0)


def test_it_looks_both_ways_and_as_far_as_its_dilations():
    net, x = network(patch=1), noise(1, 41)
    level, label = torch.zeros(1, dtype=torch.float64), torch.tensor([0])
    changed = x.clone()
    changed[0, 20] += 1
    difference = (net(changed, level, label) - net(x, level, label))[0].abs()
    heard = (difference > 1e-12).nonzero()
    assert (int(heard[0]), int(heard[-1])) == (20 - 7, 20 + 7)  # 1 + 2 + 4 either way


def test_level_and_label_matter():
    net, x = network(), noise(1, 20)
    level = torch.zeros(1, dtype=torch.float64)
    answers = [net(x, level, torch.tensor([label])) for label in range(4)]
    answers += [net(x, level + 0.1, torch.tensor([0]))]
    for i, one in enumerate(answers):
        for other in answers[i + 1 :]:
            assert (one - other).abs().max() > 1e-3


def test_each_item_is_independent_of_the_others():
    net, x = network(), noise(3, 20)
    together = net(x, LEVELS, LABELS)
    alone = [net(x[i : i + 1], LEVELS[i : i + 1], LABELS[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-12)
    assert (together[0] - together[1]).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"channels": 0}, ValueError, "need channels of at least 1, got 0"),
        ({"channels": 6.5}, TypeError, "whole number for channels"),
        ({"dilations": ()}, ValueError, "at least one layer"),
        ({"dilations": (1, 0)}, ValueError, "need dilation of at least 1, got 0"),
        ({"patch": -2}, ValueError, "need patch of at least 1"),
        ({"condition": 0}, ValueError, "need condition of at least 1"),
    ],
)
def test_configurations_that_will_not_do(changes, error, said):
    with pytest.raises(error, match=said):
        replace(SMALL, **changes)
