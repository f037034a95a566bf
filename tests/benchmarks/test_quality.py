"""The table of all models: blocks of samples as densities, the contestants, and the command."""

import json

import numpy as np
import pytest

from course_lib.benchmarks import quality
from course_lib.benchmarks.quality import BLOCKS, WIDTH, Blockwise, speech_block
from course_lib.core import seeded
from course_lib.evaluation.showdown import as_json
from course_lib.models.states import GaussianMixture


@pytest.fixture(scope="module")
def two():
    """The two quickest contestants on the three shortest prompts."""
    return speech_block(clips=3, models=["order 0", "AR(16), adaptive"])


def test_blocks_are_scored_one_after_the_other(rng):
    mixture = GaussianMixture.fit(rng.standard_normal((200, WIDTH)), 2, rng=seeded(0))
    model = Blockwise(mixture.log_likelihood, lambda n, rng: mixture.sample(n, rng=rng)[0])
    x = rng.standard_normal(3 * WIDTH)
    expected = sum(mixture.log_likelihood(x[i : i + WIDTH][None]).nats for i in (0, 16, 32))
    assert model.log_likelihood(x).nats == pytest.approx(expected)
    with pytest.raises(ValueError, match="multiple of 16"):
        model.log_likelihood(x[:-1])
    drawn = model.sample(37, count=2, rng=seeded(1))
    assert drawn.shape == (2, 37)
    assert np.abs(drawn).max() <= 1


def test_every_exact_network_of_the_zoo_takes_part(two):
    block = speech_block(clips=2)
    names = [contestant.name for contestant in block.contestants]
    assert {"gru-speech", "lstm-speech", "wavenet-speech", "GMM of blocks"} < set(names)
    assert "wavenet-voices" not in names  # it must be told the voice
    assert all(size % WIDTH == 0 for size in block.sizes)
    assert len(two.contestants) == 2


def test_clips_are_the_shortest_and_none_is_of_the_training_set(two):
    assert two.sizes == sorted(two.sizes)
    training = {clip.samples.tobytes() for clip in quality._training()}
    assert not any(clip.samples.tobytes() in training for clip in two.held_out)


def test_results_repeat_but_for_the_time(two):
    first, second = ([r._replace(seconds=None) for r in two.results(draws=2)] for _ in range(2))
    assert first == second
    assert sum(first[1].bits) < sum(first[0].bits)


def test_unknown_models_are_named():
    with pytest.raises(ValueError, match="need models out of order 0"):
        speech_block(clips=2, models=["no such"])


def test_the_time_of_training_counts_its_earlier_parts():
    earlier = {"seconds": 900, "hardware": ["a slower one"]}
    card = {"training": {"seconds": 600, "hardware": ["one core"], "earlier": earlier}}
    assert quality._training_of(card) == "1,500 s, one core and a slower one"


def test_stored_results_are_read(two, tmp_path, monkeypatch):
    results = list(two.results(draws=2))
    block = {"title": two.title, "sizes": two.sizes, "results": as_json(results)}
    (tmp_path / "quality.json").write_text(json.dumps({"speech": block}))
    monkeypatch.setattr(quality, "data_folder", lambda: tmp_path)
    assert quality.stored()["speech"] == (two.title, two.sizes, results)


def test_the_command_prints_and_writes(run, monkeypatch, tmp_path, two):
    monkeypatch.setitem(BLOCKS, "speech", lambda *, clips, models: two)
    target = tmp_path / "q.json"
    arguments = ["bench", "quality", "--only", "speech", "--clips", "3", "--draws", "2"]
    status, out, err = run(*arguments, "--json", target)
    assert (status, err) == (0, "")
    assert "AR(16), adaptive" in out
    assert "bits per sample more than" in out
    assert list(json.loads(target.read_text())) == ["speech"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["quality", "--only", "ar"], "need a block out of speech, voices, percussion"),
        (["quality", "--clips", "1"], "--clips"),
        (["--clips", "3"], "is for quality"),
        (["beauty"], "beauty"),
    ],
)
def test_bad_usage_is_told(run, arguments, what):
    status, _, err = run("bench", *arguments)
    assert status == 2
    assert what in err
