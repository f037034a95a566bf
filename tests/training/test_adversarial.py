"""The loop for games: turns, means of weights, resuming bit for bit, and bad input."""

import math
from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch

from course_lib.core import Batch
from course_lib.models.adversarial.hifigan import MelVocoderConfig, VocoderGame
from course_lib.models.adversarial.points import PointGame, PointGameConfig, point_batches, ring
from course_lib.models.waveform.recurrent import RecurrentNetwork
from course_lib.training import AdversarialRun, AdversarialSchedule, Run, adversarial_steps, run_of
from course_lib.training.checkpoints import load_run, save_run

SCHEDULE = AdversarialSchedule(6, 1e-2, warmup=1, averaging=0.8)
BATCHES = point_batches(ring(), spread=0.1, size=8, seed=1)


def begin(schedule=SCHEDULE, **settings) -> AdversarialRun:
    return AdversarialRun(PointGame(PointGameConfig(width=8, **settings), seed=1), schedule)


@pytest.mark.parametrize("stop", [1, 3, 5])
@pytest.mark.parametrize("settings", [{}, {"spectral": True}, {"penalty": 1.0}])
def test_a_resumed_game_is_the_uninterrupted_one_bit_for_bit(tmp_path, stop, settings):
    whole = begin(**settings)
    expected = list(whole.steps(BATCHES))
    first = begin(**settings)
    for step in first.steps(BATCHES):
        if step.index + 1 == stop:
            break
    save_run(tmp_path / "run", first)
    second = begin(**settings)
    load_run(tmp_path / "run", second)
    rest = list(second.steps(BATCHES))
    assert [step.loss for step in rest] == [step.loss for step in expected[stop:]]
    tiny.assert_same(tiny.weights(second.model), tiny.weights(whole.model))


def test_a_turn_moves_one_player_only():
    run = begin()
    for player, other, loss in (
        (run.model.discriminator, run.model.generator, run.model.discriminator_loss),
        (run.model.generator, run.model.discriminator, run.model.generator_loss),
    ):
        own, still = tiny.weights(player), tiny.weights(other)
        run._turn(player, loss(BATCHES(0)))
        assert all((own[name] != now).any() for name, now in tiny.weights(player).items())
        tiny.assert_same(tiny.weights(other), still)


def test_the_first_step_is_algorithm_1():
    """Two plain optimizers, by hand: k turns of the discriminator, then one of the generator."""
    schedule = replace(SCHEDULE, turns=2, discriminator_rate=0.5, clip_norm=math.inf, warmup=0)
    run, hand = begin(schedule), begin(schedule).model
    step = next(run.steps(BATCHES))
    options = {"betas": schedule.betas, "weight_decay": schedule.weight_decay}
    judge = torch.optim.AdamW(hand.discriminator.parameters(), lr=0.5e-2, **options)
    maker = torch.optim.AdamW(hand.generator.parameters(), lr=1e-2, **options)
    losses = []
    for turn in range(2):
        judge.zero_grad()
        loss = hand.discriminator_loss(BATCHES(turn))
        loss.backward()
        judge.step()
        losses.append(loss.item())
    maker.zero_grad()
    loss = hand.generator_loss(BATCHES(1))
    loss.backward()
    maker.step()
    assert step.loss == pytest.approx(loss.item())
    assert step.discriminator_loss == pytest.approx(np.mean(losses))
    for player in ("generator", "discriminator"):
        both = [list(getattr(each, player).parameters()) for each in (run.model, hand)]
        for ours, theirs in zip(*both, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


def test_kept_weights_are_running_means():
    run = begin(replace(SCHEDULE, averaging=0.5, steps=4))
    kept = next(run.model.kept.parameters()).clone()
    for i, _ in enumerate(run.steps(BATCHES)):
        memory = min(0.5, i / (i + 10))
        kept = memory * kept + (1 - memory) * next(run.model.generator.parameters()).detach()
        torch.testing.assert_close(next(run.model.kept.parameters()), kept)
    none = begin(replace(SCHEDULE, averaging=0.0))
    next(none.steps(BATCHES))
    tiny.assert_same(
        {k: v.detach().numpy() for k, v in none.model.kept.named_parameters()},
        tiny.weights(none.model.generator),
    )


def test_a_generator_may_learn_alone_at_first():
    game = VocoderGame(MelVocoderConfig(width=8, blocks=1, judges=(2, 3)), seed=1)
    generator = torch.Generator().manual_seed(1)
    batch = Batch(
        0.1 * torch.randn(1600, 1, generator=generator),
        mel=torch.randn(9, 1, 80, generator=generator) - 5,
    )
    before = tiny.weights(game.discriminator)
    steps = adversarial_steps(game, lambda index: batch, replace(SCHEDULE, alone=2))
    alone = [next(steps), next(steps)]
    assert all(math.isnan(step.discriminator_loss) for step in alone)
    tiny.assert_same(tiny.weights(game.discriminator), before)
    assert math.isfinite(next(steps).discriminator_loss)


def test_what_is_no_game_is_refused():
    with pytest.raises(TypeError, match="game of a generator and a discriminator, got Recurrent"):
        AdversarialRun(RecurrentNetwork(tiny.LSTM), SCHEDULE)
    with pytest.raises(TypeError, match="need an AdversarialSchedule, got Schedule"):
        AdversarialRun(begin().model, tiny.SCHEDULE)
    with pytest.raises(TypeError, match=r"alone_loss for 2 steps alone, got PointGame"):
        begin(replace(SCHEDULE, alone=2))
    with pytest.raises(ValueError, match="one process for a game"):
        AdversarialRun(begin().model, SCHEDULE, team=object())
    with pytest.raises(TypeError, match="need a network with a loss, got PointGame"):
        Run(begin().model, SCHEDULE)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"turns": 0}, "turns of at least 1"),
        ({"alone": -1}, "alone of at least 0"),
        ({"discriminator_rate": 0.0}, "discriminator_rate strictly"),
        ({"betas": (0.5,)}, "need two betas"),
        ({"betas": (0.5, 1.0)}, "need betas of 0 or more and below 1"),
        ({"averaging": 1.0}, "averaging of 0 or more and below 1"),
        ({"warmup": 6}, "warmup shorter"),
    ],
)
def test_bad_schedules_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        replace(SCHEDULE, **settings)


def test_a_loss_that_is_not_finite_stops_the_game_before_the_weights_change():
    run = begin()
    before = tiny.weights(run.model)

    def broken(index):
        batch = BATCHES(index)
        return replace(batch, sounds=batch.sounds * math.nan)

    with pytest.raises(FloatingPointError, match="step 0"):
        next(run.steps(broken))
    tiny.assert_same(tiny.weights(run.model), before)


def test_the_kind_of_run_follows_from_the_network():
    assert isinstance(run_of(begin().model, SCHEDULE), AdversarialRun)
    assert type(run_of(RecurrentNetwork(tiny.LSTM), tiny.SCHEDULE)) is Run
