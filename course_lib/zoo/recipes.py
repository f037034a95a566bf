"""What each trained model of the course is, and how it was trained."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from course_lib.audio import Clip
from course_lib.core import Batches, check_count
from course_lib.corpora import Catalogue, Recording, speech
from course_lib.evaluation import bits_per_sample
from course_lib.evaluation.ears.classifier import Classifier, ClassifierConfig
from course_lib.features import log_mel
from course_lib.models.diffusion.sounds import SoundDiffusion, SoundDiffusionConfig
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.sequence.talker import Talker, TalkerConfig
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import (
    SILENT_MEL,
    MelCondition,
    WaveNet,
    WaveNetConfig,
    dilated_stack,
)
from course_lib.training import Schedule, crops, streams
from course_lib.zoo.percussion import PERCUSSION, ClassifierRecipe, DiffusionRecipe
from course_lib.zoo.talkers import TALKERS, TalkerRecipe

Configuration: TypeAlias = WaveNetConfig | RecurrentConfig
Network: TypeAlias = WaveNet | RecurrentNetwork
"""What learns from single sounds."""

AnyConfiguration: TypeAlias = Configuration | TalkerConfig | SoundDiffusionConfig | ClassifierConfig
AnyNetwork: TypeAlias = Network | Talker | SoundDiffusion | Classifier

CHECKPOINT = "run.safetensors"
"""The file in a run's folder that holds all of it."""

