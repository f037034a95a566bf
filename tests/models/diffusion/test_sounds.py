"""Diffusion models of sounds: what the network learns, draws, repairs and scores."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from course_lib.audio import Clip
from course_lib.core import LabelledBatch, Likelihood, Scorer, Trainable, spawn
from course_lib.evaluation import bits_per_sample
from course_lib.features import MuLaw
from course_lib.models.diffusion.configuration import SIGMA_MAX, SoundDiffusionConfig
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.samplers import last
from course_lib.models.diffusion.sounds import TOGETHER, SoundDiffusion
from course_lib.models.diffusion.transforms import Waveform
from course_lib.models.diffusion.unet import UNetConfig
from course_lib.training import Schedule, training_steps

LENGTH, RATE = 256, 8000
TABLE = SoundDiffusionConfig(
    ("low", "high"),
    UNetConfig(bands=8, channels=(8, 16), blocks=1, patch=2, condition=16),
    scale=0.6,
    softness=0.01,
    level_mean=-0.6,
    level_std=1.2,
    length=LENGTH,
    sample_rate=RATE,
)
WAVE = replace(
    TABLE,
    body=DiffWaveConfig(channels=4, dilations=(1, 2), patch=2, condition=4),
    scale=0.2,
)
FLOW = replace(TABLE, path="flow")
CONFIGS = {"table": TABLE, "wave": WAVE, "flow": FLOW}
SAMPLERS = ("ddim", "ddpm", "heun", "euler", "midpoint")


def network(config=TABLE, **changes):
    """A small network with weights far from their beginning, so that everything matters."""
    net = SoundDiffusion(replace(config, **changes))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.1 * torch.randn(p.shape, generator=generator)
    return net


def tones(count, seed):
    """Decaying tones: the label 0 around 500 Hz, 1 around 2500 Hz; every second one is high."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pitch = np.where(labels, 2500, 500)[:, None] * 2 ** rng.uniform(-0.2, 0.2, (count, 1))
    time = np.arange(LENGTH) / RATE
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    sounds = 0.5 * np.exp(-time / 0.008) * np.sin(2 * np.pi * pitch * time + phase)
    return LabelledBatch(torch.from_numpy(sounds).float(), torch.from_numpy(labels), seed)


def sounds(*shape, seed=1, size=0.1):
    return np.random.default_rng(seed).normal(0, size, shape)


def draw(net, seed=1, **settings):
    return net.sample(rng=np.random.default_rng(seed), **{"steps": 2, **settings})


@pytest.fixture(scope="module", params=["edm", "flow"])
def trained(request):
    """A network that has seen 200 batches of low and high tones."""
    net = SoundDiffusion(replace(TABLE, path=request.param), seed=1)
    schedule = Schedule(200, 1e-2, warmup=20)
    for _ in training_steps(net, lambda index: tones(16, index), schedule):
        pass
    return net.eval()


# ------------------------------------------------------------------ learning


@pytest.mark.parametrize("name", CONFIGS)
def test_the_loss_is_the_papers(name):
    """Karras et al. (2022), eq. 2, 7 and table 1; or || (n - z) - (z_t - D) / t ||^2."""
    net, batch = network(CONFIGS[name]), tones(5, seed=3)
    config = net.config
    generator = torch.Generator().manual_seed(3)
    sigma = torch.exp(config.level_mean + config.level_std * torch.randn(5, generator=generator))
    label = batch.labels.clone()
    label[torch.rand(5, generator=generator) < config.label_dropout] = 2
    total = 0.0
    z = net.seen(batch.sounds)
    n = torch.randn(z.shape, generator=generator)
    for i in range(5):
        s = float(sigma[i])
        noisy = z[i] + s * n[i]
        level, one = torch.tensor([math.log(s) / 4]), label[i : i + 1]
        said = net.body(noisy[None] / math.sqrt(s**2 + 1), level, one)[0].detach()
        guess = noisy / (s**2 + 1) + s / math.sqrt(s**2 + 1) * said
        if config.path == "edm":
            total += (s**2 + 1) / s**2 * (guess - z[i]).square().mean()
        else:
            t = s / (1 + s)
            moved = ((1 - t) * z[i] + t * n[i] - guess) / t
            total += (n[i] - z[i] - moved).square().mean()
    loss, carry = net.loss(batch)
    assert carry is None
    assert loss.item() == pytest.approx(float(total) / 5, rel=1e-4)


