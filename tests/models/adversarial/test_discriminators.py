"""Discriminators of periods and scales: what each sees, and the distance between features."""

import pytest
import torch

from course_lib.models.adversarial.discriminators import (
    PERIODS,
    SCALES,
    Panel,
    PeriodDiscriminator,
    ScaleDiscriminator,
    feature_matching,
)

CHANNELS = (2, 3, 4)


@pytest.mark.parametrize("period", PERIODS)
def test_a_column_holds_every_period_th_sample(period):
    """A change of one sample reaches one column of the last features alone."""
    judge = PeriodDiscriminator(period, CHANNELS)
    x = torch.randn(1, 40 * period)
    other = x.clone()
    place = 17 * period + period // 2
    other[0, place] += 1.0
    changed = (judge(x)[-1] != judge(other)[-1])[0, 0].any(dim=0)
    assert changed.nonzero().flatten().tolist() == [place % period]


def test_lengths_that_do_not_divide_are_mirrored():
    judge = PeriodDiscriminator(7, CHANNELS)
    assert judge(torch.randn(2, 100))[0].shape[2:] == (5, 7)  # 15 rows, a third of them


def test_a_discriminator_of_scale_hears_means():
    judge = ScaleDiscriminator(4, CHANNELS)
    x = torch.randn(1, 400)
    smooth = x.view(1, 100, 4).mean(dim=2).repeat_interleave(4, dim=1)
    torch.testing.assert_close(judge(x)[-1], judge(smooth)[-1])
    fast = ScaleDiscriminator(1, CHANNELS)
    assert not torch.allclose(fast(x)[-1], fast(smooth)[-1])


def test_a_panel_has_a_member_for_each_period_and_scale():
    seen = Panel(CHANNELS)(torch.randn(2, 600))
    assert len(seen) == len(PERIODS) + len(SCALES)
    assert [len(layers) for layers in seen] == [4] * len(PERIODS) + [3] * len(SCALES)


def test_feature_matching_by_hand():
    real = [[torch.tensor([1.0, 3.0]), torch.tensor([9.0])], [torch.zeros(2), torch.ones(1)]]
    made = [[torch.tensor([2.0, 3.0]), torch.tensor([0.0])], [torch.full((2,), 4.0), torch.ones(1)]]
    assert float(feature_matching(real, made)) == pytest.approx(0.5 + 4.0)  # logits do not count
    assert float(feature_matching(real, real)) == 0


def test_real_sound_counts_as_fixed():
    real, made = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    distance = feature_matching([[real, real]], [[made, made]])
    slopes = torch.autograd.grad(distance, [real, made], allow_unused=True)
    assert slopes[0] is None
    assert (slopes[1] != 0).all()
