"""The prompts as networks of the waveform hear them: at their rate, with voice or mel frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from course_lib.audio import Clip
from course_lib.corpora import Recording
from course_lib.features import log_mel
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.linear_recurrence import LinearRecurrentNetwork
from course_lib.models.waveform.lpcnet import LPCNet
from course_lib.models.waveform.mel import MelCondition
from course_lib.models.waveform.recurrent import RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet

Network: TypeAlias = WaveNet | RecurrentNetwork | LinearRecurrentNetwork | LPCNet
"""What learns from single recordings."""

VOICES = {"Allison Smith": "en", "June Wallack": "fr", "Carlo Flora": "it", "ivrvoice.ru": "ru"}
"""The four voices of the recordings, and the language in which each is heard."""


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


def conditions(network: Network, recording: Recording, clip: Clip) -> dict[str, Any]:
    """Return what the network is told about a recording: its voice, its frames, or nothing."""
    told: dict[str, Any] = {}
    config = network.config
    if isinstance(config, WaveNetConfig) and config.voices:
        told["voice"] = recording.voice
    if isinstance(config, WaveNetConfig) and config.mel is not None:
        told["mel"] = mel_frames(clip, config.mel)
    return told


def by_length(recordings: Iterable[Recording]) -> list[Recording]:
    """Return recordings, the shortest first."""
    return sorted(recordings, key=lambda recording: (recording.seconds, recording.name))
