"""How the networks that learn from single recordings of speech were trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from course_lib.audio import Clip
from course_lib.core import Batches, check_count, check_number
from course_lib.corpora import Catalogue, speech
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.convolutions import dilated_stack
from course_lib.models.waveform.linear_recurrence import LinearRecurrenceConfig
from course_lib.models.waveform.lpcnet import LPCNetConfig
from course_lib.models.waveform.mel import SILENT_MEL, MelCondition
from course_lib.models.waveform.recurrent import RecurrentConfig
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.training import Schedule, crops, streams
from course_lib.training.augmentation import change_speed
from course_lib.zoo.exams.speech import score, scores
from course_lib.zoo.networks import network_of
from course_lib.zoo.prompts import VOICES, Network, conditions, prepared


@dataclass(frozen=True)
class SpeechRecipe:
    """Everything that a training run depends on, beside the recordings themselves.

    Parameters
    ----------
    configuration : of the network
    schedule : how long and how fast
    languages : of the prompts that it learns from
    length, size : samples in a piece, and pieces in a batch
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation prompts
    begins_with : the trained model of the same shape whose weights are the first ones, or None
    """

    configuration: WaveNetConfig | RecurrentConfig | LinearRecurrenceConfig | LPCNetConfig
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
        network: Network = network_of(self.configuration, seed=self.seed)
        return network

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
        """Return what the card says of the test prompts; see `exams.speech.scores`."""
        return scores(network, self.prompts("test"))

    def describe(self, network: Network) -> str:
        """Return in a sentence what the network is and what it can do."""
        config = network.config
        if isinstance(config, RecurrentConfig):
            shape = f"{config.cell.upper()} of {config.units} units"
        elif isinstance(config, LinearRecurrenceConfig):
            shape = f"{config.layers} layers of {config.states} linear states, gates between them"
        elif isinstance(config, LPCNetConfig):
            shape = f"GRU of {config.units} units around an adaptive linear predictor"
        else:
            shape = f"WaveNet of {len(config.dilations)} layers and {config.channels} channels"
        grid = f"{config.encoding.name} at {config.sample_rate} Hz"
        does = "babbles in the sounds of speech, without words"
        if isinstance(config, WaveNetConfig) and config.voices:
            does = f"babbles in a chosen voice: {', '.join(config.voices)}"
        if isinstance(config, WaveNetConfig) and config.mel is not None:
            does = f"turns mel frames ({config.mel.bands} bands) back into speech"
        return f"{shape}, {grid}; {does}"

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return f"{found['bits per sample']:.2f} bits per sample of held-out recordings"

    def variations(self, clips: list[Clip]) -> list[Clip]:
        """Return what is heard beside the clips themselves: nothing."""
        return []

    def batches(self, network: Network) -> Batches:
        """Return what the network learns from: pieces for a WaveNet, streams for a state."""
        config = self.configuration
        recordings = self.prompts("train")
        clips = [prepared(recording.load(config.sample_rate)) for recording in recordings]
        codes = [config.encoding.encode(clip) for clip in clips]
        if not isinstance(network, WaveNet):
            return streams(
                [*codes, *map(config.encoding.encode, self.variations(clips))],
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


@dataclass(frozen=True)
class VariedSpeechRecipe(SpeechRecipe):
    """A recipe whose every third prompt is heard a second time, as another speaker might say it.

    Parameters
    ----------
    semitones : it is faster or slower by up to so much, which moves pitch and formants; and louder
        or quieter by up to 6 dB

    Raises
    ------
    ValueError
        For a WaveNet, whose conditions would have to be varied, too.
    """

    semitones: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(self.semitones, "semitones", minimum=0, maximum=12)
        if isinstance(self.configuration, WaveNetConfig):
            raise ValueError("need a network with a state: conditions of a WaveNet are not varied")

    def variations(self, clips: list[Clip]) -> list[Clip]:
        """Return every third clip at another speed and level, never beyond full scale."""
        chosen = clips[::3]
        rng = np.random.default_rng([self.seed, len(chosen)])
        changed = []
        for clip in chosen:
            x = change_speed(clip, rng.uniform(-self.semitones, self.semitones))
            x *= min(10 ** (rng.uniform(-6, 6) / 20), 1 / max(np.abs(x).max(), 1e-9))
            changed.append(Clip(x, clip.sample_rate))
        return changed


STACK = dilated_stack(2, 9)

SPEECH: dict[str, SpeechRecipe] = {
    "gru-speech": VariedSpeechRecipe(
        RecurrentConfig("gru", units=256),
        Schedule(12_000, 3e-3, warmup=300, precision="auto"),
        length=128,
        size=64,
        seed=2,
        validate_every=2000,
        begins_with="gru-speech",
        semitones=4.0,
    ),
    "lstm-speech": VariedSpeechRecipe(
        RecurrentConfig("lstm", units=192),
        Schedule(12_000, 4e-3, warmup=300, precision="auto"),
        length=128,
        size=64,
        seed=2,
        validate_every=2000,
        begins_with="lstm-speech",
        semitones=4.0,
    ),
    "ssm-speech": SpeechRecipe(
        LinearRecurrenceConfig(width=128, states=128, layers=4),
        Schedule(7000, 4e-3, warmup=100, precision="auto"),
        length=256,
        size=32,
        seed=3,
        validate_every=1750,
        begins_with="ssm-speech",
    ),
    "lpcnet-speech": VariedSpeechRecipe(
        LPCNetConfig(embedding=32, units=256, head=128),
        Schedule(14_000, 3e-3, warmup=300, precision="auto"),
        length=128,
        size=64,
        seed=3,
        validate_every=2000,
        begins_with="lpcnet-speech",
        semitones=4.0,
    ),
    "wavenet-speech": SpeechRecipe(
        WaveNetConfig(STACK, channels=64, components=8),
        Schedule(10_000, 6e-3, warmup=400, precision="auto"),
        size=2,
        validate_every=1000,
    ),
    "wavenet-speech-16bit": SpeechRecipe(
        WaveNetConfig(STACK, channels=64, components=8, levels=2**16),
        Schedule(2000, 2e-3, warmup=100, precision="auto"),
        size=2,
        begins_with="wavenet-speech",
    ),
    "wavenet-voices": SpeechRecipe(
        WaveNetConfig(STACK, channels=32, components=8, voices=tuple(VOICES)),
        Schedule(2000, 6e-3, warmup=100, precision="auto"),
        languages=tuple(VOICES.values()),
        size=2,
    ),
    "wavenet-vocoder": SpeechRecipe(
        WaveNetConfig(
            dilated_stack(2, 8),
            channels=48,
            levels=2**16,
            components=8,
            mel=MelCondition(channels=48),
            sample_rate=16_000,
        ),
        Schedule(4000, 4e-3, warmup=300, precision="auto"),
        size=2,
        seed=2,
        validate_every=4000,
        begins_with="wavenet-vocoder",
    ),
}
"""The networks that learn from single recordings of speech, by name."""
