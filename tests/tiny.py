"""Networks and recipes small enough to train within a test."""

from dataclasses import dataclass

import numpy as np
import torch

from course_lib.core import Batches, LabelledBatch, PairBatch
from course_lib.corpora import Catalogue
from course_lib.evaluation.ears.classifier import ClassifierConfig
from course_lib.models.adversarial.gan import WaveGANConfig
from course_lib.models.adversarial.hifigan import MelVocoderConfig
from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.unet import UNetConfig
from course_lib.models.latent.residual import CodecConfig
from course_lib.models.latent.tables import TableConfig
from course_lib.models.latent.vae import SoundVAEConfig
from course_lib.models.latent.vqvae import SoundVQVAEConfig
from course_lib.models.sequence.codec_talker import CodecTalker
from course_lib.models.sequence.coded import coded_pairs
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.talker import Talker
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.linear_recurrence import LinearRecurrenceConfig
from course_lib.models.waveform.lpcnet import LPCNetConfig
from course_lib.models.waveform.mel import MelCondition
from course_lib.models.waveform.recurrent import RecurrentConfig
from course_lib.training import AdversarialSchedule, Schedule
from course_lib.zoo import SpeechRecipe
from course_lib.zoo.exams.talkers import nats_per_value
from course_lib.zoo.hits import hits
from course_lib.zoo.recipes import (
    ClassifierRecipe,
    CodecTalkerRecipe,
    DiffusionRecipe,
    TalkerRecipe,
    VocoderRecipe,
)
from course_lib.zoo.recipes.latent import CodecRecipe, VAERecipe, VQVAERecipe
from course_lib.zoo.recipes.percussion import HitRecipe, WaveGANRecipe

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
LINEAR_RECURRENCE = LinearRecurrenceConfig(levels=16, width=6, states=5, layers=2)
LPCNET = LPCNetConfig(levels=16, embedding=4, units=5, head=6, components=2)

SCHEDULE = Schedule(steps=8, learning_rate=1e-2, warmup=2)


@dataclass(frozen=True)
class Tiny(SpeechRecipe):
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


TRANSFORMER = TransformerConfig(8, 2, 12, encoder_layers=1, decoder_layers=1)


@dataclass(frozen=True)
class TinyCodecTalker(CodecTalkerRecipe):
    """A recipe that learns two words in random codes, which nobody examines."""

    core: TransformerConfig = TRANSFORMER
    stages: int = 2
    head: int = 4
    size: int = 2
    validate_every: int = 4

    def batches(self, network: CodecTalker) -> Batches:
        def batch(index: int) -> PairBatch:
            codes = np.random.default_rng(index).integers(256, size=(self.size, 8, self.stages))
            tokens, places = network.tokens(["one", "two"]), np.repeat([0, 1], 4)
            return coded_pairs([(tokens, each, places) for each in codes], seed=index)

        return batch

    def validate(self, network: CodecTalker) -> float:
        with torch.no_grad():
            return float(network.loss(self.batches(network)(999))[0])

    def examine(self, network: CodecTalker) -> dict[str, object]:
        return {"nats per code": self.validate(network)}


LSTM_CORE = Seq2SeqConfig("lstm", embedding=4, encoder=3, units=5, attention_units=4, filters=2)

CLASSES = ("kick", "hand drum")
DIFFUSION = SoundDiffusionConfig(
    CLASSES,
    UNetConfig(bands=16, channels=(8,), blocks=1, patch=4, condition=8),
    scale=0.3,
    length=1600,
    sample_rate=8000,
)
CLASSIFIER = ClassifierConfig(
    CLASSES,
    bands=16,
    channels=(4,),
    width=4,
    window_length=256,
    hop_length=64,
    length=1600,
    sample_rate=8000,
)


