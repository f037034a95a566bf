"""What autoencoders are asked: their bounds, and how near a rebuilt table comes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from course_lib.models.latent.quantise import perplexity
from course_lib.models.latent.vae import SoundVAE
from course_lib.models.latent.vqvae import SoundVQVAE
from course_lib.zoo.hits import batch_of, hits, sounds_of

DRAWS = 64
"""Latents that the importance-weighted bound looks at."""


def bounds(network: SoundVAE, *, split: str = "test", draws: int = DRAWS) -> dict[str, Any]:
    """Return both bounds of ln p(table) on the hits of a split, in nats per value.

    The ELBO is the mean over as many draws as the importance-weighted bound looks at, so that
    both hang on the same draws.
    """
    batch = batch_of(hits(split), seed=1)
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(draws, len(batch), network.config.latents, generator=generator)
    with torch.no_grad():
        x = network.seen(batch.sounds).flatten(1)
        weights = network.vae.log_weights(x, noise, batch.labels)
        divergence = network.vae.bound(x, noise[0], batch.labels).divergence
    better = torch.logsumexp(weights, 0) - np.log(draws)
    return {
        "hits": len(batch),
        "draws": draws,
        "ELBO, nats per value": float(weights.mean()) / x.shape[1],
        "importance-weighted bound, nats per value": float(better.mean()) / x.shape[1],
        "divergence, nats per hit": float(divergence.mean()),
    }


def rebuilding_error(network: SoundVAE | SoundVQVAE, *, split: str = "test") -> float:
    """Return the mean squared error of rebuilt tables of a split, in their own unit."""
    clips, _ = sounds_of(hits(split))
    errors = []
    for clip in clips:
        table = network.table(clip)
        rebuilt = network.decode(network.encode(clip)[None])
        errors.append(float(((rebuilt - table) ** 2).mean()))
    return float(np.mean(errors))


def coding(network: SoundVQVAE, *, split: str = "test") -> dict[str, Any]:
    """Return how the codes of the hits of a split are used, and what the prior says of them."""
    batch = batch_of(hits(split), seed=1)
    codes = np.stack([network.encode(sound) for sound in batch.sounds.numpy()])
    with torch.no_grad():
        nats = float(network.losses(batch)[1])
    return {
        "hits": len(batch),
        "codes": network.config.codes,
        "perplexity": perplexity(codes, network.config.codes),
        "bits per code, prior": float(nats / np.log(2)),
        "bits per hit, codes of one length": network.bits,
    }
