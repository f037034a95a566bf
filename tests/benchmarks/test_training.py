"""The `training` group: that both sides compute the same, and that a trial is what it says."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.benchmarks import training
from course_lib.benchmarks.training import (
    SMALL,
    TRIALS,
    Averaged,
    Constant,
    Convolutions,
    Trial,
    orthogonal,
    stepped,
    stored,
    trained_row,
)
from course_lib.core import Batch
from course_lib.evaluation.intervals import Interval, over_runs
from course_lib.models.sequence import Talker, TalkerConfig, TransformerConfig, frames_of, pairs
from course_lib.models.waveform import RecurrentNetwork, WaveNet, WaveNetConfig
from course_lib.training import Run
from course_lib.zoo.exams.speech import score
from course_lib.zoo.sentences import read_from_recordings


def test_convolutions_have_the_losses_and_gradients_of_our_wavenet():
    network = WaveNet(WaveNetConfig((1, 2, 4), channels=4, levels=16), seed=1).double()
    peer = Convolutions(network).double()
    inputs = torch.randint(16, (30, 2), generator=torch.Generator().manual_seed(1))
    ours = stepped(network, lambda: network.loss(Batch(inputs))[0])
    theirs = stepped(peer, lambda: peer.loss(inputs))
    assert ours == pytest.approx(theirs, rel=1e-9)
    for layer, dilated in enumerate(peer.dilated):
        gradient = dilated.weight.grad.permute(2, 1, 0).flatten(0, 1)
        torch.testing.assert_close(network.taps.grad[layer], gradient, rtol=1e-6, atol=1e-9)


def test_torchs_attention_has_the_losses_and_gradients_of_our_transformer():
    core = TransformerConfig(width=8, heads=2, hidden=8, encoder_layers=2, decoder_layers=2)
    config = TalkerConfig(("one", "two"), core, prenet=8)
    ours, theirs = Talker(config, seed=1), Talker(config, seed=1)
    theirs.core = training.TorchTransformer(ours.core)
    words = [("one",), ("two", "one")]
    batch = pairs([(ours.tokens(w), frames_of(read_from_recordings(w))) for w in words], seed=3)
    losses = [stepped(talker, lambda t=talker: t.loss(batch)[0]) for talker in (ours, theirs)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    gradients = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name].grad, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("shape", [(6, 3), (3, 6), (5, 5)])
def test_muons_matrices_have_singular_values_near_one(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    found = orthogonal(matrix)
    values = torch.linalg.svdvals(found)
    assert 0.5 < values.min() <= values.max() < 1.3
    assert (found * (u @ v)).sum() / min(shape) > 0.6  # as the nearest orthogonal one points


@pytest.fixture
def few(monkeypatch):
    """Forty prompts to learn from."""
    clips = training._clips()[:40]
    monkeypatch.setattr(training, "_clips", lambda: clips)
    return clips


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_every_trial_learns(trial, few):
    untrained = score(RecurrentNetwork(SMALL, seed=1), training.judged_by())
    short = replace(trial, length=32, size=4, warmup=min(trial.warmup, 2))
    assert short.trained(1, 8) < untrained
    with pytest.raises(ValueError, match="warmup"):
        replace(trial, warmup=9).begin(1, 8)


def test_trials_differ_in_what_they_say(few):
    assert len({replace(trial, name="") for trial in TRIALS}) == len(TRIALS)
    assert len({trial.name for trial in TRIALS}) == len(TRIALS)


def test_muon_changes_the_inner_matrices_and_adam_the_rest(few):
    (trial,) = (t for t in TRIALS if t.name == "Muon for the inner matrices")
    run, batches = replace(trial, length=32, size=4).begin(1, 30)
    before = {name: p.detach().clone() for name, p in run.model.named_parameters()}
    next(iter(run.steps(batches)))
    inner, *outer = run.optimizer.param_groups
    names = {id(p): name for name, p in run.model.named_parameters()}
    assert {names[id(p)] for p in inner["params"]} == {
        "core.weight_ih_l0", "core.weight_hh_l0", "hidden.weight",
    }  # fmt: skip
    assert sum(len(group["params"]) for group in outer) + 3 == len(before)
    assert all((p != before[name]).any() for name, p in run.model.named_parameters())
    rate = trial.learning_rate / trial.warmup  # of the first of the warm-up
    moved = (run.model.core.weight_hh_l0 - before["core.weight_hh_l0"]).detach()
    assert moved.square().mean().sqrt() / rate == pytest.approx(0.2, rel=0.4)


def test_a_constant_rate_stays():
    schedule = Constant(100, 0.5, warmup=10)
    assert [schedule.rate(i) for i in (0, 9, 10, 99)] == [0.05, 0.5, 0.5, 0.5]


def test_a_mean_of_the_weights_ends_in_the_model(few):
    trial = Trial("mean", length=32, size=4, warmup=1, run=Averaged)
    run, batches = trial.begin(1, 6)
    plain, _ = replace(trial, run=Run).begin(1, 6)
    path = [[p.detach().clone() for _ in plain.steps(batches) for p in [plain.model.hidden.weight]]]
    mean = path[0][0]
    for weights in path[0][1:]:
        mean = 0.98 * mean + 0.02 * weights
    for _ in run.steps(batches):
        pass
    torch.testing.assert_close(run.model.hidden.weight.detach(), mean)


def test_a_cheaper_step_is_taken_more_often(monkeypatch, few):
    monkeypatch.setattr(training, "SECONDS", 6.0)
    monkeypatch.setattr(training, "interleaved", lambda *sides: [0.1 + 0.1 * i for i, _ in
                                                                 enumerate(sides)])  # fmt: skip
    assert training.steps_in_time(TRIALS[:3]) == [60, 30, 20]


def test_rows_compare_seed_by_seed_and_come_back(monkeypatch, tmp_path):
    first, other = [5.0, 6.0, 7.0], [4.87, 5.87, 6.85]
    row = trained_row("other", other, first, 300)
    assert row.change == over_runs(np.subtract(other, first))
    assert row.met
    assert not trained_row("same", first, first, 300).met
    assert "-0.137" in row.cells()[4]
    text = json.dumps([{"group": "training", **row.as_json(), "machine": "x", "commit": None},
                       {"group": "training", "name": "a step", "ratio": 1.0}])  # fmt: skip
    (tmp_path / "training.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr(training, "data_folder", lambda: tmp_path)
    assert stored() == [row]


def test_the_stored_rows_are_of_all_trials():
    rows = stored()
    assert [row.name for row in rows] == [trial.name for trial in TRIALS]
    for row in rows:
        assert 2 <= len(row.bits) <= len(training.SEEDS)
        if len(row.bits) == len(training.SEEDS):
            assert row.change == pytest.approx(over_runs(np.subtract(row.bits, rows[0].bits)))
        assert isinstance(row.change, Interval)


def test_the_group_yields_both_kinds(monkeypatch):
    monkeypatch.setattr(training, "faster", lambda name, *sides, **settings: name)
    monkeypatch.setattr(training, "steps_in_time", lambda trials: [5] * len(trials))
    monkeypatch.setattr(Trial, "trained", lambda self, seed, steps: 5.0 + 0.1 * seed)
    step, other, *trials = training.rows()
    assert step.startswith("WaveNet, a training step of 18 layers")
    assert other.startswith("talking Transformer")
    assert [row.name for row in trials] == [trial.name for trial in TRIALS]
    assert all(row.steps == 5 for row in trials)
