"""The loop: the schedule's values, what decays, clipping, and a loss that is no number."""

import math

import numpy as np
import pytest
import tiny
import torch

from course_lib.core import Batch
from course_lib.models.waveform.recurrent import RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.training import Run, Schedule, best_device, crops, streams, training_steps


class Line(torch.nn.Module):
    """The smallest network: a matrix and a bias, with a loss whose gradient we know."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2, 2))
        self.some_bias = torch.nn.Parameter(torch.ones(2, 2))
        self.vector = torch.nn.Parameter(torch.ones(2))
        self.scale = 0.0

    def loss(self, batch, carry=None):
        return self.scale * sum(p.sum() for p in self.parameters()), None


def nothing(index: int) -> Batch:
    return Batch(torch.zeros(1, 1))


def test_the_rate_climbs_then_falls_as_half_a_cosine():
    schedule = Schedule(steps=110, learning_rate=0.1, warmup=10)
    rates = [schedule.rate(index) for index in range(110)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 100)
    assert rates[10] == 0.1
    assert rates[60] == pytest.approx(0.05)
    assert 0 < rates[109] < 1e-4
    assert np.all(np.diff(rates[10:]) < 0)
    assert Schedule(steps=1, warmup=0).rate(0) == 2e-3


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"steps": 0}, ValueError, "steps of at least 1"),
        ({"steps": 1.5}, TypeError, "whole number for steps"),
        ({"steps": 100}, ValueError, "warmup shorter than the run of 100 steps, got 100"),
        ({"warmup": -1}, ValueError, "warmup of at least 0"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate"),
        ({"weight_decay": -0.1}, ValueError, "weight_decay of 0 or more"),
        ({"weight_decay": math.inf}, ValueError, "weight_decay"),
        ({"clip_norm": 0.0}, ValueError, "clip_norm above 0"),
        ({"clip_norm": math.nan}, ValueError, "clip_norm above 0"),
    ],
)
def test_schedules_that_will_not_do(settings, error, said):
    with pytest.raises(error, match=said):
        Schedule(**{"steps": 1000, **settings})


def test_matrices_decay_and_what_is_called_a_bias_does_not():
    line = Line()
    schedule = Schedule(steps=1, learning_rate=0.1, warmup=0, weight_decay=0.5)
    list(training_steps(line, nothing, schedule))
    torch.testing.assert_close(line.weight.data, torch.full((2, 2), 1 - 0.1 * 0.5))
    assert (line.some_bias == 1).all()
    assert (line.vector == 1).all()
    line.scale = 1.0
    before = tiny.weights(line)
    list(training_steps(line, nothing, schedule))
    for name, value in tiny.weights(line).items():
        assert (value < before[name]).all(), name  # all of them learn


def test_the_norm_is_told_before_clipping_and_infinity_never_clips():
    for clip_norm, length in ((1.0, 1.0), (math.inf, 3 * math.sqrt(10))):
        line = Line()
        line.scale = 3.0
        schedule = Schedule(steps=1, warmup=0, clip_norm=clip_norm)
        (step,) = training_steps(line, nothing, schedule)
        assert step.gradient_norm == pytest.approx(3 * math.sqrt(10), rel=1e-5)
        clipped = math.sqrt(sum(float((p.grad**2).sum()) for p in line.parameters()))
        assert clipped == pytest.approx(length, rel=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_run_and_spares_the_weights(bad):
    line = Line()
    run = Run(line, Schedule(steps=5, warmup=0))
    steps = run.steps(nothing)
    next(steps)
    before = tiny.weights(line)
    line.scale = bad
    with pytest.raises(FloatingPointError, match=f"loss of step 1 is {bad}.*lower the learning"):
        next(steps)
    tiny.assert_same(before, tiny.weights(line))
    assert run.done == 1


@pytest.mark.parametrize("kind", ["wavenet", "gru", "lstm"])
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_networks_learn(kind, precision):
    schedule = Schedule(steps=60, learning_rate=0.02, warmup=5, precision=precision)
    saw = [np.arange(400) % 16, np.arange(300) % 16]  # the next code is certain
    if kind == "wavenet":
        network = WaveNet(tiny.WAVENET)
        batches = crops(saw, length=64, context=network.receptive_field, size=4, seed=1)
    else:
        network = RecurrentNetwork(tiny.RECURRENT if kind == "gru" else tiny.LSTM)
        batches = streams(saw, length=40, size=4, seed=1, gap=10)
    steps = list(training_steps(network, batches, schedule))
    assert [step.index for step in steps] == list(range(60))
    assert [step.learning_rate for step in steps] == [schedule.rate(i) for i in range(60)]
    assert steps[0].loss == pytest.approx(math.log(16), rel=0.2)
    assert np.mean([step.loss for step in steps[-10:]]) < 0.75 * steps[0].loss
    assert steps[0].seconds < steps[-1].seconds


def test_the_carry_goes_on_unless_a_batch_is_fresh():
    heard = []

    class Listening(Line):
        def loss(self, batch, carry=None):
            heard.append(carry)
            return super().loss(batch)[0], torch.tensor(len(heard))

    list(training_steps(Listening(), nothing, Schedule(steps=3, warmup=0)))
    assert heard == [None, 1, 2]


def test_what_cannot_be_trained():
    class Empty(torch.nn.Module):
        def loss(self, batch, carry=None):
            return torch.zeros(()), None

    with pytest.raises(TypeError, match="network with a loss, got Linear"):
        training_steps(torch.nn.Linear(1, 1), nothing, Schedule(steps=1, warmup=0))
    with pytest.raises(ValueError, match="network with weights"):
        training_steps(Empty(), nothing, Schedule(steps=1, warmup=0))


def test_the_device_is_one_that_computes():
    assert torch.ones(2, device=best_device()).sum() == 2


def test_a_restart_leads_from_half_the_peak_to_zero_once_more():
    once, twice = Schedule(60, 1e-2, warmup=10), Schedule(100, 1e-2, warmup=10, restart=60)
    assert [twice.rate(i) for i in range(60)] == [once.rate(i) for i in range(60)]
    assert twice.rate(60) == 5e-3
    assert twice.rate(80) == pytest.approx(2.5e-3)
    assert twice.rate(99) < 1e-5


@pytest.mark.parametrize("restart", [0, 10, 60, 61])
def test_a_restart_lies_between_warm_up_and_end(restart):
    with pytest.raises(ValueError, match="need a restart between step 10 and 60"):
        Schedule(60, 1e-2, warmup=10, restart=restart)
