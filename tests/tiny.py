"""Networks and recipes small enough to train within a test."""

from dataclasses import dataclass

import numpy as np
import torch

from course_lib.corpora import Catalogue
from course_lib.models.recurrent import RecurrentConfig
from course_lib.models.seq2seq import Seq2SeqConfig
from course_lib.models.talker import Talker
from course_lib.models.wavenet import MelCondition, WaveNetConfig
from course_lib.training import Schedule
from course_lib.zoo import Recipe
from course_lib.zoo.talkers import TalkerRecipe, nats_per_value

WAVENET = WaveNetConfig((1, 2, 4), channels=4, skip=6, head=6, levels=16)
MIXTURE = WaveNetConfig((1, 2), channels=4, skip=6, head=6, levels=2**16, components=2)
VOICES = WaveNetConfig((1, 2), channels=4, skip=6, head=6, levels=16, voices=("a", "b"))
VOCODER = WaveNetConfig(
    (1, 2),
    channels=4,
    skip=6,
    head=6,
    levels=16,
    mel=MelCondition(bands=5, window_length=200, hop_length=40, hold_length=10, channels=3),
)
RECURRENT = RecurrentConfig("gru", levels=16, embedding=4, units=5, head=6)
LSTM = RecurrentConfig("lstm", levels=16, embedding=4, units=5, head=6)

SCHEDULE = Schedule(steps=8, learning_rate=1e-2, warmup=2)


@dataclass(frozen=True)
class Tiny(Recipe):
    """A recipe that looks at a few short recordings only."""

    length: int = 100
    validate_every: int = 4

    def prompts(self, split: str) -> Catalogue:
        chosen = sorted(super().prompts(split), key=lambda recording: recording.seconds)
        return Catalogue(chosen[:3])


@dataclass(frozen=True)
class TinyTalker(TalkerRecipe):
    """A recipe that nobody examines: that would take a recogniser, and minutes."""

    size: int = 2
    validate_every: int = 4

    def examine(self, network: Talker) -> dict[str, object]:
        return {"nats per mel value": nats_per_value(network, count=1)}


LSTM_CORE = Seq2SeqConfig("lstm", embedding=4, encoder=3, units=5, attention_units=4, filters=2)


def sounds(count: int = 3, levels: int = 16) -> list[np.ndarray]:
    """Return a few sounds of different lengths, as codes."""
    rng = np.random.default_rng(5)
    return [rng.integers(levels, size=150 + 37 * i) for i in range(count)]


def weights(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy().copy() for name, p in network.named_parameters()}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    """Check that two networks are the same, bit for bit."""
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