def test_the_loss_depends_on_the_batch_and_its_seed_alone():
    net, batch = network(), tones(8, seed=3)
    torch.manual_seed(1)
    first = net.loss(batch)[0]
    torch.manual_seed(2)
    assert net.loss(batch)[0] == first
    assert net.loss(replace(batch, seed=4))[0] != first
    assert isinstance(net, Trainable)


@pytest.mark.parametrize(("share", "rows"), [(0.0, [0, 1]), (1 - 1e-9, [2])])
def test_a_share_of_the_classes_is_not_told(share, rows):
    net = network(label_dropout=share)
    net.loss(tones(8, seed=3))[0].backward()
    gradient = net.body.condition.label.weight.grad
    assert gradient.abs().sum(1).nonzero().flatten().tolist() == rows


@pytest.mark.parametrize(
    ("length", "labels", "said"),
    [
        (LENGTH - 8, [0, 1], "need sounds of 256 samples, got 248"),
        (LENGTH, [0, 2], r"need labels from 0 to 1, got \[0, 2\]"),
        (LENGTH, [-1, 0], r"need labels from 0 to 1, got \[-1, 0\]"),
    ],
)
def test_batches_that_will_not_do(length, labels, said):
    with pytest.raises(ValueError, match=said):
        network().loss(LabelledBatch(torch.zeros(2, length), torch.tensor(labels)))


def test_what_it_learned_sounds_like_the_class_that_is_asked_for(trained):
    """The middle of the spectrum lies below 1500 Hz for low tones and above for high ones."""
    untrained = SoundDiffusion(trained.config, seed=1)
    with torch.no_grad():
        before, after = (net.loss(tones(64, seed=999))[0] for net in (untrained, trained))
    assert after < 0.7 * before
    frequencies = np.fft.rfftfreq(LENGTH, 1 / RATE)
    for sampler in (None, "ddpm"):
        for label, sign in (("low", -1), ("high", 1)):
            drawn = draw(trained, count=8, label=label, steps=10, guidance=1.5, sampler=sampler)
            power = np.abs(np.fft.rfft(drawn)) ** 2
            middle = (power @ frequencies) / power.sum(1)
            assert np.mean(sign * (middle - 1500) > 0) >= 7 / 8, middle


# ------------------------------------------------------------------ denoising


def test_guidance_of_one_is_no_guidance():
    net = network()
    z, sigma = torch.randn(2, 32, 8), torch.tensor([0.5, 3.0])
    with torch.no_grad():
        told, untold = (net.conditioned(torch.full((2,), some))(z, sigma) for some in (1, 2))
        assert torch.equal(net.denoiser("high", guidance=1)(z, sigma), told)
        assert torch.equal(net.denoiser(None)(z, sigma), untold)
        twice = net.denoiser("high", guidance=2.5)(z, sigma)
    torch.testing.assert_close(twice, untold + 2.5 * (told - untold))
    assert (twice - told).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("label", "guidance", "error", "said"),
    [
        ("lowe", 1.0, ValueError, "no class is called 'lowe'; there are 'low', 'high'"),
        ("xyz", 1.0, ValueError, "no class is called 'xyz'; there are 'low', 'high'"),
        ("", 1.0, ValueError, "no class is called ''"),
        (1, 1.0, ValueError, "no class is called 1"),
        (None, 2.0, ValueError, "need a class to guide towards, got guidance 2.0 and none"),
        ("low", math.nan, ValueError, "guidance"),
        ("low", math.inf, ValueError, "guidance"),
        ("low", "much", TypeError, "need a number for guidance"),
    ],
)
def test_classes_that_are_none(label, guidance, error, said):
    net = network()
    for ask in (net.denoiser, lambda some, **settings: draw(net, label=some, **settings)):
        with pytest.raises(error, match=said):
            ask(label, guidance=guidance)


# ------------------------------------------------------------------ drawing


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("sampler", [None, *SAMPLERS])
def test_the_seed_decides_whatever_the_count(name, sampler):
    net = network(CONFIGS[name])
    many = draw(net, count=TOGETHER + 2, label="low", sampler=sampler)
    assert (many.shape, many.dtype) == ((TOGETHER + 2, LENGTH), np.float32)
    assert np.abs(many).max() <= 1
    for count in (1, 3):
        few = draw(net, count=count, label="low", sampler=sampler)
        np.testing.assert_allclose(few, many[:count], atol=1e-4)
    assert len({sound.tobytes() for sound in many}) == TOGETHER + 2
    assert (draw(net, seed=2, label="low", sampler=sampler) != many[:1]).any()


