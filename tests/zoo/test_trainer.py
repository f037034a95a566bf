"""Training a recipe: stopped, killed, resumed and shared among processes, it ends the same."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from course_lib.training import Schedule, Step
from course_lib.training import precision as precisions
from course_lib.training.checkpoints import load_tensors, save_tensors
from course_lib.training.precision import Precision
from course_lib.zoo import RECIPES, Beginning, SpeechRecipe, Validation, publish, records, train
from course_lib.zoo.records import CHECKPOINT, hardware, versions
from course_lib.zoo.trainer import HOLDER, LOCK, reserved

KINDS = {
    "wavenet": tiny.Tiny(tiny.WAVENET, tiny.SCHEDULE),
    "lstm": tiny.Tiny(tiny.LSTM, tiny.SCHEDULE),
}


def model_of(folder: Path) -> dict[str, np.ndarray]:
    tensors, _ = load_tensors(folder / CHECKPOINT)
    return {name: t.numpy() for name, t in tensors.items() if name.startswith("model.")}


@pytest.fixture(scope="module", params=KINDS)
def finished(request, tmp_path_factory):
    """A recipe, the folder of a run that nobody interrupted, and what it yielded."""
    folder = tmp_path_factory.mktemp("whole")
    return KINDS[request.param], folder, list(train(KINDS[request.param], folder))


def test_a_run_yields_steps_and_validations(finished):
    recipe, folder, events = finished
    assert recipe.schedule.precision == "float32"
    steps = [event for event in events if isinstance(event, Step)]
    looks = [event for event in events if isinstance(event, Validation)]
    assert [step.index for step in steps] == list(range(8))
    assert [look.done for look in looks] == [4, 8]
    assert 0 < looks[1].value < 4.5
    _, about = load_tensors(folder / CHECKPOINT)
    assert about["validation"] == [[look.done, look.value] for look in looks]
    assert about["seconds"] == pytest.approx(steps[-1].seconds)
    began = events[0]
    assert about["spent"] == [
        {
            "from step": 0,
            "hardware": hardware(),
            "precision": began.precision.name,
            "versions": versions(),
        }
    ]
    assert (began.done, began.change) == (0, "")
    assert about["recipe"]["seed"] == 1


@pytest.mark.parametrize("stop", [1, 4, 6])
def test_a_run_that_was_closed_goes_on_to_the_same_weights(finished, tmp_path, stop):
    recipe, whole, events = finished
    running = train(recipe, tmp_path)
    for event in running:
        if isinstance(event, Step) and event.index + 1 == stop:
            break
    running.close()  # as Ctrl-C does at the command line
    again = train(recipe, tmp_path, resume=True)
    assert next(again) == Beginning(stop, Precision("float32", "the run began in it"), "")
    next(again)
    again.close()  # and once more
    stop += 1
    rest = list(train(recipe, tmp_path, resume=True))
    losses = [event.loss for event in events if isinstance(event, Step)]
    assert [event.loss for event in rest if isinstance(event, Step)] == losses[stop:]
    tiny.assert_same(model_of(tmp_path), model_of(whole))


@pytest.mark.parametrize(
    "recipe",
    [
        tiny.TinyDiffusion(tiny.DIFFUSION, tiny.SCHEDULE),
        tiny.TinyDiffusion(replace(tiny.DIFFUSION, path="flow"), tiny.SCHEDULE),
        tiny.TinyClassifier(tiny.CLASSIFIER, tiny.SCHEDULE),
    ],
    ids=["diffusion", "flow", "classifier"],
)
def test_runs_on_hits_go_on_to_the_same_weights_too(recipe, tmp_path):
    """What they draw at random, noise levels and dropout, is the batch's."""
    events = list(train(recipe, tmp_path / "whole"))
    assert [e.unit for e in events if isinstance(e, Validation)] == 2 * [recipe.unit]
    running = train(recipe, tmp_path / "parts")
    for _ in range(6):  # into a validation
        next(running)
    running.close()
    assert isinstance(events[5], Validation)
    assert list(train(recipe, tmp_path / "parts", resume=True))[-1] == events[-1]
    tiny.assert_same(model_of(tmp_path / "parts"), model_of(tmp_path / "whole"))


