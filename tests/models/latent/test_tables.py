"""Log-mel tables: what the numpy features say, and sounds made of them again."""

import numpy as np
import pytest
import torch

from course_lib.features import log_mel
from course_lib.models.latent.tables import (
    LogMelTable,
    TableConfig,
    check_classes,
    class_of_each,
    filled_up,
)

SMALL = TableConfig(length=4096, frames=16, window_length=512, hop_length=256, bands=16)


def test_the_table_is_the_log_mel_of_the_features():
    x = 0.1 * np.random.default_rng(1).standard_normal((2, 4096)).astype(np.float32)
    table = LogMelTable(SMALL)(torch.from_numpy(x))
    for row, sound in zip(table, x, strict=True):
        wanted = log_mel(_clip(sound), window_length=512, hop_length=256, bands=16)[:16]
        assert np.allclose(row * SMALL.scale + SMALL.middle, wanted, atol=1e-4)


def test_a_sound_made_of_a_table_has_about_that_table():
    time = np.arange(4096) / 16_000
    sound = (0.5 * np.sin(2 * np.pi * 500 * time) * np.exp(-8 * time)).astype(np.float32)
    seen = LogMelTable(SMALL)
    table = seen(torch.from_numpy(sound)[None])
    again = seen.inverse(table, [np.random.default_rng(1)])
    assert again.shape == (1, 4096)
    loud = table > table.max() - 1
    assert (seen(torch.from_numpy(again)) - table)[loud].abs().mean() < 0.2
    assert np.array_equal(again, seen.inverse(table, [np.random.default_rng(1)]))


def test_tables_beyond_all_bounds_stay_sounds():
    sounds = LogMelTable(SMALL).inverse(torch.full((1, 16, 16), 100.0), [np.random.default_rng(1)])
    assert np.isfinite(sounds).all()
    assert np.abs(sounds).max() <= 1


def test_sounds_are_filled_up_with_silence():
    padded = filled_up(np.full(10, 0.5), SMALL)
    assert padded.shape == (1, 4096)
    assert padded.sum() == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"frames": 15}, "frames that are a multiple of 16, got 15"),
        ({"bands": 20}, "bands that are a multiple of 16, got 20"),
        ({"length": 1000}, "at most 4 frames of 1000 samples, got 64"),
        ({"scale": 0}, "scale"),
        ({"bands": 512}, "at least one bin"),
    ],
)
def test_settings_that_will_not_do_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TableConfig(**settings)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="sounds of 4096 samples, got 5"):
        LogMelTable(SMALL)(torch.zeros(1, 5))
    with pytest.raises(ValueError, match="at most 4096 samples, got 4097"):
        filled_up(np.zeros(4097), SMALL)
    with pytest.raises(ValueError, match="different classes"):
        check_classes(("kick", "kick"))


def _clip(sound):
    from course_lib.audio import Clip

    return Clip(sound, 16_000)


def test_each_generator_has_its_class():
    rngs = [np.random.default_rng(seed) for seed in range(200)]
    assert class_of_each("b", ("a", "b"), rngs[:3]) == [1, 1, 1]
    drawn = class_of_each(None, ("a", "b", "c"), rngs)
    assert {drawn.count(index) > 40 for index in range(3)} == {True}
    again = [np.random.default_rng(seed) for seed in range(5)]
    assert class_of_each(None, ("a", "b", "c"), again) == drawn[:5]  # whatever follows
    with pytest.raises(ValueError, match="no class is called 'd'"):
        class_of_each("d", ("a", "b"), rngs)