def test_without_a_wish_each_path_has_its_own_sampler():
    for config, usual in ((TABLE, "heun"), (FLOW, "midpoint")):
        net = network(config)
        np.testing.assert_array_equal(draw(net), draw(net, sampler=usual))
        others = [draw(net, sampler=sampler) for sampler in SAMPLERS if sampler != usual]
        assert all(np.abs(other - draw(net)).max() > 1e-4 for other in others)


@pytest.mark.parametrize("length", [1, 100, LENGTH])
def test_shorter_sounds_are_the_beginning_of_whole_ones(length):
    net = network()
    np.testing.assert_array_equal(draw(net, length=length), draw(net)[:, :length])


def test_sounds_beyond_full_scale_are_scaled_down_and_no_others():
    loud, quiet = (draw(network(WAVE, scale=s), count=4, steps=10) for s in (2.0, 0.02))
    np.testing.assert_allclose(np.abs(loud).max(1), 1, atol=1e-6)
    assert np.abs(quiet).max() < 0.2


@pytest.mark.parametrize(
    ("sampler", "error"),
    [("ddim", 0.08), ("ddpm", 0.15), ("heun", 0.01), ("euler", 0.05), ("midpoint", 0.01)],
)
@pytest.mark.parametrize("name", CONFIGS)
def test_untrained_networks_draw_white_noise(name, sampler, error):
    """F = 0 makes D = z / (1 + sigma^2), the denoiser of N(0, I); its ODE leads straight home.

    In 40 steps the methods of first order lose some of the power, those of second hardly any.
    """
    net = SoundDiffusion(CONFIGS[name])
    rngs = [np.random.default_rng(i) for i in range(8)]
    z = last(net.watch(net.denoiser(None), rngs, 40, sampler))
    shape = z.shape[1:]
    start = np.stack([np.random.default_rng(i).standard_normal(shape) for i in range(8)])
    if sampler == "ddpm":  # which forgets where it began
        assert float(z.mean()) == pytest.approx(0, abs=0.1)
        assert float(z.std()) == pytest.approx(1, abs=error)
        assert abs(np.corrcoef(z.flatten(), start.flatten())[0, 1]) < 0.1
    else:
        np.testing.assert_allclose(z, start, rtol=error)


def test_every_step_can_be_watched():
    net = network()
    states = list(net.watch(net.denoiser("low"), spawn(np.random.default_rng(1), 2), 5, "ddim"))
    assert len(states) == 5
    levels = [state.sigma for state in states]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] < SIGMA_MAX
    assert levels[-1] == 0
    heard = net.seen.inverse(states[-1].x).numpy()
    drawn = draw(net, count=2, label="low", steps=5, sampler="ddim")
    np.testing.assert_allclose(heard / np.maximum(1, np.abs(heard).max(1, keepdims=True)), drawn)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"steps": 0}, ValueError, "need steps of at least 1, got 0"),
        ({"steps": -3}, ValueError, "need steps of at least 1, got -3"),
        ({"steps": 2.5}, TypeError, "whole number for steps"),
        ({"sampler": "euclid"}, ValueError, "need a sampler out of ddim, ddpm, .* got 'euclid'"),
        ({"count": 0}, ValueError, "need count of at least 1"),
        ({"length": 0}, ValueError, "need length of at least 1"),
        ({"length": LENGTH + 1}, ValueError, r"at most 256 samples, which is 0.032 s, got 257"),
        ({"length": 2.5}, TypeError, "whole number for length"),
        ({"rng": 7}, TypeError, "numpy Generator"),
    ],
)
def test_requests_that_will_not_do(settings, error, said):
    with pytest.raises(error, match=said):
        network().sample(**{"rng": np.random.default_rng(1), "steps": 2, **settings})