def test_a_run_that_was_killed_goes_on_to_the_same_weights(finished, tmp_path):
    recipe, whole, _ = finished
    program = f"""
import os, pathlib, sys
sys.path[:0] = [{str(Path(__file__).resolve().parent)!r}, {str(Path(tiny.__file__).parent)!r}]
import torch
from test_trainer import KINDS
from course_lib.zoo import train, trainer
torch.set_num_threads(1)
trainer.CHECKPOINT_SECONDS = 0.0  # after every step
for event in train(KINDS[sys.argv[1]], pathlib.Path(sys.argv[2])):
    if getattr(event, "index", 0) == 5:
        os._exit(9)  # step 5 is done, its checkpoint not yet written
"""
    (name,) = (name for name in KINDS if KINDS[name] == recipe)
    command = [sys.executable, "-c", program, name, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    assert load_tensors(tmp_path / CHECKPOINT)[1]["done"] == 5
    rest = list(train(recipe, tmp_path, resume=True))
    assert rest[1].index == 5
    tiny.assert_same(model_of(tmp_path), model_of(whole))


def test_a_finished_run_has_no_steps_left(finished):
    recipe, folder, _ = finished
    assert list(train(recipe, folder, resume=True)) == []


TOGETHER = {
    "wavenet": tiny.Tiny(tiny.WAVENET, Schedule(6, 1e-2, warmup=2)),
    "lstm": tiny.Tiny(tiny.LSTM, Schedule(6, 1e-2, warmup=2)),
}


def test_two_processes_reach_the_losses_of_one(tmp_path):
    """Fabric starts the script a second time; both learn from halves of the same batches."""
    script = tmp_path / "together.py"
    script.write_text(
        f"""
import json, sys
from pathlib import Path
sys.path[:0] = [{str(Path(__file__).resolve().parent)!r}, {str(Path(tiny.__file__).parent)!r}]
import torch
from test_trainer import TOGETHER
from course_lib.training import Step, Team
from course_lib.zoo import train, trainer
torch.set_num_threads(1)
trainer.CHECKPOINT_SECONDS = 0.0
team, found = Team(2), {{}}
for name, recipe in TOGETHER.items():
    folder = Path(sys.argv[1]) / name
    running = train(recipe, folder, team=team)
    next(running)  # it begins
    losses = [next(running).loss for step in range(4)][:3]  # the fourth is not saved
    running.close()
    again = train(recipe, folder, resume=True, team=team)
    found[name] = losses + [event.loss for event in again if isinstance(event, Step)]
if team.rank == 0:
    print(json.dumps(found))
""",
        encoding="utf-8",
    )
    command = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for name, recipe in TOGETHER.items():
        alone = [e.loss for e in train(recipe, tmp_path / "alone" / name) if isinstance(e, Step)]
        assert found[name] != alone  # halves add up in another order: they did divide the work
        np.testing.assert_allclose(found[name], alone, atol=1e-4)
        one, two = model_of(tmp_path / "alone" / name), model_of(tmp_path / name)
        for parameter in one:
            np.testing.assert_allclose(two[parameter], one[parameter], atol=1e-3)


def test_a_second_run_does_not_replace_the_first(finished):
    recipe, folder, _ = finished
    with pytest.raises(FileExistsError, match="holds a run already; go on with it"):
        next(train(recipe, folder))


def test_a_run_that_goes_on_elsewhere_says_so(tmp_path, monkeypatch):
    """It began where bfloat16 is fast, stopped, and goes on where it is not."""
    schedule = replace(tiny.SCHEDULE, precision="auto")
    recipe = tiny.Tiny(tiny.WAVENET, schedule)
    monkeypatch.setattr(precisions, "_lacking", lambda device: None)
    running = train(recipe, tmp_path)
    assert next(running).precision.name == "bfloat16"
    next(running)
    running.close()
    monkeypatch.setattr(precisions, "_lacking", lambda device: "this one is old")
    monkeypatch.setattr(records, "hardware", lambda team: "a lute")
    began, *_ = train(recipe, tmp_path, resume=True)
    assert began.precision == ("float32", "the run began in bfloat16, but this one is old")
    change = f"from step 1: hardware a lute after {hardware()}, precision float32 after bfloat16"
    assert began.change == change
    spent = load_tensors(tmp_path / CHECKPOINT)[1]["spent"]
    assert [part["from step"] for part in spent] == [0, 1]
    card = publish("tiny", recipe, tmp_path, tmp_path)["training"]
    assert card["schedule"]["precision"] == "bfloat16"
    assert card["precision"] == ["bfloat16", "float32"]
    assert card["hardware"] == [hardware(), "a lute"]
    assert card["changes"] == [change]


def test_bfloat16_is_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(precisions, "_lacking", lambda device: "this one is old")
    recipe = tiny.Tiny(tiny.WAVENET, replace(tiny.SCHEDULE, precision="bfloat16"))
    with pytest.raises(ValueError, match="but this one is old; take the precision"):
        next(train(recipe, tmp_path))
    assert not (tmp_path / CHECKPOINT).exists()


@pytest.mark.parametrize(
    ("facts", "precision"),
    [
        ({"recipe": {"schedule": {"bfloat16": True}}}, "bfloat16"),
        ({"recipe": {"schedule": {"bfloat16": False}}}, "float32"),
        ({"recipe": {"schedule": {"precision": "auto"}}, "precision": "bfloat16"}, "bfloat16"),
    ],
)
def test_older_checkpoints_tell_their_precision_too(facts, precision):
    assert records.began_in(facts) == precision


def test_one_folder_is_for_one_run_at_a_time(tmp_path):
    recipe = KINDS["wavenet"]
    running = train(recipe, tmp_path)
    next(running)
    for resume in (False, True):
        (tmp_path / CHECKPOINT).write_bytes(b"") if resume else None
        said = rf"process {os.getpid()} on .* trains in .* already; wait for its end, stop it"
        with pytest.raises(FileExistsError, match=said):
            next(train(recipe, tmp_path, resume=resume))
    (tmp_path / CHECKPOINT).unlink()
    running.close()
    assert {path.name for path in tmp_path.iterdir()} == {LOCK}
    assert len(list(train(recipe, tmp_path))) == 8 + 2 + 1


def test_the_lock_goes_with_a_killed_process(tmp_path):
    program = f"""
import pathlib, sys, time
from course_lib.zoo.trainer import reserved
with reserved(pathlib.Path({str(tmp_path)!r})):
    print("in", flush=True)
    time.sleep(600)
"""
    holding = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with holding:
        assert holding.stdout.readline() == "in\n"
        with (
            pytest.raises(FileExistsError, match=rf"process {holding.pid} on"),
            reserved(tmp_path),
        ):
            pass
        holding.kill()
    with reserved(tmp_path):
        assert str(os.getpid()) in (tmp_path / HOLDER).read_text(encoding="utf-8")
    assert not (tmp_path / HOLDER).exists()


@pytest.mark.parametrize("place", ["file", "file/deeper", "run.safetensors"])
def test_a_folder_that_cannot_be_written_to_is_refused_before_the_first_step(tmp_path, place):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "run.safetensors").mkdir()
    folder = tmp_path if place == CHECKPOINT else tmp_path / place
    with pytest.raises(OSError, match=r"cannot write .*file|, but .* is a folder"):
        next(train(KINDS["wavenet"], folder))
    assert {path.name for path in tmp_path.iterdir()} == {"file", CHECKPOINT}


