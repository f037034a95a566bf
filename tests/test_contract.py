"""Every model answers the course's questions in the same way: one table, one contract.

A new model adds a row to MODELS; which tests it meets follows from the protocols it satisfies.
"""

import functools
import math

import numpy as np
import pytest
import scipy.signal

from course_lib.audio import Clip
from course_lib.core import LevelScorer, Likelihood, Sampler, Scorer
from course_lib.features.quantise import MuLaw
from course_lib.models.adversarial.gan import WaveGAN, WaveGANConfig
from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.sounds import SoundDiffusion
from course_lib.models.diffusion.unet import UNetConfig
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.linear.ar import AR
from course_lib.models.linear.arima import ARIMA
from course_lib.models.linear.arma import ARMA
from course_lib.models.states.markov import Histogram, MarkovChain
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.linear_recurrence import (
    LinearRecurrenceConfig,
    LinearRecurrentNetwork,
)
from course_lib.models.waveform.lpcnet import LPCNet, LPCNetConfig
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet

SMALL = MuLaw(16)
MODELS = {
    "AR": lambda: AR.fit(training_clip(), 4),
    "AR of order 0": lambda: AR.fit(training_clip(), 0),
    "AR, Laplace": lambda: AR.fit(training_clip(), 4, innovation="laplace"),
    "AR, Student-t": lambda: AR.fit(training_clip(), 4, innovation="student-t"),
    "ARMA": lambda: ARMA.fit(training_clip(), (3, 2), with_mean=True),
    "MA": lambda: ARMA.fit(training_clip(), (0, 3), method="durbin"),
    "ARIMA without differences": lambda: ARIMA.fit(training_clip(), (2, 0, 1)),
    "histogram": lambda: Histogram.fit([training_clip()], SMALL),
    "Markov chain of order 2": lambda: MarkovChain.fit([training_clip()], 2, SMALL),
    "adaptive AR": lambda: AdaptiveAR(order=4, window_length=40, encoding=SMALL),
    "RNN": lambda: RecurrentNetwork(RecurrentConfig("rnn", levels=16, units=8, head=8)),
    "LSTM": lambda: RecurrentNetwork(RecurrentConfig("lstm", levels=16, units=8, head=8)),
    "GRU": lambda: RecurrentNetwork(RecurrentConfig("gru", levels=16, units=8, head=8)),
    "linear recurrence": lambda: LinearRecurrentNetwork(
        LinearRecurrenceConfig(levels=16, width=8, states=8, layers=2)
    ).double(),
    "LPCNet": lambda: LPCNet(LPCNetConfig(levels=16, units=8, head=8, components=2)),
    "WaveNet": lambda: WaveNet(WaveNetConfig((1, 2, 4), channels=8, levels=16)).double(),
    "diffusion of tables": lambda: SoundDiffusion(
        SoundDiffusionConfig(("a",), UNetConfig(8, (8,), 1, condition=8), scale=0.5, length=128)
    ),
    "diffusion of waveforms": lambda: SoundDiffusion(
        SoundDiffusionConfig(("a",), DiffWaveConfig(4, (1, 2), condition=8), scale=0.5, length=128)
    ),
    "WaveGAN": lambda: WaveGAN(
        WaveGANConfig(("a", "b"), (4, 4), (2,), (2,), latent=3, kernel=5, length=512)
    ),
    "WaveNet of one layer": lambda: WaveNet(WaveNetConfig((3,), levels=16)).double(),
}


def training_clip() -> Clip:
    noise = np.random.default_rng(3).laplace(scale=0.02, size=2000)
    return Clip(scipy.signal.lfilter([1.0], [1.0, -1.6, 0.9], noise).clip(-1, 1), 8000)


@functools.cache
def model(name):
    return MODELS[name]()


def those_that_are(protocol) -> list[str]:
    return [name for name in MODELS if isinstance(model(name), protocol)]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_answers_something(name):
    assert isinstance(model(name), Sampler | Scorer | LevelScorer)


# ------------------------------------------------------------------ Sampler