# ------------------------------------------------------------------ repairing


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("length", [LENGTH, 100])
def test_what_is_known_stays_and_what_is_missing_is_filled(name, length):
    net, x = network(CONFIGS[name]), sounds(length)
    missing = np.zeros(length, bool)
    missing[40:70] = True
    spoiled = np.where(missing, 1e3, x)  # what stands there must not matter

    def repair(sound, seed, count=1):
        rng = np.random.default_rng(seed)
        return net.inpaint(sound, missing, count=count, rng=rng, label="low", steps=3)

    filled = repair(x, 1, count=2)
    assert (filled.shape, filled.dtype) == ((2, length), np.float32)
    np.testing.assert_array_equal(filled[:, ~missing], np.tile(x[~missing].astype("f"), (2, 1)))
    assert np.abs(filled).max() <= 1
    assert np.abs(filled[:, missing] - x[missing]).max(1).min() > 1e-3
    assert (filled[0] != filled[1]).any()
    np.testing.assert_allclose(repair(spoiled, 1), filled[:1], atol=1e-5)
    assert (repair(x, 2) != filled[:1]).any()


def test_with_nothing_missing_nothing_changes_and_with_all_missing_a_sound_is_drawn():
    net, x = network(scale=0.2), sounds(LENGTH)
    rng = np.random.default_rng(1)
    whole = net.inpaint(x, np.zeros(LENGTH, bool), rng=rng, steps=2)
    np.testing.assert_array_equal(whole[0], x.astype("f"))
    drawn = net.inpaint(x, np.ones(LENGTH, bool), rng=np.random.default_rng(1), steps=10)
    expected = draw(net, steps=10)
    assert np.abs(expected).max() < 1
    np.testing.assert_allclose(drawn, expected, atol=1e-4)


def test_a_gap_in_a_tone_is_filled_with_that_tone(trained):
    x = tones(2, seed=5).sounds.numpy()[0]
    missing = np.zeros(LENGTH, bool)
    missing[24:40] = True
    filled = trained.inpaint(
        x, missing, count=8, rng=np.random.default_rng(1), label="low", steps=10
    )
    error = np.square(filled[:, missing] - x[missing]).mean(1)
    assert np.median(error) < np.square(x[missing]).mean()  # that of silence; of chance: twice


def test_enhancing_is_one_look():
    """Untrained, a DiffWave takes all for white noise of its scale: the Wiener filter of that."""
    x = sounds(100)
    for noise in (0.05, 0.4):
        found = SoundDiffusion(WAVE).enhance(x, noise)
        np.testing.assert_allclose(found, x / (1 + (noise / WAVE.scale) ** 2), rtol=1e-5)
    net, sigma = network(WAVE), torch.tensor([0.05 / WAVE.scale])
    z = torch.zeros(1, LENGTH)
    z[0, :100] = torch.from_numpy(x) / WAVE.scale
    with torch.no_grad():
        expected = net.denoiser(None)(z, sigma)[0, :100] * WAVE.scale
    np.testing.assert_allclose(net.enhance(x, 0.05), expected, atol=1e-6)


def test_only_waveforms_are_enhanced():
    with pytest.raises(ValueError, match="need a network that sees the waveform itself"):
        network().enhance(sounds(LENGTH), 0.1)


@pytest.mark.parametrize("noise", [0.0, -1.0, math.nan, math.inf])
def test_noise_that_is_none(noise):
    with pytest.raises(ValueError, match="need noise strictly between 0 and inf"):
        network(WAVE).enhance(sounds(LENGTH), noise)


@pytest.mark.parametrize(
    ("x", "missing", "error", "said"),
    [
        (sounds(LENGTH), np.zeros(LENGTH), TypeError, "boolean for each of 256 samples"),
        (sounds(LENGTH), np.zeros(9, bool), TypeError, r"got bool of shape \(9,\)"),
        (sounds(300), np.zeros(300, bool), ValueError, "at most 256 samples, got 300"),
    ],
)
def test_gaps_that_will_not_do(x, missing, error, said):
    with pytest.raises(error, match=said):
        network().inpaint(x, missing, rng=np.random.default_rng(1), steps=2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"label": "lo"}, "no class"), ({"steps": 0}, "steps"), ({"sampler": "x"}, "sampler")],
)
def test_repairs_that_will_not_do(settings, said):
    gap = np.ones(LENGTH, bool)
    with pytest.raises(ValueError, match=said):
        network().inpaint(sounds(LENGTH), gap, rng=np.random.default_rng(1), **settings)


