"""The command that scores sounds, and talkers: score."""

from __future__ import annotations

import argparse
import math
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from course_lib.cli.models import (
    SCORERS,
    VOCODERS,
    conditions,
    maker_of,
    network_named,
    trained,
    vocoder_named,
)
from course_lib.cli.shared import (
    MODEL,
    ORDER,
    SPEECH_RATE,
    Commands,
    add_diffusion_options,
    add_order,
    add_voice_and_channel,
    read_prepared,
    refuse,
    working,
)

if TYPE_CHECKING:
    from course_lib.audio import Clip
    from course_lib.core import Encoding, LevelScorer, Scorer


def add_commands(commands: Commands) -> None:
    """Add score."""
    command = commands.add_parser(
        "score",
        help="bits per sample that a model needs for a file; words of a talker that are misheard",
    )
    command.add_argument("model", metavar="MODEL", help=f"{MODEL}; or a talker, without a file")
    command.add_argument("file", type=Path, metavar="FILE", nargs="?")
    command.add_argument(
        "--vocoder",
        metavar="NAME",
        help=f"of a talker: {' or '.join(VOCODERS)} in place of Griffin-Lim",
    )
    command.add_argument("--sentences", type=int, metavar="N", help="of a talker: only so many")
    add_order(command)
    add_voice_and_channel(command)
    diffusion = add_diffusion_options(command)
    diffusion.add_argument(
        "--bound",
        action="store_true",
        default=None,
        help="a bound on the likelihood in place of an estimate",
    )
    command.set_defaults(run=_score)


def _score(options: argparse.Namespace) -> int:
    from course_lib.core import Speaker, seeded
    from course_lib.evaluation import bits_per_sample

    if options.file is None:
        talker = None if options.model in SCORERS else trained(options.model)
        if not isinstance(talker, Speaker):
            raise ValueError(f"need a FILE to score {options.model} with; only talkers need none")
        return _score_talker(options, talker)
    refuse(options, "is for talkers", "vocoder", "sentences")
    with working(f"scoring {options.file}"):
        prepare = _adaptive_scorer if options.model in SCORERS else _network_scorer
        model, clip, encoding, name = prepare(options)
        score = bits_per_sample(model, clip, encoding, rng=seeded(0))  # dithers a density
    nats = -score.bits * score.samples * math.log(2)
    print(f"{options.file}: {score} bits per sample, log-likelihood {nats:.1f} nats ({score.kind})")
    print(f"  {encoding.name} at {clip.sample_rate} Hz, {score.samples} samples; {name}")
    return 0


def _score_talker(options: argparse.Namespace, talker: Any) -> int:
    """Print how many words a recogniser mishears: of recordings, through frames, of the talker."""
    from rich.console import Console
    from rich.table import Table

    from course_lib.core import check_count
    from course_lib.zoo.exams.talkers import GRAMMARS, recordings, talking, through, word_error

    refuse(options, "is not for talkers", "order", "voice", "channel", "label", "bound")
    if options.sentences is not None:
        check_count(options.sentences, "--sentences")
    vocoder = vocoder_named(options.vocoder)
    made = options.vocoder or "Griffin-Lim"
    readers = {
        "the recordings": recordings,
        f"the recordings through frames and {made}": through(vocoder),
        f"{options.model} and {made}": talking(talker, vocoder),
    }
    table = Table("who reads", *GRAMMARS, title="words misheard, of sentences never joined before")
    for name, reader in readers.items():
        with working(f"listening to {name}"):
            errors = [word_error(reader, which, count=options.sentences) for which in GRAMMARS]
        table.add_row(name, *map(str, errors))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0


def _adaptive_scorer(
    options: argparse.Namespace,
) -> tuple[LevelScorer, Clip, Encoding, object]:
    from course_lib.features import MuLaw

    refuse(options, f"is for networks, not for {options.model}", "voice")
    refuse(options, f"is for diffusion models, not for {options.model}", "label", "bound")
    clip = read_prepared(options.file, SPEECH_RATE, options.channel)
    model = SCORERS[options.model](ORDER if options.order is None else options.order)
    return model, clip, MuLaw(), model


def _network_scorer(
    options: argparse.Namespace,
) -> tuple[LevelScorer | Scorer, Clip, Encoding, object]:
    from course_lib.core import LabelledScorer, LevelScorer

    refuse(options, "is for ar, not for a network", "order")
    network = network_named(options.model)
    classes, levels = isinstance(network, LabelledScorer), isinstance(network, LevelScorer)
    if not (classes or levels):
        raise ValueError(f"{options.model} draws sounds and has no likelihood of any")
    clip = read_prepared(options.file, network.config.sample_rate, options.channel)
    if classes:
        return _density(network, clip, options)
    refuse(options, f"is for diffusion models, not for {options.model}", "label", "bound")
    told = conditions(network, options, clip)
    score = partial(network.level_log_likelihood, **told)
    return SimpleNamespace(level_log_likelihood=score), clip, network.config.encoding, options.model


def _density(
    network: Any, clip: Clip, options: argparse.Namespace
) -> tuple[Scorer, Clip, Encoding, object]:
    import numpy as np

    from course_lib.core import seeded
    from course_lib.features import MuLaw

    refuse(options, f"is not for {options.model}: it has none", "voice")
    scorer = network.scorer(
        options.label,
        rng=seeded(1),  # the dither's is another
        kind="lower bound" if options.bound else "estimate",
    )
    config = network.config
    if len(clip) > config.length:
        raise ValueError(
            f"need a sound of {config.duration:g} s at most, as long as those that "
            f"{options.model} draws, got {clip.duration:g} s in {options.file}"
        )
    silence = config.length - len(clip)
    filled = clip.with_samples(np.pad(clip.samples, (0, silence)))
    filling = f", filled up with {silence} samples of silence" if silence else ""
    return scorer, filled, MuLaw(), maker_of(options) + filling