@pytest.mark.parametrize("name", those_that_are(Sampler))
class TestSampler:
    @pytest.mark.parametrize("length", [1, 3, 100])
    @pytest.mark.parametrize("count", [1, 3])
    def test_shape_and_finite(self, name, length, count):
        x = model(name).sample(length, count=count, rng=np.random.default_rng(0))
        assert x.shape == (count, length)
        assert np.isfinite(x).all()

    def test_count_never_changes_the_first_ones(self, name):
        few = model(name).sample(50, count=2, rng=np.random.default_rng(1))
        many = model(name).sample(50, count=5, rng=np.random.default_rng(1))
        np.testing.assert_array_equal(many[:2], few)

    def test_seed_decides_and_nothing_else(self, name):
        first = model(name).sample(50, rng=np.random.default_rng(2))
        np.random.random(3)  # noqa: NPY002 - the global generator must not matter
        again = model(name).sample(50, rng=np.random.default_rng(2))
        other = model(name).sample(50, rng=np.random.default_rng(4))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    def test_signals_differ(self, name):
        first, second = model(name).sample(50, count=2, rng=np.random.default_rng(2))
        assert (first != second).any()

    def test_bad_requests_are_named(self, name):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match="length of at least 1, got 0"):
            model(name).sample(0, rng=rng)
        with pytest.raises(TypeError, match="whole number for length"):
            model(name).sample(2.5, rng=rng)
        with pytest.raises(ValueError, match="count of at least 1, got 0"):
            model(name).sample(5, count=0, rng=rng)
        with pytest.raises(TypeError, match="numpy Generator"):
            model(name).sample(5, rng=7)


# ------------------------------------------------------------------ Scorer


@pytest.mark.parametrize("name", those_that_are(Scorer))
class TestScorer:
    @pytest.mark.parametrize("length", [1, 2, 5, 300])
    def test_returns_a_likelihood(self, name, length):
        x = training_clip().samples[:length]
        likelihood = model(name).log_likelihood(x)
        assert isinstance(likelihood, Likelihood)
        assert math.isfinite(likelihood.nats)
        assert likelihood == model(name).log_likelihood(Clip(x, 8000))

    def test_prefers_what_it_learned_from(self, name):
        x = training_clip().samples
        assert model(name).log_likelihood(x).nats > model(name).log_likelihood(10 * x).nats

    def test_bad_sounds_are_named(self, name):
        bad = [
            (np.zeros(0), ValueError, "at least 1 sample"),
            (np.zeros((8, 2)), ValueError, "mono"),
            (np.full(8, np.nan), ValueError, "nan at index 0"),
            (np.full(8, np.inf), ValueError, "inf at index 0"),
            (np.zeros(8, np.int16), TypeError, "x / 32768"),
        ]
        for x, error, words in bad:
            with pytest.raises(error, match=words):
                model(name).log_likelihood(x)


# ------------------------------------------------------------------ LevelScorer


@pytest.mark.parametrize("name", those_that_are(LevelScorer))
class TestLevelScorer:
    def test_next_levels_share_out_the_probability_of_the_past(self, name):
        """sum_c P(past, c) = P(past): a chain of conditional probabilities, so a true one."""
        past = SMALL.encode(training_clip())[:60]
        for known in (0, 1, 2, 59):
            total = np.logaddexp.reduce(
                [
                    model(name).level_log_likelihood(np.append(past[:known], c), SMALL).nats
                    for c in range(SMALL.levels)
                ]
            )
            before = 0.0
            if known:
                before = model(name).level_log_likelihood(past[:known], SMALL).nats
            assert total == pytest.approx(before, abs=1e-9)

    def test_is_exact_and_at_most_certain(self, name):
        likelihood = model(name).level_log_likelihood(SMALL.encode(training_clip()), SMALL)
        assert likelihood.kind == "exact"
        assert -np.inf < likelihood.nats < 0

    def test_bad_codes_are_named(self, name):
        bad = [
            (np.zeros(0, int), ValueError),
            (np.array([SMALL.levels]), ValueError),
            (np.array([-1]), ValueError),
            (np.zeros((2, 2), int), ValueError),
            (np.array([0.5]), TypeError),
        ]
        for codes, error in bad:
            with pytest.raises(error, match="need"):
                model(name).level_log_likelihood(codes, SMALL)

    def test_another_grid_is_refused(self, name):
        with pytest.raises(ValueError, match="encoding"):
            model(name).level_log_likelihood(np.zeros(5, int), MuLaw())