BAD_SOUNDS = [
    (np.zeros(0), ValueError, "at least 1 sample"),
    (np.zeros((LENGTH, 2)), ValueError, "mono"),
    (np.full(LENGTH, np.nan), ValueError, "nan at index 0"),
    (np.full(LENGTH, np.inf), ValueError, "inf at index 0"),
    (np.zeros(LENGTH, np.int16), TypeError, "x / 32768"),
]


@pytest.mark.parametrize(("x", "error", "said"), BAD_SOUNDS)
def test_bad_sounds_are_named(x, error, said):
    net = network(WAVE)
    rng = np.random.default_rng(1)
    for ask in (
        lambda: net.inpaint(x, np.zeros(len(x), bool), rng=rng),
        lambda: net.enhance(x, 0.1),
        lambda: net.scorer(None, rng=rng).log_likelihood(x),
    ):
        with pytest.raises(error, match=said):
            ask()


# ------------------------------------------------------------------ scoring


def truth(net, x):
    """log N(z; 0, I) + ln |det dz/dx|, the density of an untrained network."""
    z = net.seen(torch.from_numpy(x)[None])
    normal = -0.5 * float((z**2).sum() + z.numel() * math.log(2 * math.pi))
    return normal + float(net.seen.log_jacobian(z))


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("size", [0.003, 0.1])
def test_untrained_networks_have_a_density_in_closed_form(name, size):
    net, x = SoundDiffusion(CONFIGS[name]), sounds(LENGTH, size=size)
    scorer = net.scorer("low", rng=np.random.default_rng(1), steps=48)
    likelihood = scorer.log_likelihood(x)
    assert isinstance(scorer, Scorer)
    assert likelihood.kind == "estimate"
    assert likelihood.nats == pytest.approx(truth(net, x), abs=5e-3 * LENGTH)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_bound_is_tight_for_the_best_denoiser_and_low_for_another(name):
    """In the mean over its draws; of 100, the standard error is some 0.06 nats per sample."""
    x = sounds(LENGTH)
    gaps = []
    for net in (SoundDiffusion(CONFIGS[name]), network(CONFIGS[name])):
        scorer = net.scorer(None, rng=np.random.default_rng(1), kind="lower bound", steps=100)
        likelihood = scorer.log_likelihood(x)
        assert likelihood.kind == "lower bound"
        gaps.append((truth(net, x) - likelihood.nats) / LENGTH)
    assert gaps[0] == pytest.approx(0, abs=0.2)
    assert gaps[1] > gaps[0] + 0.005  # with the same noise


def test_scores_depend_on_the_class_and_their_generator_alone(trained):
    batch = tones(8, seed=77)
    nats = {
        label: [
            trained.scorer(label, rng=np.random.default_rng(1), steps=12).log_likelihood(x).nats
            for x in batch.sounds.numpy()
        ]
        for label in ("low", "high")
    }
    margin = np.array(nats["low"]) - np.array(nats["high"])
    assert (margin[0::2] > 0).mean() >= 3 / 4
    assert (margin[1::2] < 0).mean() >= 3 / 4
    x = Clip(batch.sounds[0].numpy(), RATE)
    again = trained.scorer("low", rng=np.random.default_rng(1), steps=12).log_likelihood(x)
    assert again == Likelihood(nats["low"][0], "estimate")


def test_scores_come_to_the_common_grid():
    net, clip = SoundDiffusion(WAVE), Clip(sounds(LENGTH), RATE)
    scorer = net.scorer(None, rng=np.random.default_rng(1), steps=32)
    score = bits_per_sample(scorer, clip, MuLaw(), rng=np.random.default_rng(2))
    codes = MuLaw().encode(clip)
    widths = MuLaw().log_width(codes).sum()
    expected = -(truth(net, MuLaw().decode(codes)) + widths) / LENGTH / math.log(2)
    assert (score.kind, score.samples) == ("estimate", LENGTH)
    assert score.bits == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("label", "settings", "error", "said"),
    [
        ("hig", {}, ValueError, "no class is called 'hig'; there are 'low', 'high'"),
        (None, {"kind": "exact"}, ValueError, "need 'estimate' or 'lower bound', got 'exact'"),
        (None, {"steps": 1}, ValueError, "need steps of at least 2, got 1"),
        (None, {"rng": 3}, TypeError, "numpy Generator"),
    ],
)
def test_scorers_that_will_not_do(label, settings, error, said):
    with pytest.raises(error, match=said):
        network().scorer(label, **{"rng": np.random.default_rng(1), **settings})


