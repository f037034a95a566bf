"""What codecs cost, and how near they come."""

import numpy as np
import pytest

from course_lib.audio import Clip
from course_lib.models.latent.residual import CodecConfig, SpeechCodec
from course_lib.zoo.exams.codec import (
    coding_quality,
    frame_error,
    longest_clips,
    quality,
    through_codec,
    through_file,
    through_frames,
    through_mu_law,
)


@pytest.fixture(scope="module")
def codec() -> SpeechCodec:
    return SpeechCodec(CodecConfig(stages=2, codes=16, channels=8, width=4), seed=1).eval()


@pytest.fixture(scope="module")
def clips(codec) -> list[Clip]:
    return longest_clips(codec, count=2)


def test_rates_are_counted(codec, clips):
    assert quality(through_mu_law(16), clips).rate == pytest.approx(4 * 16_000)
    assert quality(through_codec(codec), clips).rate == pytest.approx(
        codec.config.bits_per_second(), rel=0.02
    )
    flac = quality(through_file("FLAC", "PCM_16"), clips)
    assert flac.distance < 0.01  # nothing is lost but what 16 bits round
    assert 50_000 < flac.rate < 256_000


def test_frames_that_are_not_rounded_come_nearer_than_an_untrained_codec(codec, clips):
    assert (
        quality(through_frames(codec), clips).distance
        < quality(through_codec(codec), clips).distance
    )
    assert frame_error(codec, "validation") > 0


def test_copies_are_as_long_as_the_clips(codec, clips):
    for way in (through_codec(codec), through_frames(codec), through_file("OGG", "VORBIS")):
        coded = way(clips[0])
        assert len(coded.clip) == len(clips[0])
        assert np.isfinite(coded.clip.samples).all()


def test_one_clip_has_no_standard_error(clips):
    with pytest.raises(ValueError, match="two clips or more"):
        quality(through_mu_law(16), clips[:1])


def test_every_clip_needs_its_coded_one(clips):
    coded = [through_mu_law(16)(clips[0])]
    with pytest.raises(ValueError, match="for each of 2, got 1"):
        coding_quality(coded, clips)
