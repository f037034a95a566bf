"""What the codec talker is asked beside what all talkers are: the likelihood of codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course_lib.audio import Clip
from course_lib.core import seeded
from course_lib.models.latent.residual import SpeechCodec
from course_lib.models.sequence.codec_talker import CodecTalker
from course_lib.text.reading import normalise
from course_lib.zoo.coded import coded_words, joined_codes
from course_lib.zoo.exams.talkers import GRAMMARS, Reader, recordings
from course_lib.zoo.sentences import sentences


def nats_per_code(talker: CodecTalker, split: str = "test", *, count: int | None = None) -> float:
    """Return -log P(Y, Z | X) over the codes of Y, for sentences never joined before.

    Parameters
    ----------
    talker : to be judged
    split : of `sentences`
    count : of each list the first so many sentences; None for all
    """
    texts = [normalise(text) for which in GRAMMARS for text in sentences(which, split)[:count]]
    coded = coded_words(talker, {word for words in texts for word in words})
    nats, size = 0.0, 0
    for words in texts:
        codes, places = joined_codes(words, coded)
        nats -= talker.log_likelihood(words, codes, places).nats
        size += codes.size
    return nats / size


def through_stages(codec: SpeechCodec, stages: int) -> Reader:
    """Return a reader of real recordings that have passed through the first stages of a codec."""

    def read(texts: Sequence[tuple[str, ...]]) -> Iterator[Clip]:
        for i, clip in enumerate(recordings(texts)):
            codes = codec.encode(clip, stages=stages)
            yield Clip(codec.decode(codes, rng=seeded(i)), clip.sample_rate)

    return read
