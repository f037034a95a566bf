"""The command that lets a model make sound: sample."""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.cli.models import SAMPLERS, conditions, maker_of, network_named
from course_lib.cli.shared import (
    DIFFUSION,
    MODEL,
    ORDER,
    SECONDS,
    SPEECH_RATE,
    TEMPERATURE,
    Commands,
    add_diffusion_options,
    add_order,
    add_output_options,
    add_seed,
    add_voice_and_channel,
    check_output,
    progress_bar,
    read_at,
    read_prepared,
    refuse,
    working,
)

if TYPE_CHECKING:
    from course_lib.audio import Clip


def add_commands(commands: Commands) -> None:
    """Add sample."""
    command = commands.add_parser("sample", help="let a model make sound")
    command.add_argument("model", metavar="MODEL", help=MODEL)
    command.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="what ar is fitted to, and what a vocoder listens to",
    )
    command.add_argument(
        "--seconds",
        type=float,
        help=f"how much (default {SECONDS:g}; of a vocoder or a diffusion model, all of it)",
    )
    add_seed(command)
    add_order(command)
    command.add_argument(
        "--temperature", type=float, help=f"of a network (default {TEMPERATURE:g}; lower is safer)"
    )
    add_voice_and_channel(command)
    diffusion = add_diffusion_options(command)
    diffusion.add_argument(
        "--steps", type=int, metavar="N", help="from noise to sound (default 25)"
    )
    diffusion.add_argument(
        "--guidance", type=float, metavar="G", help="how much the class is exaggerated (default 1)"
    )
    diffusion.add_argument(
        "--sampler", metavar="NAME",
        help="ddim, ddpm, heun, multistep, euler or midpoint (default as trained)",
    )  # fmt: skip
    add_output_options(command)
    command.set_defaults(run=_sample)


def _sample(options: argparse.Namespace) -> int:
    from course_lib.audio import write
    from course_lib.core import check_number

    check_output(options.output, options.overwrite)
    if options.seconds is not None:
        check_number(options.seconds, "--seconds", above=0, below=3600)
    sample = _sample_fitted if options.model in SAMPLERS else _sample_network
    sound, maker, whole = sample(options)
    sound = sound.with_peak() if sound.peak > 1 else sound
    write(options.output, sound, overwrite=options.overwrite)
    print(f"{options.output}: {sound.duration:g} s at {sound.sample_rate} Hz from {maker}")
    if not whole:
        print("interrupted: this is what there was by then", file=sys.stderr)
    return 0 if whole else 130


def _sample_fitted(options: argparse.Namespace) -> tuple[Clip, object, bool]:
    from course_lib.audio import Clip
    from course_lib.core import seeded

    refuse(options, f"is for networks, not for {options.model}", "temperature", "voice")
    refuse(options, f"is for diffusion models, not for {options.model}", *DIFFUSION)
    if options.source is None:
        raise ValueError(f"{options.model} is fitted to a recording: pass --from FILE")
    length = round((options.seconds or SECONDS) * SPEECH_RATE)
    rng = seeded(options.seed)
    clip = read_at(options.source, SPEECH_RATE, options.channel)
    with working(f"fitting {options.model} to {options.source} and sampling"):
        model = SAMPLERS[options.model](clip, ORDER if options.order is None else options.order)
        sound = Clip(model.sample(length, rng=rng)[0], SPEECH_RATE)
    return sound, model, True


def _sample_network(options: argparse.Namespace) -> tuple[Clip, object, bool]:
    from course_lib.core import BlockSampler

    refuse(options, "is for ar, not for a network", "order")
    network = network_named(options.model)
    if isinstance(network, BlockSampler):
        return _sample_blocks(network, options)
    return _sample_at_once(network, options)


def _sample_at_once(network: Any, options: argparse.Namespace) -> tuple[Clip, object, bool]:
    from course_lib.audio import Clip
    from course_lib.core import seeded

    others = ("source", "channel", "temperature", "voice")
    refuse(options, f"is not for {options.model}, which draws from noise alone", *others)
    takes = inspect.signature(network.sample).parameters
    unknown = [name for name in DIFFUSION if name not in takes]
    refuse(options, f"is for diffusion models, not for {options.model}", *unknown)
    config = network.config
    seconds = config.duration if options.seconds is None else options.seconds
    if seconds > config.duration:
        raise ValueError(
            f"need --seconds of {config.duration:g} at most, as long as the sounds that "
            f"{options.model} draws, got {seconds:g}"
        )
    asked = {name: getattr(options, name) for name in DIFFUSION}
    told = {name: value for name, value in asked.items() if value is not None}
    with working(f"sampling from {options.model}"):
        length = round(seconds * config.sample_rate)
        sound = network.sample(length, rng=seeded(options.seed), **told)[0]
    return Clip(sound, config.sample_rate), maker_of(options), True


def _sample_blocks(network: Any, options: argparse.Namespace) -> tuple[Clip, object, bool]:
    import numpy as np

    from course_lib.audio import Clip
    from course_lib.core import seeded

    refuse(options, f"is for diffusion models, not for {options.model}", *DIFFUSION)
    # What it listens to, and how long
    rate = network.config.sample_rate
    clip = None
    if getattr(network.config, "mel", None) is not None:
        if options.source is None:
            raise ValueError(
                f"{options.model} turns a recording into sound again: pass --from FILE"
            )
        clip = read_prepared(options.source, rate, options.channel)
    else:
        refuse(options, f"is not for {options.model}: it listens to none", "source", "channel")
    most = SECONDS if clip is None else clip.duration
    seconds = most if options.seconds is None else options.seconds
    length = round(seconds * rate)
    if clip is not None:
        if length > len(clip):
            raise ValueError(f"need --seconds of {most:g} at most, as {options.source} has")
        clip = clip.with_samples(clip.samples[:length])
    # Block by block; what Ctrl-C leaves is kept
    told = conditions(network, options, clip)
    temperature = TEMPERATURE if options.temperature is None else options.temperature
    rng, blocks = seeded(options.seed), list[np.ndarray]()
    with progress_bar() as progress:
        task = progress.add_task(f"sampling from {options.model}", total=length)
        try:
            for block in network.blocks(length, rng=rng, temperature=temperature, **told):
                blocks.append(block)
                progress.advance(task, len(block))
        except KeyboardInterrupt:
            if not blocks:
                raise
    sound = Clip(np.concatenate(blocks), rate)
    return sound, options.model, len(sound) == length