def test_a_checkpoint_of_no_recipe_is_refused(finished, tmp_path):
    recipe, folder, _ = finished
    tensors, about = load_tensors(folder / CHECKPOINT)
    del about["recipe"], about["validation"]
    save_tensors(tmp_path / CHECKPOINT, tensors, about)
    with pytest.raises(ValueError, match=r"that `course train` wrote, .* lacks \['recipe', 'val"):
        next(train(recipe, tmp_path, resume=True))


def test_a_run_that_is_not_there_cannot_be_resumed(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no"):
        next(train(KINDS["lstm"], tmp_path, resume=True))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schedule": Schedule(9, 1e-2, warmup=2)}, r"schedule\.steps=8 \(now 9\)"),
        ({"seed": 2}, r"seed=1 \(now 2\)"),
        ({"languages": ("en", "fr")}, r"languages=\['en'\] \(now \['en', 'fr'\]\)"),
    ],
)
def test_other_settings_are_refused(finished, change, said):
    recipe, folder, _ = finished
    with pytest.raises(ValueError, match=f"the settings with which.*{said}"):
        next(train(replace(recipe, **change), folder, resume=True))


def test_settings_that_came_later_do_not_lock_out_older_runs(finished, tmp_path):
    recipe, folder, _ = finished
    tensors, about = load_tensors(folder / CHECKPOINT)
    del about["recipe"]["validate_every"], about["spent"]
    save_tensors(tmp_path / CHECKPOINT, tensors, about)
    assert list(train(recipe, tmp_path, resume=True)) == []


def test_a_loss_that_is_no_number_is_an_error(tmp_path):
    recipe = replace(KINDS["wavenet"], schedule=Schedule(8, 1e30, warmup=0, clip_norm=1e30))
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        list(train(recipe, tmp_path))


def test_a_vocoder_and_a_choir_train_too(tmp_path):
    """Batches with frames and voices, through to the validation bits."""
    for name, network, languages in (
        ("vocoder", tiny.VOCODER, ("en",)),
        ("mixture", tiny.MIXTURE, ("en",)),
        ("voices", replace(tiny.VOICES, voices=("Allison Smith", "June Wallack")), ("fr", "es")),
    ):
        schedule = Schedule(2, 1e-3, warmup=1)
        recipe = tiny.Tiny(network, schedule, languages=languages, length=120, validate_every=2)
        *_, look = train(recipe, tmp_path / name)
        assert look.done == 2
        assert np.isfinite(look.value)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_and_says_what_it_learns_from(name):
    recipe = RECIPES[name]
    network = recipe.build()
    assert sum(p.numel() for p in network.parameters()) > 1000
    again = recipe.build()
    assert all(
        torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True)
    )
    assert {recording.split for recording in recipe.recordings()} == {"train"}
    for split in ("train", "validation", "test") if isinstance(recipe, SpeechRecipe) else ():
        assert {r.split for r in recipe.prompts(split)} == {split}
        assert {r.language for r in recipe.prompts(split)} == set(recipe.languages)


@pytest.mark.parametrize(
    "settings",
    [{"length": 0}, {"size": -1}, {"seed": -1}, {"validate_every": 0}, {"semitones": -1.0}],
)
def test_recipes_that_will_not_do(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        tiny.Tiny(tiny.WAVENET, tiny.SCHEDULE, **settings)