@pytest.mark.parametrize("length", [1, LENGTH - 1, LENGTH + 1])
def test_only_whole_sounds_are_scored(length):
    scorer = network().scorer(None, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match=f"need the 256 samples .* got {length}; fill up with"):
        scorer.log_likelihood(sounds(length))


# ------------------------------------------------------------------ configurations


def test_the_seed_makes_the_first_weights():
    one, same, other = (SoundDiffusion(TABLE, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    assert not any(name.startswith("seen.") for name in one)  # nothing that is not learned
    with pytest.raises(ValueError, match="need seed of at least 0"):
        SoundDiffusion(TABLE, seed=-1)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"classes": ()}, ValueError, "one or more different classes"),
        ({"classes": ("a", "a")}, ValueError, "one or more different classes"),
        ({"classes": "snare"}, ValueError, "one or more different classes, got 'snare'"),
        ({"path": "curved"}, ValueError, "need a path out of"),
        ({"scale": 0.0}, ValueError, "need scale strictly between 0"),
        ({"softness": -1.0}, ValueError, "need softness strictly between 0"),
        ({"level_mean": math.nan}, ValueError, "need level_mean"),
        ({"level_std": 0.0}, ValueError, "need level_std"),
        ({"label_dropout": 1.0}, ValueError, "label_dropout of 0 or more and below 1, got 1"),
        ({"label_dropout": -0.1}, ValueError, "label_dropout of 0 or more and below 1"),
        ({"length": 250}, ValueError, "multiple of 32 samples for this network, got 250"),
        ({"length": 0}, ValueError, "need length of at least 1"),
        ({"sample_rate": 0}, ValueError, "need sample_rate of at least 1"),
        ({"sample_rate": 8000.5}, TypeError, "whole number for sample_rate"),
    ],
)
def test_configurations_that_will_not_do(changes, error, said):
    with pytest.raises(error, match=said):
        replace(TABLE, **changes)


def test_a_duration_is_a_length_in_seconds():
    assert TABLE.duration == 0.032


@dataclass(frozen=True)
class StripesConfig:
    """A body of a third kind: it sees a waveform cut into rows, and says nothing."""

    width: int = 16
    multiple = 16

    def shape(self, length):
        return length // self.width, self.width

    def transform(self, length, *, scale, softness):
        return Stripes(scale, self.width)

    def build(self, classes):
        return Silent()

    def describe(self, length):
        return f"{length // self.width} stripes"


class Stripes(Waveform):
    def __init__(self, scale, width):
        super().__init__(scale)
        self.width = width

    def forward(self, x):
        return super().forward(x).unflatten(1, (-1, self.width))

    def inverse(self, z):
        return super().inverse(z.flatten(1))

    def log_jacobian(self, z):
        return super().log_jacobian(z.flatten(1))


class Silent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x, level, label):
        return self.gain * x


def test_a_third_body_draws_repairs_and_scores_like_the_others():
    net, x = SoundDiffusion(replace(WAVE, body=StripesConfig())), sounds(LENGTH)
    net.loss(tones(4, seed=3))[0].backward()
    assert net.body.gain.grad != 0
    expected = draw(SoundDiffusion(WAVE), steps=5)  # untrained as well: the same answer, 0
    np.testing.assert_allclose(draw(net, steps=5), expected, atol=1e-6)
    np.testing.assert_allclose(net.enhance(x, 0.1), SoundDiffusion(WAVE).enhance(x, 0.1), rtol=1e-5)
    filled = net.inpaint(x, np.arange(LENGTH) > 99, rng=np.random.default_rng(1), steps=2)
    np.testing.assert_array_equal(filled[0, :100], x[:100].astype("f"))
    found = net.scorer(None, rng=np.random.default_rng(1), steps=48).log_likelihood(x)
    assert found.nats == pytest.approx(truth(net, x), abs=5e-3 * LENGTH)
    with pytest.raises(ValueError, match="multiple of 16 samples for this network, got 250"):
        replace(net.config, length=250)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("table", "U-Net over 32 x 8 MDCT coefficients"),
        ("wave", "DiffWave of 2 layers and 4 channels"),
    ],
)
def test_a_body_says_what_it_is(name, said):
    assert CONFIGS[name].body.describe(LENGTH) == said
