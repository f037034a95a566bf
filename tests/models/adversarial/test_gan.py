"""A WaveGAN and its opponent: shapes, shuffling, augmentation, classes, and bad input."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.core import Adversarial, LabelledBatch
from course_lib.models.adversarial.gan import (
    HitGame,
    WaveDiscriminator,
    WaveGAN,
    WaveGANConfig,
    augmented,
    phase_shuffle,
)

TINY = WaveGANConfig(
    ("kick", "snare"),
    channels=(4, 4),
    judges=(2, 3),
    pictures=(2,),
    latent=3,
    kernel=5,
    length=1024,
)


def batch(count: int = 4, seed: int = 1) -> LabelledBatch:
    generator = torch.Generator().manual_seed(seed)
    sounds = 0.1 * torch.randn(count, TINY.length, generator=generator)
    return LabelledBatch(sounds, torch.arange(count) % 2, seed)


def test_each_layer_multiplies_the_rate_by_four():
    network = WaveGAN(TINY)
    sound = network(torch.randn(2, 3), torch.tensor([0, 1]))
    assert sound.shape == (2, 1024)
    assert sound.abs().max() <= 1
    big = WaveGAN(WaveGANConfig(("a",)))
    assert (big.slowest, len(big.layers)) == (16, 5)


def test_sounds_are_drawn_by_class_and_seed():
    network = WaveGAN(TINY, seed=2)
    kicks = network.sample(count=2, label="kick", rng=np.random.default_rng(1))
    assert kicks.shape == (2, 1024)
    assert kicks.dtype == np.float32
    again = network.sample(100, label="kick", rng=np.random.default_rng(1))
    np.testing.assert_array_equal(again[0], kicks[0, :100])
    snares = network.sample(count=2, label="snare", rng=np.random.default_rng(1))
    assert (kicks != snares).any()
    some = network.sample(count=20, rng=np.random.default_rng(1))
    assert len({row.tobytes() for row in some}) == 20


def test_bad_requests_are_named():
    network, rng = WaveGAN(TINY), np.random.default_rng(1)
    with pytest.raises(ValueError, match="no class is called 'kik'; there are 'kick'"):
        network.sample(label="kik", rng=rng)
    with pytest.raises(ValueError, match=r"length of at most 1024 samples, which is 0.064 s"):
        network.sample(1025, rng=rng)
    with pytest.raises(ValueError, match=r"need 3 numbers, got shape \(2,\)"):
        network.made(np.zeros(2), 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"classes": ("a", "a")}, "one or more different classes"),
        ({"classes": "kick"}, "one or more different classes"),
        ({"channels": ()}, "need channels of at least one layer"),
        ({"judges": (0,)}, "judges of at least 1"),
        ({"kernel": 24}, "odd kernel longer than 4, got 24"),
        ({"kernel": 3}, "odd kernel"),
        ({"game": "chess"}, "game out of"),
        ({"length": 1000}, "multiple of 16 samples and at least 512, got 1000"),
        ({"length": 256}, "multiple of 16 samples and at least 512, got 256"),
        ({"shuffle": -1}, "shuffle of at least 0"),
    ],
)
def test_bad_settings_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        replace(TINY, **settings)


# ------------------------------------------------------------------ phase shuffle


def test_a_shuffle_moves_and_mirrors():
    h = torch.arange(5.0).view(1, 1, 5)
    right = phase_shuffle(h, torch.tensor([2]))
    assert right.flatten().tolist() == [2, 1, 0, 1, 2]
    left = phase_shuffle(h, torch.tensor([-1]))
    assert left.flatten().tolist() == [1, 2, 3, 4, 3]
    assert torch.equal(phase_shuffle(h, torch.tensor([0])), h)


def test_a_shuffle_keeps_length_and_range_and_moves_all_channels_alike():
    torch.manual_seed(1)
    h = torch.randn(6, 3, 40)
    shifts = torch.tensor([-2, -1, 0, 1, 2, 39])
    moved = phase_shuffle(h, shifts)
    assert moved.shape == h.shape
    assert (moved.amin(dim=2) >= h.amin(dim=2)).all()
    assert (moved.amax(dim=2) <= h.amax(dim=2)).all()
    for row, shift in zip(range(6), shifts.tolist(), strict=True):
        for channel in range(3):
            alone = phase_shuffle(h[row : row + 1, channel : channel + 1], torch.tensor([shift]))
            assert torch.equal(alone[0, 0], moved[row, channel])


def test_a_shift_as_long_as_the_sound_is_refused():
    for shifts in ([5], [-5], [1, 1]):
        with pytest.raises(ValueError, match="need a shift below 5"):
            phase_shuffle(torch.zeros(1, 1, 5), torch.tensor(shifts))


# ------------------------------------------------------------------ augmentation


def test_augmentation_moves_scales_and_turns_over():
    x = torch.zeros(200, 1000)
    x[:, 500] = 1.0
    changed = augmented(x, torch.Generator().manual_seed(1), latest=100)
    places = changed.abs().argmax(dim=1)
    gains = changed.gather(1, places[:, None])[:, 0]
    assert (places - 500).abs().max() <= 100
    assert len(places.unique()) > 50
    assert 10 ** (-6 / 20) - 1e-6 <= gains.abs().min() < 0.55
    assert 1.8 < gains.abs().max() <= 10 ** (6 / 20) + 1e-6
    assert 60 < (gains > 0).sum() < 140
    assert (changed != 0).sum() == 200  # nothing wraps around, nothing is smeared


def test_slopes_run_through_the_augmentation():
    x = torch.randn(3, 50, requires_grad=True)
    changed = augmented(x, torch.Generator().manual_seed(1), latest=5)
    (slope,) = torch.autograd.grad(changed.sum(), x)
    assert (slope != 0).any(dim=1).all()
    changes = slope.abs().amax(dim=1)  # the gain of each sound, and nothing else
    torch.testing.assert_close(slope.abs(), changes[:, None] * (slope != 0))


# ------------------------------------------------------------------ the opponent


def test_the_discriminator_hears_the_class():
    judge = WaveDiscriminator(TINY).eval()
    x = 0.1 * torch.randn(3, 1024)
    one, other = (judge(x, torch.full((3,), label)) for label in (0, 1))
    assert one.shape == (3, 2)
    assert (one != other).all()


def test_the_discriminator_sees_each_sound_alone():
    judge = WaveDiscriminator(TINY).eval()
    x, label = 0.1 * torch.randn(3, 1024), torch.tensor([0, 1, 1])
    torch.testing.assert_close(judge(x, label)[1:2], judge(x[1:2], label[1:2]))


def test_a_shuffle_changes_its_answer_and_a_seed_decides_it():
    judge = WaveDiscriminator(TINY).eval()
    x, label = 0.1 * torch.randn(3, 1024), torch.tensor([0, 1, 1])
    shuffled = [judge(x, label, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(shuffled[0], shuffled[1])
    assert not torch.equal(shuffled[0][:, 0], shuffled[2][:, 0])
    assert torch.equal(shuffled[0][:, 1], judge(x, label)[:, 1])  # the picture is not shuffled


def test_silence_has_finite_answers_and_slopes():
    game = HitGame(TINY, seed=1)
    silent = LabelledBatch(torch.zeros(2, 1024), torch.tensor([0, 1]), 1)
    loss = game.discriminator_loss(silent)
    slopes = torch.autograd.grad(loss, list(game.discriminator.parameters()))
    assert all(torch.isfinite(slope).all() for slope in slopes)


# ------------------------------------------------------------------ the game


def test_a_game_is_one_and_its_losses_depend_on_the_seed():
    game = HitGame(TINY, seed=1).eval()
    assert isinstance(game, Adversarial)
    for loss in (game.discriminator_loss, game.generator_loss):
        assert float(loss(batch()).detach()) == float(loss(batch()).detach())
        other = LabelledBatch(batch().sounds, batch().labels, 2)
        assert float(loss(batch()).detach()) != float(loss(other).detach())


def test_each_loss_has_slopes_for_its_own_player():
    game = HitGame(TINY, seed=1)
    loss = game.discriminator_loss(batch())
    assert torch.autograd.grad(loss, list(game.discriminator.parameters()))
    weights = list(game.generator.parameters())
    slopes = torch.autograd.grad(game.generator_loss(batch()), weights)
    assert all((slope != 0).any() for slope in slopes)
    with pytest.raises(RuntimeError):  # real against made teaches the generator nothing
        torch.autograd.grad(game.discriminator_loss(batch()), weights)


def test_other_sounds_and_labels_are_refused():
    game = HitGame(TINY)
    with pytest.raises(ValueError, match="need sounds of 1024 samples, got 512"):
        game.discriminator_loss(LabelledBatch(torch.zeros(2, 512), torch.tensor([0, 1])))
    with pytest.raises(ValueError, match="labels from 0 to 1"):
        game.generator_loss(LabelledBatch(torch.zeros(2, 1024), torch.tensor([0, 2])))
