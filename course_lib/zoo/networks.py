"""Every kind of network that the zoo keeps: one line each."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from course_lib.evaluation.ears.classifier import Classifier, ClassifierConfig
from course_lib.models.adversarial.gan import WaveGAN, WaveGANConfig
from course_lib.models.adversarial.hifigan import MelVocoder, MelVocoderConfig
from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.sounds import SoundDiffusion
from course_lib.models.latent.residual import CodecConfig, SpeechCodec
from course_lib.models.latent.vae import SoundVAE, SoundVAEConfig
from course_lib.models.latent.vqvae import SoundVQVAE, SoundVQVAEConfig
from course_lib.models.sequence.codec_talker import CodecTalker, CodecTalkerConfig
from course_lib.models.sequence.configuration import TalkerConfig
from course_lib.models.sequence.talker import Talker
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.linear_recurrence import (
    LinearRecurrenceConfig,
    LinearRecurrentNetwork,
)
from course_lib.models.waveform.lpcnet import LPCNet, LPCNetConfig
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.zoo.cards import from_json


class Kind(NamedTuple):
    """A class of configurations, and of networks: ``network(configuration, seed=1)``.

    A network holds its configuration as ``config``.
    """

    configuration: type[Any]
    network: type[torch.nn.Module]


NETWORKS: dict[str, Kind] = {
    "WaveNet": Kind(WaveNetConfig, WaveNet),
    "RecurrentNetwork": Kind(RecurrentConfig, RecurrentNetwork),
    "LinearRecurrentNetwork": Kind(LinearRecurrenceConfig, LinearRecurrentNetwork),
    "LPCNet": Kind(LPCNetConfig, LPCNet),
    "Talker": Kind(TalkerConfig, Talker),
    "CodecTalker": Kind(CodecTalkerConfig, CodecTalker),
    "SoundDiffusion": Kind(SoundDiffusionConfig, SoundDiffusion),
    "SoundVAE": Kind(SoundVAEConfig, SoundVAE),
    "SoundVQVAE": Kind(SoundVQVAEConfig, SoundVQVAE),
    "SpeechCodec": Kind(CodecConfig, SpeechCodec),
    "WaveGAN": Kind(WaveGANConfig, WaveGAN),
    "MelVocoder": Kind(MelVocoderConfig, MelVocoder),
    "Classifier": Kind(ClassifierConfig, Classifier),
}
"""By what a card calls them."""


def kind_of(configuration: Any) -> str:
    """Return what a card calls the network of a configuration.

    Raises
    ------
    TypeError
        For what is no configuration of a network of the zoo.
    """
    for name, kind in NETWORKS.items():
        if isinstance(configuration, kind.configuration):
            return name
    known = ", ".join(kind.configuration.__name__ for kind in NETWORKS.values())
    raise TypeError(f"need one of {known}, got {type(configuration).__name__}")


def network_of(configuration: Any, *, seed: int = 0) -> Any:
    """Return an untrained network of a configuration.

    Raises
    ------
    TypeError
        For what is no configuration of a network of the zoo.
    """
    return NETWORKS[kind_of(configuration)].network(configuration, seed=seed)


def configuration_from_json(kind: str, settings: dict[str, Any]) -> Any:
    """Return the configuration that `dataclasses.asdict` and JSON made `settings` of.

    Raises
    ------
    TypeError, ValueError
        For another kind of network, or settings that it does not have or that will not do.
    """
    if kind not in NETWORKS:
        raise ValueError(f"need a network out of {', '.join(NETWORKS)}, got {kind!r}")
    return from_json(NETWORKS[kind].configuration, settings, "card.configuration")
