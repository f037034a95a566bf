"""What vocoders are asked: how near the spectra come, and how many words are misheard."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from course_lib.core import seeded
from course_lib.corpora import Catalogue
from course_lib.models.adversarial.hifigan import MelVocoder, SpectralDistance
from course_lib.models.sequence.frames import (
    HOP_LENGTH,
    SAMPLE_RATE,
    Vocoder,
    frames_of,
    griffin_lim_vocoder,
)
from course_lib.text.reading import normalise
from course_lib.zoo.exams.talkers import mel_vocoder, opinion, recordings, through, word_error
from course_lib.zoo.prompts import by_length, prepared
from course_lib.zoo.sentences import sentences

SENTENCES = 10
"""Joined from recordings, by which time is taken."""

HEARD = {"numbers": 60, "dates and times": 20}
"""How many sentences of each list a recogniser hears; it needs about a second for each."""


def spectral_distance(vocoder: Vocoder, prompts: Catalogue, *, count: int | None = None) -> float:
    """Return how far prompts are from what a vocoder makes of their frames; see `SpectralDistance`.

    Parameters
    ----------
    vocoder : to be judged
    prompts : recordings at any sample rate
    count : the shortest so many of them; None for all
    """
    measure, distances = SpectralDistance(SAMPLE_RATE), []
    for i, recording in enumerate(by_length(prompts)[:count]):
        clip = prepared(recording.load(SAMPLE_RATE))
        made = vocoder(frames_of(clip), seeded(i))
        real = clip.samples[: len(clip) // HOP_LENGTH * HOP_LENGTH]
        pair = [torch.from_numpy(np.array(x, np.float32))[None] for x in (real, made)]
        distances.append(float(measure(*pair)))
    return float(np.mean(distances))


def real_time_factor(vocoder: Vocoder, *, count: int) -> float:
    """Return the seconds that one core needs for a second of sound, the frames at hand."""
    texts = [normalise(text) for text in sentences("numbers")[:count]]
    frames = [frames_of(clip) for clip in recordings(texts)]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        vocoder(frames[0], seeded(0))  # the first call prepares what later ones find ready
        began = time.process_time()
        samples = sum(len(vocoder(each, seeded(i))) for i, each in enumerate(frames))
        return (time.process_time() - began) * SAMPLE_RATE / samples
    finally:
        torch.set_num_threads(threads)


def vocoding(network: MelVocoder, prompts: Catalogue) -> dict[str, Any]:
    """Return what the card of a vocoder says; Griffin and Lim's search stands beside it."""
    found: dict[str, Any] = {}
    ways = {"": mel_vocoder(network), ", Griffin-Lim": griffin_lim_vocoder}
    for name, vocoder in ways.items():
        found[f"spectral distance{name}"] = spectral_distance(vocoder, prompts)
        found[f"real-time factor{name}"] = real_time_factor(vocoder, count=SENTENCES)
        for which, count in HEARD.items() if find_spec("pocketsphinx") else ():
            errors = word_error(through(vocoder), which, count=count)
            found[f"word error, {which}{name}"] = errors.as_json()
    if find_spec("speechmos"):
        readers = {name: through(vocoder) for name, vocoder in ways.items()}
        for name, read in {**readers, ", recordings": recordings}.items():
            found[f"DNSMOS{name}"] = opinion(read)
    return found