@dataclass(frozen=True)
class FewHits(HitRecipe):
    """A recipe that hears noise, one class louder than the other, and is not examined."""

    size: int = 4
    validate_every: int = 4

    def recordings(self) -> Catalogue:
        return Catalogue(hits("train")[:3])

    def batches(self, network: torch.nn.Module) -> Batches:
        return lambda index: noise_hits(self.configuration.length, self.size, seed=index)

    def validate(self, network: torch.nn.Module) -> float:
        with torch.no_grad():
            return float(network.loss(noise_hits(self.configuration.length, 8, seed=999))[0])


@dataclass(frozen=True)
class TinyDiffusion(FewHits, DiffusionRecipe):
    def examine(self, network: torch.nn.Module) -> dict[str, object]:
        return {"weighted squared error": self.validate(network), "recognised": 0.5}


@dataclass(frozen=True)
class TinyClassifier(FewHits, ClassifierRecipe):
    def examine(self, network: torch.nn.Module) -> dict[str, object]:
        return {"accuracy, test": 0.75}


WAVEGAN = WaveGANConfig(
    CLASSES,
    channels=(4, 4),
    judges=(2,),
    pictures=(2,),
    latent=3,
    kernel=5,
    length=1600,
    sample_rate=8000,
)
MEL_VOCODER = MelVocoderConfig(width=8, blocks=1, judges=(2, 3))
GAME = AdversarialSchedule(4, 1e-2, warmup=1, averaging=0.5)


@dataclass(frozen=True)
class TinyWaveGAN(FewHits, WaveGANRecipe):
    def validate(self, network: torch.nn.Module) -> float:
        return 0.5

    def examine(self, network: torch.nn.Module) -> dict[str, object]:
        return {"recognised": 0.5}


TABLE = TableConfig(
    length=2048, frames=16, window_length=256, hop_length=128, bands=16, sample_rate=8000
)
VAE = SoundVAEConfig(CLASSES, table=TABLE, channels=(8, 8, 8, 8), latents=3, warmup=2)
VQVAE = SoundVQVAEConfig(CLASSES, table=TABLE, channels=(8, 8, 8), codes=4, width=3, units=4)
CODEC = CodecConfig(stages=2, codes=4, channels=8, width=4)


@dataclass(frozen=True)
class TinyVAE(FewHits, VAERecipe):
    def examine(self, network: torch.nn.Module) -> dict[str, object]:
        return {"recognised": 0.5}


@dataclass(frozen=True)
class TinyVQVAE(FewHits, VQVAERecipe):
    def examine(self, network: torch.nn.Module) -> dict[str, object]:
        return {"recognised": 0.5}


@dataclass(frozen=True)
class TinyCodec(CodecRecipe):
    """A recipe that hears three short prompts, and is not examined."""

    length: int = 8
    size: int = 2

    def recordings(self) -> Catalogue:
        chosen = sorted(super().recordings(), key=lambda recording: recording.seconds)
        return Catalogue(chosen[:3])

    def validate(self, network: torch.nn.Module) -> float:
        return 0.5

    def examine(self, network: torch.nn.Module) -> dict[str, object]:
        return {"bits per second": 320.0, "mel distance, dB": 9.0}


@dataclass(frozen=True)
class TinyVocoder(VocoderRecipe):
    """A recipe that looks at a few short recordings, and that nobody examines."""

    hops: int = 8
    size: int = 2
    pause: int = 2
    validate_every: int = 2

    def prompts(self, split: str) -> Catalogue:
        chosen = sorted(super().prompts(split), key=lambda recording: recording.seconds)
        return Catalogue(chosen[:3])

    def examine(self, network: torch.nn.Module) -> dict[str, object]:
        return {"real-time factor": 0.01, "word error, numbers": {"rate": 0.5}}


def noise_hits(length: int, count: int, *, seed: int) -> LabelledBatch:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    sounds = torch.randn(count, length, generator=generator) * (0.02 + 0.1 * labels[:, None])
    return LabelledBatch(sounds, labels, seed)


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
