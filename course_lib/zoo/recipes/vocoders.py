"""How the vocoder that plays against discriminators was trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from course_lib.core import Batches, check_count
from course_lib.corpora import Catalogue, speech
from course_lib.models.adversarial.hifigan import MelVocoder, MelVocoderConfig, VocoderGame
from course_lib.models.sequence.frames import SILENT, frames_of
from course_lib.training import AdversarialSchedule, crops
from course_lib.zoo.exams.talkers import mel_vocoder
from course_lib.zoo.exams.vocoders import spectral_distance, vocoding
from course_lib.zoo.prompts import prepared


@dataclass(frozen=True)
class VocoderRecipe:
    """Everything that a training run depends on, beside the recordings themselves.

    Parameters
    ----------
    configuration : of the vocoder
    schedule : of the game
    hops, size : hops in a piece, and pieces in a batch
    pause : hops of silence before each recording
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation prompts
    begins_with : the trained game whose weights are the first ones: None, for none is kept

    Raises
    ------
    TypeError, ValueError
        For counts below 1, a seed below 0, or a pause that is as long as a piece.
    """

    configuration: MelVocoderConfig
    schedule: AdversarialSchedule
    hops: int = 32
    size: int = 8
    pause: int = 8
    seed: int = 1
    validate_every: int = 150
    begins_with: None = None

    unit: ClassVar[str] = "nepers"
    """Of `validate`."""

    def __post_init__(self) -> None:
        for name in ("hops", "size", "pause", "validate_every"):
            check_count(getattr(self, name), name)
        check_count(self.seed, "seed", minimum=0)
        if self.pause >= self.hops:
            raise ValueError(f"need a pause below {self.hops} hops, got {self.pause}")

    def build(self) -> VocoderGame:
        """Return the game, both networks untrained."""
        return VocoderGame(self.configuration, seed=self.seed)

    def prompts(self, split: str) -> Catalogue:
        """Return the English recordings of a split."""
        return speech(language="en", split=split)

    def recordings(self) -> Catalogue:
        """Return the recordings that the network learns from."""
        return self.prompts("train")

    def batches(self, network: VocoderGame) -> Batches:
        """Return pieces of recordings and their frames."""
        config = self.configuration
        clips = [prepared(recording.load(config.sample_rate)) for recording in self.recordings()]
        return crops(
            [clip.samples for clip in clips],
            length=(self.hops - self.pause) * config.hop_length,
            context=self.pause * config.hop_length,
            size=self.size,
            seed=self.seed,
            mels=[frames_of(clip) for clip in clips],
            silent_mel=SILENT,
            hop_length=config.hop_length,
        )

    def validate(self, network: VocoderGame) -> float:
        """Return the distance of spectra on the shortest validation prompts."""
        return spectral_distance(mel_vocoder(network.kept), self.prompts("validation"), count=20)

    def examine(self, network: MelVocoder) -> dict[str, Any]:
        """Return what the card says; see `exams.vocoders.vocoding`."""
        return vocoding(network, self.prompts("test"))

    def describe(self, network: MelVocoder) -> str:
        """Return in a sentence what the network is and what it can do."""
        config = network.config
        return (
            f"{config.blocks} blocks of {config.width} channels and an inverse transform, trained "
            f"against discriminators of periods and scales, {config.sample_rate} Hz; turns mel "
            f"frames ({config.bands} bands) back into speech"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        rate = found["real-time factor"]
        if "word error, numbers" in found:
            wrong = found["word error, numbers"]["rate"]
            return f"{wrong:.1%} of spoken numbers misheard, {rate:.3f} s of one core for a second"
        return f"{rate:.3f} s of one core for a second"


VOCODERS: dict[str, VocoderRecipe] = {
    "hifigan-vocoder": VocoderRecipe(
        MelVocoderConfig(),
        AdversarialSchedule(4000, 2e-3, warmup=30, betas=(0.8, 0.99), alone=240, averaging=0.95),
    ),
}
"""The vocoders that make a sound in one pass, by name."""
