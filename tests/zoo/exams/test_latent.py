"""The recipes of autoencoders, and what their exams say of untrained ones."""

import numpy as np
import pytest
import torch

from course_lib.models.latent.vae import SoundVAE
from course_lib.zoo.exams.latent import bounds, coding, rebuilding_error
from course_lib.zoo.recipes.latent import LATENT, CodecRecipe, PooledRecipe


@pytest.fixture(scope="module")
def vae() -> SoundVAE:
    return LATENT["vae-percussion"].build().eval()


def test_the_weighted_bound_is_the_better_one(vae):
    found = bounds(vae, split="validation", draws=8)
    better = found["importance-weighted bound, nats per value"]
    assert better > found["ELBO, nats per value"]
    assert found["divergence, nats per hit"] >= 0


def test_both_are_rebuilt_and_coded(vae):
    network = LATENT["vqvae-percussion"].build().eval()
    for each in (vae, network):
        assert 0 < rebuilding_error(each, split="validation") < 10
    found = coding(network, split="validation")
    assert 1 <= found["perplexity"] <= found["codes"]
    assert found["bits per code, prior"] > 0


def test_pooled_batches_come_again_with_noise_of_their_own():
    recipe = LATENT["vae-percussion"]
    assert isinstance(recipe, PooledRecipe)
    batches = recipe.batches(recipe.build())
    first, again, other = (batches(i) for i in (0, recipe.pool, 1))
    assert torch.equal(first.sounds, again.sounds)
    assert first.seed != again.seed
    assert not torch.equal(first.sounds, other.sounds)


def test_the_codec_hears_pieces_of_frames():
    recipe = LATENT["codec-speech"]
    assert isinstance(recipe, CodecRecipe)
    codec = recipe.build()
    batch = recipe.batches(codec)(0)
    assert batch.mel.shape == (recipe.length, recipe.size, codec.config.bands)
    assert np.isfinite(float(codec.loss(batch)[0].detach()))


@pytest.mark.parametrize("name", sorted(LATENT))
def test_a_recipe_says_what_it_makes(name):
    recipe = LATENT[name]
    said = recipe.describe(recipe.build())
    assert "16000 Hz" in said
