"""The U-Net: its shapes, what it is condition, where it looks, and each item for itself."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from course_lib.models.diffusion.unet import Block, Condition, UNet, UNetConfig, zeroed

SMALL = UNetConfig(bands=16, channels=(8, 16), blocks=1, condition=8)
ANY = 3


def network(config=SMALL, **changes):
    """A small network with weights far from their beginning, so that everything matters."""
    torch.manual_seed(0)
    net = UNet(replace(config, **changes), classes=3).double()
    with torch.no_grad():
        for p in net.parameters():
            p += 0.2 * torch.randn(p.shape, dtype=p.dtype)
    return net


def table(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


LEVELS, LABELS = torch.tensor([-0.7, 0.3, 0.1], dtype=torch.float64), torch.tensor([0, 2, ANY])


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, channels=(8,), patch=1, bands=3),
        replace(SMALL, channels=(16, 8, 24), blocks=2),
        replace(SMALL, patch=4),
    ],
    ids=str,
)
@pytest.mark.parametrize("cells", [1, 3])
def test_the_answer_has_the_shape_of_the_question(config, cells):
    x = table(3, cells * config.coarsest, config.bands)
    answer = network(config)(x, LEVELS, LABELS)
    assert answer.shape == x.shape
    assert answer.isfinite().all()


def test_an_untrained_network_says_zero():
    net = UNet(SMALL, classes=3)
    answer = net(table(3, 8, 16).float(), LEVELS.float(), LABELS)
    torch.testing.assert_close(answer, torch.zeros(3, 8, 16), rtol=0, atol=0)


def test_its_first_step_of_learning_reaches_every_part_within_three():
    """What begins at zero must not stay there: after three steps no weight is where it was."""
    torch.manual_seed(0)
    net = UNet(SMALL, classes=3)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    x, labels = table(4, 8, 16).float(), torch.arange(4)
    for _ in range(3):
        optimizer.zero_grad()
        (net(x, torch.linspace(-1, 1, 4), labels) - x).square().mean().backward()
        optimizer.step()
    assert [name for name, p in net.named_parameters() if torch.equal(p, before[name])] == []


def test_level_and_label_matter():
    net, x = network(), table(1, 8, 16)
    level = torch.zeros(1, dtype=torch.float64)
    answers = [net(x, level, torch.tensor([label])) for label in range(4)]
    answers += [net(x, level + 0.1, torch.tensor([0]))]
    for i, one in enumerate(answers):
        for other in answers[i + 1 :]:
            assert (one - other).abs().max() > 1e-3


def test_each_item_is_independent_of_the_others():
    net, x = network(), table(3, 8, 16)
    together = net(x, LEVELS, LABELS)
    alone = [net(x[i : i + 1], LEVELS[i : i + 1], LABELS[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-12)
    assert (together[0] - together[1]).abs().max() > 1e-3


def test_far_cells_are_heard_and_bands_have_their_place():
    net, x = network(), table(1, 8, 16)
    level, label = torch.zeros(1, dtype=torch.float64), torch.tensor([0])
    changed = x.clone()
    changed[0, -1, -1] += 1
    difference = (net(changed, level, label) - net(x, level, label))[0].abs()
    assert difference[0, 0] > 1e-9
    upside_down = net(torch.zeros_like(x), level, label)
    assert (upside_down[:, :, :8] - upside_down[:, :, 8:]).abs().max() > 1e-3


def test_levels_are_wired_as_drawn():
    """Down: means of 2 x 2 cells. Up: cells repeated, beside what the way down had there."""
    net = network(replace(SMALL, channels=(8, 16, 24), bands=16))
    inputs, outputs = {}, {}
    for way in (net.down, net.up):
        for i, level in enumerate(way):
            level.register_forward_hook(
                lambda _, given, result, key=(way is net.up, i): (
                    inputs.update({key: given[0]}),
                    outputs.update({key: result}),
                    None,
                )[-1]
            )
    net(table(3, 8, 16), LEVELS, LABELS)
    down, up = ([outputs[side, i] for i in range(3)] for side in (False, True))
    for i in (1, 2):
        means = down[i - 1].unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).mean((3, 5))
        torch.testing.assert_close(inputs[False, i], means, rtol=0, atol=1e-12)
        repeated = up[i - 1].repeat_interleave(2, 2).repeat_interleave(2, 3)
        beside = torch.cat([repeated, down[2 - i]], dim=1)
        torch.testing.assert_close(inputs[True, i], beside, rtol=0, atol=0)
    middle = net.middle(down[2], net.condition(LEVELS, LABELS))
    beside = torch.cat([middle, down[2]], dim=1)
    torch.testing.assert_close(inputs[True, 0], beside, rtol=0, atol=1e-12)


@pytest.mark.parametrize("after", [8, 16])
def test_a_block_is_the_equations(after):
    torch.manual_seed(0)
    block, x, condition = Block(8, after, 5).double(), table(2, 8, 4, 6), table(2, 5, seed=2)
    with torch.no_grad():
        for p in block.parameters():
            p += 0.2 * torch.randn(p.shape, dtype=p.dtype)
    norm, _, conv = block.first
    h = F.silu(F.group_norm(x, 8, norm.weight, norm.bias))
    h = F.conv2d(h, conv.weight, conv.bias, padding=1)
    h = F.group_norm(h, 8, block.norm.weight, block.norm.bias)
    changes = F.linear(condition, block.condition.weight, block.condition.bias)
    h = h * (1 + changes[:, :after, None, None]) + changes[:, after:, None, None]
    h = F.conv2d(F.silu(h), block.second.weight, block.second.bias, padding=1)
    same = after == 8
    around = x if same else F.conv2d(x, block.around.weight, block.around.bias)
    torch.testing.assert_close(block(x, condition), around + h, rtol=0, atol=1e-12)


def test_what_it_is_told_by_hand():
    torch.manual_seed(0)
    condition = Condition(3, 5).double()
    level = torch.tensor([0.3], dtype=torch.float64)
    frequencies = [100 ** (i / 31) for i in range(32)]
    waves = [math.sin(0.3 * f) for f in frequencies] + [math.cos(0.3 * f) for f in frequencies]
    first, _, second = condition.level
    hidden = first.weight @ torch.tensor(waves, dtype=torch.float64) + first.bias
    summed = second.weight @ (hidden * hidden.sigmoid()) + second.bias + condition.label.weight[2]
    expected = summed * summed.sigmoid()
    torch.testing.assert_close(condition(level, torch.tensor([2]))[0], expected, rtol=0, atol=1e-5)


def test_zeroed_layers_say_zero():
    layer = zeroed(torch.nn.Conv1d(2, 3, 1))
    assert not layer(torch.ones(1, 2, 4)).any()
    assert not zeroed(torch.nn.Conv1d(2, 3, 1, bias=False))(torch.ones(1, 2, 4)).any()


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"bands": 0}, ValueError, "need bands of at least 1, got 0"),
        ({"bands": 16.0}, TypeError, "whole number for bands"),
        ({"bands": 18}, ValueError, "multiple of 4 for a patch of 2 and 2 resolutions, got 18"),
        ({"patch": 3}, ValueError, "multiple of 6"),
        ({"patch": 0}, ValueError, "need patch of at least 1"),
        ({"blocks": 0}, ValueError, "need blocks of at least 1"),
        ({"condition": -1}, ValueError, "need condition of at least 1"),
        ({"channels": ()}, ValueError, "at least one resolution"),
        ({"channels": (8, 12)}, ValueError, "multiples of 8, got 12"),
        ({"channels": (8, 0)}, ValueError, "need channels of at least 1"),
    ],
)
def test_configurations_that_will_not_do(changes, error, said):
    with pytest.raises(error, match=said):
        replace(SMALL, **changes)
