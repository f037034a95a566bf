"""The commands that make files smaller, and restore them: compress, decompress."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.cli.models import network_named
from course_lib.cli.shared import (
    Commands,
    check_output,
    check_replaced,
    progress_bar,
    read_prepared,
)

if TYPE_CHECKING:
    from course_lib.applications.exact import ExactModel
    from course_lib.audio import Clip

_RAW = argparse.RawDescriptionHelpFormatter


def add_commands(commands: Commands) -> None:
    """Add compress and decompress."""
    command = commands.add_parser(
        "compress",
        help="make a sound smaller, without loss, by a model's predictions",
        formatter_class=_RAW,
        description="Write a sound as the number of bits that a model needs to tell it.\n\n"
        "ar restores 16-bit samples at the file's own rate. A network restores the 8-bit µ-law\n"
        "levels at its own rate, to which the sound is brought first.",
        epilog="examples:\n  course compress prompt.wav -o prompt.acz\n"
        "  course compress prompt.wav -o prompt.acz --model gru-speech\n"
        "  course decompress prompt.acz -o restored.wav",
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.acz")
    command.add_argument(
        "--model", default="ar", metavar="NAME", help="ar (default), gru-speech, lstm-speech or "
        "wavenet-speech; slower in this order, and smaller on speech",
    )  # fmt: skip
    command.add_argument("--channel", type=int, help="of a stereo file: 0 or 1")
    command.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    command.set_defaults(run=_compress)
    command = commands.add_parser(
        "decompress",
        help="restore a sound that compress wrote",
        formatter_class=_RAW,
        description="Restore a sound bit for bit, or say why that cannot be.",
        epilog="example:\n  course decompress prompt.acz -o restored.wav",
    )
    command.add_argument("file", type=Path, metavar="FILE.acz")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav")
    command.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    command.set_defaults(run=_decompress)


def _compress(options: argparse.Namespace) -> int:
    from course_lib.applications.compression import compress
    from course_lib.core import replacing

    check_replaced(options.output, options.overwrite)
    clip, model = _heard(options)
    codes = model.encoding.encode(clip)
    with progress_bar() as progress:
        task = progress.add_task(f"compressing by {options.model}", total=len(codes))
        data = compress(
            codes, model, name=options.model, sample_rate=clip.sample_rate,
            progress=lambda done: progress.advance(task, done),
        )  # fmt: skip
    with replacing(options.output, overwrite=options.overwrite) as temporary:
        temporary.write_bytes(data)
    bits = 8 * len(data) / len(codes)
    print(
        f"{options.output}: {len(data)} bytes, {bits:.2f} bits per sample; {len(codes)} samples of "
        f"{model.encoding.name} at {clip.sample_rate} Hz by {options.model}"
    )
    return 0


def _decompress(options: argparse.Namespace) -> int:
    from course_lib.applications.compression import decompress, read_header
    from course_lib.audio import Clip, write

    check_output(options.output, options.overwrite)
    data = options.file.read_bytes()
    header = read_header(data)
    model = _exact(header.model, header.encoding.levels)
    with progress_bar() as progress:
        task = progress.add_task(f"restoring by {header.model}", total=header.samples)
        codes = decompress(data, model, progress=lambda done: progress.advance(task, done))
    clip = Clip(model.encoding.decode(codes), header.sample_rate)
    write(options.output, clip, overwrite=options.overwrite)
    print(
        f"{options.output}: {clip.duration:g} s at {clip.sample_rate} Hz, {model.encoding.name}, "
        "bit for bit"
    )
    return 0


def _heard(options: argparse.Namespace) -> tuple[Clip, ExactModel]:
    """Return the sound as the model hears it, and the model."""
    from course_lib.audio import read

    if options.model == "ar":
        clip = read(options.file, channel=options.channel)
        if clip.peak > 1:
            print(f"{options.file}: scaled from a peak of {clip.peak:.3f} to 1", file=sys.stderr)
            clip = clip.with_peak(1.0)
        return clip, _exact("ar", 2**16)
    model = _exact(options.model, 256)
    rate = network_named(options.model).config.sample_rate
    return read_prepared(options.file, rate, options.channel), model


def _exact(name: str, levels: int) -> ExactModel:
    """Return the model of that name in exact arithmetic."""
    from course_lib.applications.exact import ExactAR
    from course_lib.applications.exact_networks import exact_network
    from course_lib.features import LinearQuantiser, MuLaw

    if name == "ar":
        return ExactAR(LinearQuantiser(16) if levels == 2**16 else MuLaw(levels))
    return exact_network(network_named(name))
