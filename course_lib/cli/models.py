"""The models that commands name: fitted ones, trained ones, and what they must be told."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.cli.shared import refuse

if TYPE_CHECKING:
    from course_lib.audio import Clip
    from course_lib.core import LevelScorer, Sampler, Speaker
    from course_lib.models.sequence.frames import Vocoder

TALKER, VOCODERS = "talker-lstm", ("hifigan-vocoder", "wavenet-vocoder")
"""Who reads where nobody else is asked for, and the networks that can make its frames audible."""


def maker_of(options: argparse.Namespace) -> str:
    return options.model if options.label is None else f"{options.model}, {options.label}"


def vocoder_named(name: str | None) -> Vocoder:
    from course_lib.core import FrameVocoder
    from course_lib.models.sequence.frames import griffin_lim_vocoder
    from course_lib.zoo.exams.talkers import mel_vocoder, wavenet_vocoder

    if name is None:
        return griffin_lim_vocoder
    network = trained(name)
    if isinstance(network, FrameVocoder):
        return mel_vocoder(network)
    network = network_named(name)
    if getattr(network.config, "mel", None) is None:
        raise ValueError(f"{name} does not turn frames into sound; take {' or '.join(VOCODERS)}")
    return wavenet_vocoder(network)


def network_named(name: str) -> Any:
    """Return the trained network of that name, or in that folder, that makes sound of itself."""
    from course_lib.core import FrameVocoder, Sampler, Speaker

    network = trained(name)
    if isinstance(network, Speaker):
        raise ValueError(f'{name} reads text aloud: course say "7,341" --talker {name} -o out.wav')
    if isinstance(network, FrameVocoder):
        raise ValueError(f'{name} turns frames into sound: course say "7,341" --vocoder {name}')
    if not isinstance(network, Sampler):
        raise ValueError(f"{name} makes no sound by itself, and has no likelihood of any")
    return network


def talker_named(name: str) -> Speaker:
    """Return the trained talker of that name, or in that folder."""
    from course_lib.core import Speaker
    from course_lib.zoo.recipes import CODEC_TALKERS, TALKERS

    network = trained(name)
    if not isinstance(network, Speaker):
        raise ValueError(
            f"{name} does not read text; there are {', '.join([*TALKERS, *CODEC_TALKERS])}"
        )
    return network


def trained(name: str) -> Any:
    from course_lib import zoo

    if name in zoo.names():
        return zoo.load(name)
    if Path(name).is_dir():
        return zoo.load(Path(name))
    known = ", ".join([*SAMPLERS, *zoo.names()])
    raise ValueError(
        f"no model is called {name!r}; there are {known}, and folders that `course train` wrote"
    )


def conditions(network: Any, options: argparse.Namespace, clip: Clip | None) -> dict[str, Any]:
    """Return what the network is told: the voice, the frames of a clip, or nothing."""
    from course_lib.zoo.prompts import mel_frames

    told: dict[str, Any] = {}
    voices, mel = getattr(network.config, "voices", ()), getattr(network.config, "mel", None)
    if voices and options.voice is None:
        raise ValueError(f"{options.model} has several voices: pass --voice {quoted(voices)}")
    if not voices:
        refuse(options, f"is not for {options.model}: it has one voice only", "voice")
    elif options.voice not in voices:
        raise ValueError(f"{options.model} has no voice {options.voice!r}: pass {quoted(voices)}")
    else:
        told["voice"] = options.voice
    if mel is not None and clip is not None:
        told["mel"] = mel_frames(clip, mel)
    return told


def quoted(names: Sequence[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)


def _fit_ar(clip: Clip, order: int) -> Sampler:
    from course_lib.models.linear.ar import AR

    return AR.fit(clip, order, method="burg")


def _adaptive_ar(order: int) -> LevelScorer:
    from course_lib.models.linear.adaptive_ar import AdaptiveAR

    return AdaptiveAR(order=order)  # fitted on the past only: it needs no other recording


SAMPLERS: dict[str, Callable[[Clip, int], Sampler]] = {"ar": _fit_ar}
"""Models that `course sample` knows: from a recording and an order to something that sounds."""

SCORERS: dict[str, Callable[[int], LevelScorer]] = {"ar": _adaptive_ar}
"""Models that `course score` knows: from an order to something with a likelihood of levels."""