QUICK = 5
"""The shortest recordings of a split, so many of them, can be scored again in a second or two."""

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
    begins_with : the trained model of the same shape whose weights are the first ones, or None

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or a seed below 0.
    """

    network: Configuration
    schedule: Schedule
    languages: tuple[str, ...] = ("en",)
    length: int = 4096
    size: int = 4
    seed: int = 1
    validate_every: int = 500
    begins_with: str | None = None

    unit: ClassVar[str] = "bits per sample"
    """Of `validate`."""

    def __post_init__(self) -> None:
        for name in ("length", "size", "validate_every"):
            check_count(getattr(self, name), name)
        check_count(self.seed, "seed", minimum=0)

    def build(self) -> Network:
        """Return the untrained network."""
        if isinstance(self.network, RecurrentConfig):
            return RecurrentNetwork(self.network, seed=self.seed)
        return WaveNet(self.network, seed=self.seed)

    def prompts(self, split: str) -> Catalogue:
        """Return the recordings of a split."""
        return speech(language=self.languages, split=split)

    def recordings(self) -> Catalogue:
        """Return the recordings that the network learns from."""
        return self.prompts("train")

    def validate(self, network: Network) -> float:
        """Return the bits per sample of the validation prompts."""
        return score(network, self.prompts("validation"))

    def examine(self, network: Network) -> dict[str, Any]:
        """Return what the card says of the test prompts; see `scores`."""
        return scores(network, self.prompts("test"))

    def describe(self, network: Network) -> str:
        """Return in a sentence what the network is and what it can do."""
        return describe(network)

    def batches(self, network: Network) -> Batches:
        """Return what the network learns from: pieces for a WaveNet, streams for a state."""
        config = self.network
        recordings = self.prompts("train")
        clips = [prepared(recording.load(config.sample_rate)) for recording in recordings]
        codes = [config.encoding.encode(clip) for clip in clips]
        if not isinstance(network, WaveNet):
            return streams(
                codes,
                length=self.length,
                size=self.size,
                seed=self.seed,
                gap=config.sample_rate // 10,  # long enough for a state to forget
                silence=config.silence,
            )
        told = [conditions(network, *pair) for pair in zip(recordings, clips, strict=True)]
        shape = network.config
        hop = shape.mel.hop_length if shape.mel else 1
        return crops(
            codes,
            length=self.length // hop * hop,
            context=-(-network.receptive_field // hop) * hop,
            size=self.size,
            seed=self.seed,
            silence=shape.silence,
            voices=[shape.voices.index(t["voice"]) for t in told] if shape.voices else None,
            mels=[t["mel"] for t in told] if shape.mel else None,
            silent_mel=SILENT_MEL,
            hop_length=hop,
        )


def network_of(configuration: AnyConfiguration, *, seed: int = 0) -> AnyNetwork:
    """Return an untrained network of a configuration."""
    match configuration:
        case RecurrentConfig():
            return RecurrentNetwork(configuration, seed=seed)
        case TalkerConfig():
            return Talker(configuration, seed=seed)
        case SoundDiffusionConfig():
            return SoundDiffusion(configuration, seed=seed)
        case ClassifierConfig():
            return Classifier(configuration, seed=seed)
        case WaveNetConfig():
            return WaveNet(configuration, seed=seed)


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


def score(network: Network, recordings: Iterable[Recording]) -> float:
    """Return the bits per sample that a network needs for recordings, on its own grid.

    -log2 P(all levels) / samples, each recording with the voice or the frames that are its own.

    Raises
    ------
    ValueError
        For no recordings.
    """
    nats, samples = 0.0, 0
    encoding = network.config.encoding
    for recording in recordings:
        clip = prepared(recording.load(network.config.sample_rate))
        told = conditions(network, recording, clip)
        nats += network.level_log_likelihood(encoding.encode(clip), encoding, **told).nats
        samples += len(clip)
    if not samples:
        raise ValueError("need at least one recording to score, got none")
    return -nats / math.log(2) / samples


def describe(network: Network) -> str:
    """Return in a sentence what a network is and what it can do."""
    config = network.config
    if isinstance(config, RecurrentConfig):
        shape = f"{config.cell.upper()} of {config.units} units"
    else:
        shape = f"WaveNet of {len(config.dilations)} layers and {config.channels} channels"
    grid = f"{config.encoding.name} at {config.sample_rate} Hz"
    does = "babbles in the sounds of speech, without words"
    if isinstance(config, WaveNetConfig) and config.voices:
        does = f"babbles in a chosen voice: {', '.join(config.voices)}"
    if isinstance(config, WaveNetConfig) and config.mel is not None:
        does = f"turns mel frames ({config.mel.bands} bands) back into speech"
    return f"{shape}, {grid}; {does}"


def scores(network: Network, recordings: Iterable[Recording]) -> dict[str, Any]:
    """Return the bits per sample of held-out recordings, and of the shortest for a quick check.

    Beside an 8-bit network stands the adaptive autoregression of chapter 03 on the same clips.
    """
    config = network.config
    recordings = by_length(recordings)
    clips = [prepared(recording.load(config.sample_rate)) for recording in recordings]
    found = {
        "encoding": config.encoding.name,
        "sample rate": config.sample_rate,
        "recordings": len(clips),
        "samples": sum(map(len, clips)),
        "bits per sample": score(network, recordings),
        f"bits per sample, {QUICK} shortest": score(network, recordings[:QUICK]),
    }
    if config.levels == 256:
        adaptive = bits_per_sample(AdaptiveAR(), clips, config.encoding)
        found["bits per sample, adaptive AR"] = adaptive.bits
    return found


def by_length(recordings: Iterable[Recording]) -> list[Recording]:
    """Return recordings, the shortest first."""
    return sorted(recordings, key=lambda recording: (recording.seconds, recording.name))


STACK = dilated_stack(2, 9)

AnyRecipe: TypeAlias = Recipe | TalkerRecipe | DiffusionRecipe | ClassifierRecipe

RECIPES: dict[str, AnyRecipe] = {
    "gru-speech": Recipe(
        RecurrentConfig("gru", units=256),
        Schedule(7000, 4e-3, warmup=200, precision="auto"),
        length=128,
        size=64,
        validate_every=1000,
    ),
    "lstm-speech": Recipe(
        RecurrentConfig("lstm", units=192),
        Schedule(9000, 6e-3, warmup=300, precision="auto"),
        length=128,
        size=64,
        validate_every=1000,
    ),
    "wavenet-speech": Recipe(
        WaveNetConfig(STACK, channels=64, components=8),
        Schedule(10_000, 6e-3, warmup=400, precision="auto"),
        size=2,
        validate_every=1000,
    ),
    "wavenet-speech-16bit": Recipe(
        WaveNetConfig(STACK, channels=64, components=8, levels=2**16),
        Schedule(2000, 2e-3, warmup=100, precision="auto"),
        size=2,
        begins_with="wavenet-speech",
    ),
    "wavenet-voices": Recipe(
        WaveNetConfig(STACK, channels=32, components=8, voices=tuple(VOICES)),
        Schedule(2000, 6e-3, warmup=100, precision="auto"),
        languages=tuple(VOICES.values()),
        size=2,
    ),
    "wavenet-vocoder": Recipe(
        WaveNetConfig(
            dilated_stack(2, 8),
            channels=48,
            levels=2**16,
            components=8,
            mel=MelCondition(channels=48),
            sample_rate=16_000,
        ),
        Schedule(5000, 5e-3, warmup=200, precision="auto"),
        size=2,
        validate_every=1000,
    ),
    **TALKERS,
    **PERCUSSION,
}
"""Every trained model of the course, by name."""
