"""Checkpoints: a run stopped anywhere goes on as if it had not; a kill never leaves half a file."""

import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import tiny
import torch

from course_lib.models.waveform.recurrent import RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.training import Run, crops, streams
from course_lib.training.checkpoints import load_run, load_tensors, save_run, save_tensors


def begin(kind):
    """Return a fresh run of a tiny network, and its batches."""
    if kind == "wavenet":
        network = WaveNet(tiny.WAVENET, seed=1)
        batches = crops(tiny.sounds(), length=20, context=network.receptive_field, size=2, seed=1)
    else:
        network = RecurrentNetwork(tiny.RECURRENT if kind == "gru" else tiny.LSTM, seed=1)
        batches = streams(tiny.sounds(), length=60, size=2, seed=1, gap=5)
    return Run(network, tiny.SCHEDULE), batches


@pytest.mark.parametrize("kind", ["wavenet", "gru", "lstm"])
@pytest.mark.parametrize("stop", [1, 3, 7])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tmp_path, kind, stop):
    whole, batches = begin(kind)
    expected = list(whole.steps(batches))

    first, batches = begin(kind)
    for step in first.steps(batches):
        if step.index + 1 == stop:
            break
    save_run(tmp_path / "run", first, {"told": "yes"})
    second, batches = begin(kind)
    about = load_run(tmp_path / "run", second)
    assert (about["told"], second.done) == ("yes", stop)
    rest = list(second.steps(batches))

    assert [step.loss for step in rest] == [step.loss for step in expected[stop:]]
    tiny.assert_same(tiny.weights(second.model), tiny.weights(whole.model))


def test_the_carry_of_a_recurrent_network_is_kept(tmp_path):
    for kind, parts in (("gru", 1), ("lstm", 2)):
        run, batches = begin(kind)
        next(run.steps(batches))
        save_run(tmp_path / kind, run)
        tensors, _ = load_tensors(tmp_path / kind)
        assert sum(name.startswith("carry.") for name in tensors) == parts
        again, _ = begin(kind)
        load_run(tmp_path / kind, again)
        assert isinstance(again.carry, tuple) == (kind == "lstm")
        torch.testing.assert_close(again.carry, run.carry, rtol=0, atol=0)


def test_what_fails_midway_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "run"
    save_tensors(path, {"x": torch.zeros(3)}, {"first": 1})

    def full(target, content):
        with target.open("wb") as file:
            file.write(content[:20])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left"):
        save_tensors(path, {"x": torch.ones(3)})
    assert load_tensors(path)[1] == {"first": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_kill_in_the_middle_of_writing_leaves_the_old_file(tmp_path):
    program = f"""
import os, pathlib, torch
from course_lib.training.checkpoints import save_tensors
path = pathlib.Path({str(tmp_path / "run")!r})
save_tensors(path, {{"x": torch.zeros(3)}}, {{"first": 1}})
def killed(target, content):
    target.open("wb").write(content[:20])
    os._exit(9)  # as a kill does: nothing is tidied up
pathlib.Path.write_bytes = killed
save_tensors(path, {{"x": torch.ones(3)}})
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == 9
    tensors, about = load_tensors(tmp_path / "run")
    assert tensors["x"].tolist() == [0, 0, 0]
    assert about == {"first": 1}


def test_files_are_readable_by_whom_the_system_says(tmp_path):
    (tmp_path / "plain").write_text("")
    save_tensors(tmp_path / "run", {"x": torch.zeros(1)})
    assert (tmp_path / "run").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_tensors_and_facts_come_back(tmp_path):
    tensors = {"a": torch.arange(3), "b": torch.randn(2, 4).T.bfloat16()}
    save_tensors(tmp_path / "deep" / "x", tensors, {"voice": "ключ", "list": [1, 2.5, None]})
    found, about = load_tensors(tmp_path / "deep" / "x")
    assert about == {"voice": "ключ", "list": [1, 2.5, None]}
    assert found.keys() == tensors.keys()
    for name in tensors:
        assert torch.equal(found[name], tensors[name])


def damaged(path):
    path.write_bytes(path.read_bytes()[:-20])


def foreign(path):
    safetensors.torch.save_file({"x": torch.zeros(2)}, path)


def not_tensors(path):
    path.write_bytes(b"RIFF....WAVE")


def empty(path):
    path.write_bytes(b"")


def weights_alone(path):
    save_tensors(path, {"model.x": torch.zeros(2)})


def of_another_network(path):
    save_run(path, begin("gru")[0])


def facts_that_are_none(path):
    safetensors.torch.save_file({"x": torch.zeros(2)}, path, metadata={"about": "[]"})


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (damaged, "damaged or foreign"),
        (foreign, "damaged or foreign .*'about'"),
        (not_tensors, "damaged or foreign"),
        (empty, "damaged or foreign"),
        (facts_that_are_none, "need facts"),
        (weights_alone, "need a checkpoint of a run, but .* is not one"),
        (of_another_network, "need a checkpoint of this network"),
    ],
)
def test_what_is_no_checkpoint_of_this_run_is_refused(tmp_path, harm, said):
    path = tmp_path / "run"
    save_run(path, begin("wavenet")[0])
    harm(path)
    run, _ = begin("wavenet")
    before = tiny.weights(run.model)
    with pytest.raises(ValueError, match=said):
        load_run(path, run)
    tiny.assert_same(before, tiny.weights(run.model))
    assert run.done == 0


def test_a_checkpoint_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no"):
        load_run(tmp_path / "run", begin("wavenet")[0])
