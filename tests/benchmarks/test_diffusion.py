"""The `diffusion` group: that it draws and looks as it says; how fast, only `bench` asks."""

import importlib.util
import re

import pytest

from course_lib.benchmarks import Missing, diffusion, run
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.sounds import SoundDiffusion
from course_lib.models.diffusion.unet import UNetConfig


@pytest.fixture
def tiny(monkeypatch):
    """The group with small networks, few steps and no clock; every function is called once."""
    monkeypatch.setattr(diffusion, "STEPS", 2)
    monkeypatch.setattr(diffusion, "BATCH", 2)
    monkeypatch.setattr(diffusion, "UNetConfig", lambda: UNetConfig(channels=(8, 8), blocks=1))
    monkeypatch.setattr(diffusion, "DiffWaveConfig", lambda: DiffWaveConfig(8, (1, 2)))
    monkeypatch.setattr(diffusion, "interleaved", lambda *sides: [2.0 for f in sides if not f()])


def test_every_row_draws_what_its_name_says(tiny, monkeypatch):
    drawn = []

    def noted(self, **settings):
        drawn.append((type(self.body).__name__, settings["sampler"], settings["guidance"]))
        assert settings["steps"] == 2
        assert settings["count"] == 2
        return sample(self, **settings)

    sample = SoundDiffusion.sample
    monkeypatch.setattr(SoundDiffusion, "sample", noted)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    *rows, absent = run("diffusion")
    assert isinstance(absent, Missing)
    assert len(rows) == len(diffusion.DRAWINGS) + 1
    for row, (body, sampler, guidance) in zip(rows, drawn, strict=True):
        assert row.ratio == 1.024  # 2 hits of 1.024 s in what counts as 2 s
        assert row.name.startswith(f"{'U-Net' if body == 'UNet' else body}, {sampler}, ")
        assert ("no guidance" in row.name) == (guidance == 1)


def test_a_look_is_compared_with_a_network_of_the_same_size(tiny, monkeypatch):
    pytest.importorskip("diffusers")
    monkeypatch.setattr(diffusion, "DRAWINGS", ())
    *_, row = run("diffusion")
    assert row.peer.startswith("diffusers")
    assert row.ratio == 1


def test_the_peer_of_the_real_network_has_about_as_many_weights(monkeypatch):
    pytest.importorskip("diffusers")
    monkeypatch.setattr(diffusion, "interleaved", lambda *sides: [1.0, 1.0])
    network = diffusion.random_network(UNetConfig())
    (row,) = diffusion._against_diffusers(network)
    ours, theirs = (int(size.replace(",", "")) for size in re.findall(r"[\d,]{6,}", row.name))
    assert ours == sum(p.numel() for p in network.parameters())
    assert theirs == pytest.approx(ours, rel=0.15)
