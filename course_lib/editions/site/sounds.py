"""What the trained networks sound like: a player or two on the page of each.

The sounds are made while the site is built, from fixed seeds, by what the chapters use. The
build says how long they took.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib import corpora, zoo
from course_lib.audio import Clip
from course_lib.core import BlockSampler, FrameVocoder, Sampler, Speaker, seeded
from course_lib.evaluation.ears.classifier import Classifier
from course_lib.models.latent.residual import SpeechCodec
from course_lib.models.sequence.frames import frames_of
from course_lib.models.sequence.spoken import WordsInDoubtError
from course_lib.teaching import players
from course_lib.zoo.exams.talkers import mel_vocoder
from course_lib.zoo.hits import hits
from course_lib.zoo.prompts import conditions, prepared

Sound = tuple[Clip, str, str]
"""What `players` takes: a clip, a title, and what there is to hear."""

SENTENCE = "speech/en/tt-weasels"
SAID = "“weasels have eaten our phone system”"

TEXT = "5:43 pm"
"""What talkers read."""

DRAWN = ("kick", "snare")
"""The classes of the hits that are drawn."""

SECONDS = 1.5
"""How long networks babble that may go on for ever."""

DRAWS = 4
"""How often they do: the loudest is kept, because a draw may be a pause in speech."""


def sounds_of(network: Any) -> list[Sound]:
    """Return one sound or two of a network of the zoo; none for a kind that makes no sound."""
    for kind, sounds in WAYS:
        if isinstance(network, kind):
            return sounds(network)
    return []


def network_players(name: str) -> str:
    """Return the HTML of the players of a network, or nothing where it makes no sound."""
    found = [(_bounded(clip), title, told) for clip, title, told in sounds_of(zoo.load(name))]
    return players(found)._repr_html_() if found else ""


def _bounded(clip: Clip) -> Clip:
    return clip.with_peak(0.95) if clip.peak > 1 else clip


def _read(talker: Speaker) -> list[Sound]:
    words = " ".join(talker.words(TEXT))
    try:
        clip, doubt = talker.say(TEXT, rng=seeded(1)), ""
    except WordsInDoubtError as error:
        clip, doubt = error.clip, "; words may be missing"
    return [(clip, TEXT, f"a woman's voice reads “{words}”{doubt}")]


def _vocoded(network: FrameVocoder) -> list[Sound]:
    real = prepared(corpora.load(SENTENCE, sample_rate=network.config.sample_rate))
    made = mel_vocoder(network)(frames_of(real), seeded(1))
    return _beside(real, made, "the sentence out of its mel frames, in one pass")


def _coded(codec: SpeechCodec) -> list[Sound]:
    real = prepared(corpora.load(SENTENCE, sample_rate=codec.config.sample_rate))
    found = []
    for stages in (None, 1):
        codes = codec.encode(real, stages=stages)
        rate = codec.config.bits_per_second(stages)
        title = f"{codes.shape[1]} of {codec.config.stages} codebooks"
        clip = real.with_samples(codec.decode(codes, rng=seeded(1)))
        found.append((clip, title, f"{SAID} at {rate:,.0f} bits per second"))
    return found


def _recognised(classifier: Classifier) -> list[Sound]:
    found = []
    for label in DRAWN:
        clip = hits("test").select(label=label)[0].load(classifier.config.sample_rate)
        row = classifier.probabilities([clip])[0]
        best = int(row.argmax())
        told = f"a recorded {label}; the network says {classifier.config.classes[best]}"
        found.append((clip, label, f"{told}, with a probability of {row[best]:.2f}"))
    return found


def _babbled(network: Any) -> list[Sound]:
    config = network.config
    if getattr(config, "mel", None) is not None:
        recording = corpora.catalogue()[SENTENCE]
        real = prepared(recording.load(config.sample_rate))
        told = conditions(network, recording, real)
        made = network.sample(len(real), **told, rng=seeded(1))[0]
        return _beside(real, made, "the sentence anew, one sample after the other")
    every = getattr(config, "voices", ())
    voices = dict.fromkeys((*every[:1], *every[-1:]) or [None])
    found = []
    for voice in voices:
        told = {} if voice is None else {"voice": voice}
        length = round(SECONDS * config.sample_rate)
        drawn = network.sample(length, count=DRAWS, **told, rng=seeded(1))
        loudest = drawn[np.square(drawn).mean(axis=1).argmax()]
        title = voice or "a voice"
        said = f"babble without words; the loudest of {DRAWS} draws"
        found.append((Clip(loudest, config.sample_rate), title, said))
    return found


def _drawn(network: Any) -> list[Sound]:
    rate = network.config.sample_rate
    return [
        (Clip(network.sample(label=label, rng=seeded(1))[0], rate), label, f"a {label}, drawn")
        for label in DRAWN
    ]


def _beside(real: Clip, made: Any, told: str) -> list[Sound]:
    return [
        (real.with_samples(made), "made by the network", f"{SAID}: {told}"),
        (real, "the recording", f"a woman's voice: {SAID}"),
    ]


WAYS: tuple[tuple[type, Callable[[Any], list[Sound]]], ...] = (
    (Speaker, _read),
    (FrameVocoder, _vocoded),
    (SpeechCodec, _coded),
    (Classifier, _recognised),
    (BlockSampler, _babbled),
    (Sampler, _drawn),
)
"""What can be heard of a network, by what it can do; the first that fits."""
