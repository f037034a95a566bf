"""The `samplers` group: that what it races is one network; how fast, only `course bench` asks."""

import functools

import numpy as np
import pytest

from course_lib.benchmarks import samplers
from course_lib.core import seeded

UNIFORMS = seeded(3).random(60)


def test_every_race_is_of_one_network(monkeypatch):
    """The group's own rows on short sounds: `race` insists on equal levels."""
    monkeypatch.setattr(samplers, "LENGTH", 40)
    monkeypatch.setattr(samplers, "RATE", 40)
    monkeypatch.setattr(samplers, "interleaved", lambda *sides: [1.0] * len(sides))
    names = [row.name for row in samplers.rows()]
    assert len(names) == len(set(names)) > 10
    assert sum("float16" in name for name in names) > 1


def test_a_race_between_different_networks_is_void(monkeypatch):
    monkeypatch.setattr(samplers, "interleaved", lambda *sides: [1.0, 3.0])
    weights = samplers.random_wavenet(8, 8)
    ours = samplers.compiled_wavenet(weights, UNIFORMS)
    same = samplers.torch_wavenet(weights, UNIFORMS)
    assert samplers.race("x", ours, same, goal=2.0).ratio == 3
    for name in weights._fields:
        other = weights._replace(**{name: getattr(weights, name) * np.float32(1.3)})
        with pytest.raises(ArithmeticError, match="x: sample"):
            samplers.race("x", ours, samplers.torch_wavenet(other, UNIFORMS), goal=2.0)


@pytest.mark.parametrize(
    ("sample", "change", "void"),
    [(40, 1, False), (40, 2, True), (3, 1, True)],
    ids=["a tie", "a jump", "a tie at once"],
)
def test_rounding_may_part_two_samplers_late_and_by_one_level(monkeypatch, sample, change, void):
    monkeypatch.setattr(samplers, "interleaved", lambda *sides: [1.0, 3.0])
    ours = seeded(1).integers(0, 200, 60)
    theirs = ours.copy()
    theirs[sample] += change
    theirs[sample + 1 :] += 50
    run = functools.partial(samplers.race, "x", lambda: ours, lambda: theirs, goal=2.0)
    if not void:
        assert run().met
        return
    with pytest.raises(ArithmeticError, match=f"sample {sample} is of level"):
        run()
