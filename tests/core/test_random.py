"""Random generators: seeds repeat, and the i-th child does not depend on how many there are."""

import numpy as np
import pytest

from course_lib.core import seeded, spawn


def test_a_seed_repeats():
    assert seeded(3).random() == seeded(3).random() != seeded(4).random()


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (1.5, TypeError), (None, TypeError)])
def test_seeds_that_will_not_do(seed, error):
    with pytest.raises(error, match="seed"):
        seeded(seed)


def test_the_first_children_stay_the_same():
    few = [child.random() for child in spawn(seeded(1), 2)]
    many = [child.random() for child in spawn(seeded(1), 5)]
    assert few == many[:2]
    assert len(set(many)) == 5


def test_a_second_call_gives_new_children():
    rng = seeded(1)
    assert spawn(rng, 1)[0].random() != spawn(rng, 1)[0].random()


def test_spawning_wants_a_generator_and_a_count():
    with pytest.raises(TypeError, match="Generator"):
        spawn(3, 2)
    with pytest.raises(ValueError, match="count"):
        spawn(np.random.default_rng(0), 0)
