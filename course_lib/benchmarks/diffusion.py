"""Group `diffusion`: seconds of drawn sound a second of one core, and a look against diffusers'.

Weights are random: what a look costs does not depend on them. Every drawing takes 25 steps on a
batch of eight hits of one second, on one thread; half a second of sound a second is real time on
two cores that share the work evenly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from course_lib.benchmarks.measure import Missing, Row, if_installed, interleaved, versioned
from course_lib.core import seeded
from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.sounds import SamplerName, SoundDiffusion
from course_lib.models.diffusion.unet import UNetConfig

STEPS, BATCH = 25, 8
LENGTH, RATE = 16_384, 16_000
CLASSES = ("kick", "snare", "tom")

DRAWINGS: tuple[tuple[SamplerName, float], ...] = (
    ("ddim", 1.0), ("ddim", 2.0), ("heun", 2.0), ("euler", 1.0),
)  # fmt: skip
"""Samplers of the U-Net, and with how much guidance; the last one follows straight paths."""


def rows() -> Iterator[Row | Missing]:
    """Yield the group's rows."""
    network = random_network(UNetConfig())
    for sampler, guidance in DRAWINGS:
        yield _real_time("U-Net", network, sampler, guidance)
    yield _real_time("DiffWave", random_network(DiffWaveConfig()), "ddim", 1.0)
    yield from if_installed("diffusers", lambda: _against_diffusers(network))


def random_network(body: UNetConfig | DiffWaveConfig) -> SoundDiffusion:
    """Return an untrained model of hits of one second around a network."""
    return SoundDiffusion(SoundDiffusionConfig(CLASSES, body, length=LENGTH, sample_rate=RATE))


def _real_time(name: str, network: SoundDiffusion, sampler: SamplerName, guidance: float) -> Row:
    """Compare the seconds of a batch of sounds with those that one core takes to draw it."""

    def draw() -> None:
        network.sample(
            count=BATCH, rng=seeded(1), label="snare", steps=STEPS, guidance=guidance,
            sampler=sampler,
        )  # fmt: skip

    (seconds,) = interleaved(draw)
    sounds = BATCH * network.config.duration
    guided = f"guidance {guidance:g}" if guidance != 1 else "no guidance"
    return Row(
        f"{name}, {sampler}, {guided}, {STEPS} steps, {BATCH} hits at once: seconds of sound in "
        "a second of one thread",
        sounds / seconds, 0.5, "real time of two such threads", seconds, sounds, "s",
    )  # fmt: skip


def _against_diffusers(network: SoundDiffusion) -> Iterator[Row]:
    """Compare one look at a batch with that of diffusers' network of about as many weights.

    Both see 64 by 64 cells of 4 channels at their finest resolution; the peer is not told a class.
    """
    from diffusers import UNet2DModel

    channels = UNetConfig().channels
    peer: Any = UNet2DModel(
        sample_size=64, in_channels=4, out_channels=4, block_out_channels=channels,
        layers_per_block=1, norm_num_groups=8, add_attention=False,
        down_block_types=("DownBlock2D",) * len(channels),
        up_block_types=("UpBlock2D",) * len(channels),
    )  # fmt: skip
    peer.eval()
    z, cells = torch.zeros(BATCH, 128, 128), torch.zeros(BATCH, 4, 64, 64)
    denoise, sigma = network.denoiser("snare"), torch.ones(BATCH)

    @torch.no_grad()
    def ours() -> None:
        denoise(z, sigma)

    @torch.no_grad()
    def theirs() -> None:
        peer(cells, 1)

    our_seconds, their_seconds = interleaved(ours, theirs)
    sizes = [weights(network), weights(peer)]
    yield Row(
        f"one look at {BATCH} hits, U-Net of {sizes[0]:,} weights against one of {sizes[1]:,}",
        their_seconds / our_seconds, 1.0, versioned("diffusers"), our_seconds, their_seconds, "s",
    )  # fmt: skip


def weights(network: torch.nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(weight.numel() for weight in network.parameters())
