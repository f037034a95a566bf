"""What each trained model of the course is, and how it was trained."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.audio import Clip
from course_lib.core import Batches
from course_lib.corpora import Catalogue, Recording, speech
from course_lib.features import log_mel
from course_lib.models.wavenet import (
    SILENT_MEL,
    MelCondition,
    WaveNet,
    WaveNetConfig,
    dilated_stack,
)
from course_lib.training import Schedule, crops

VOICES = {"Allison Smith": "en", "June Wallack": "fr", "Carlo Flora": "it", "ivrvoice.ru": "ru"}
"""The four voices of the recordings, and the language in which each is heard."""


@dataclass(frozen=True)
class Recipe:
    """Everything that a training run depends on, beside the recordings themselves.

    Parameters
    ----------
    network : the configuration of the model
    schedule : how long and how fast
    languages : of the prompts that it learns from
    length, size : samples in a piece, and pieces in a batch
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation prompts
    """

    network: WaveNetConfig
    schedule: Schedule
    languages: tuple[str, ...] = ("en",)
    length: int = 4096
    size: int = 4
    seed: int = 1
    validate_every: int = 500

    def build(self) -> WaveNet:
        """Return the untrained network."""
        return WaveNet(self.network, seed=self.seed)

    def prompts(self, split: str) -> Catalogue:
        """Return the recordings of a split."""
        return speech(language=self.languages, split=split)

    def batches(self, network: WaveNet) -> Batches:
        """Return what the network learns from."""
        config = self.network
        recordings = self.prompts("train")
        clips = [prepared(recording.load(config.sample_rate)) for recording in recordings]
        voices = mels = None
        if config.voices:
            voices = [config.voices.index(recording.voice) for recording in recordings]
        if config.mel is not None:
            mels = [mel_frames(clip, config.mel) for clip in clips]
        hop = config.mel.hop_length if config.mel else 1
        context = -(-network.receptive_field // hop) * hop
        return crops(
            [config.encoding.encode(clip) for clip in clips],
            length=self.length // hop * hop,
            context=context,
            size=self.size,
            seed=self.seed,
            silence=config.silence,
            voices=voices,
            mels=mels,
            silent_mel=SILENT_MEL,
            hop_length=hop,
        )


def prepared(clip: Clip) -> Clip:
    """Return the clip, scaled where resampling has overshot full scale."""
    return clip.with_peak(1.0) if clip.peak > 1 else clip


def mel_frames(clip: Clip, condition: MelCondition) -> np.ndarray:
    """Return the log-mel frames that a vocoder listens to, shape (frames, bands)."""
    return log_mel(
        clip,
        window_length=condition.window_length,
        hop_length=condition.hop_length,
        bands=condition.bands,
    ).astype(np.float32)


def conditions(network: WaveNet, recording: Recording, clip: Clip) -> dict[str, Any]:
    """Return what the network is told about a recording: its voice, its frames, or nothing."""
    told: dict[str, Any] = {}
    config = network.config
    if config.voices:
        told["voice"] = recording.voice
    if config.mel is not None:
        told["mel"] = mel_frames(clip, config.mel)
    return told


def score(network: WaveNet, recordings: Iterable[Recording]) -> float:
    """Return the bits per sample that a network needs for recordings, on its own grid."""
    nats, samples = 0.0, 0
    encoding = network.config.encoding
    for recording in recordings:
        clip = prepared(recording.load(network.config.sample_rate))
        told = conditions(network, recording, clip)
        nats += network.level_log_likelihood(encoding.encode(clip), encoding, **told).nats
        samples += len(clip)
    return -nats / math.log(2) / samples


STACK = dilated_stack(2, 9)

RECIPES = {
    "wavenet-speech": Recipe(WaveNetConfig(STACK, channels=64), Schedule(7000, 3e-3, warmup=200)),
    "wavenet-speech-16bit": Recipe(
        WaveNetConfig(STACK, channels=48, levels=2**16, components=8),
        Schedule(5000, 3e-3, warmup=200),
    ),
}
"""Every trained model of the course, by name."""
