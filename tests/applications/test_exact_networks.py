"""Networks in whole numbers: close to the networks, and the same on every kind of processor."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import tiny
import torch

from course_lib import zoo
from course_lib.applications.arithmetic import TOTAL
from course_lib.applications.compression import code_length
from course_lib.applications.exact_networks import (
    exact_network,
    mixture_shares,
    softmax_shares,
)
from course_lib.corpora import load
from course_lib.features import MuLaw
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet, WaveNetConfig

MIXED = WaveNetConfig((1, 2, 4), channels=5, skip=6, head=7, levels=256, components=3)
NETWORKS = {
    "wavenet": WaveNet(tiny.WAVENET, seed=1),
    "mixture": WaveNet(MIXED, seed=2),
    "gru": RecurrentNetwork(tiny.RECURRENT, seed=3),
    "lstm": RecurrentNetwork(tiny.LSTM, seed=4),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_shares_are_the_networks_probabilities(name, rng):
    network = NETWORKS[name]
    levels, encoding = network.config.levels, network.config.encoding
    codes = np.clip(levels // 2 + rng.normal(0, levels / 8, 200), 0, levels - 1).astype(np.int64)
    own = -network.level_log_likelihood(codes, encoding).bits
    assert code_length(codes, exact_network(network)) == pytest.approx(own, rel=2e-3)


@pytest.mark.parametrize("name", ["gru-speech", "lstm-speech", "wavenet-speech"])
def test_trained_networks_lose_less_than_a_hundredth(name):
    network = zoo.load(name)
    clip = zoo_clip()
    own = -network.level_log_likelihood(clip, MuLaw()).bits
    assert code_length(clip, exact_network(network)) == pytest.approx(own, rel=0.01)


def zoo_clip(samples: int = 1500) -> np.ndarray:
    """The beginning of a word, which begins in silence, as the networks expect."""
    return MuLaw().encode(load("speech/en/digits/7", sample_rate=8000).samples[:samples])


@pytest.mark.parametrize("name", NETWORKS)
def test_shares_rise_from_zero_to_all(name, rng):
    model = exact_network(NETWORKS[name])
    past, levels = model.begin(), model.encoding.levels
    for level in [0, levels - 1, *rng.integers(levels, size=20).tolist()]:
        heaps = np.array([past.cumulative(k) for k in range(levels + 1)])
        assert heaps[[0, -1]].tolist() == [0, TOTAL]
        assert (np.diff(heaps) >= 1).all()
        past.hear(level)


def test_softmax_of_one_sure_level_leaves_the_others_one_each():
    shares = np.diff(softmax_shares(np.array([0.0, 2.0**40, 0.0])))
    assert shares.tolist() == [1, TOTAL - 2, 1]


def test_one_wide_component_is_a_logistic_law():
    """Around a last sample of 0, with m = 0 and s = 1: P(x < e) = 1 / (1 + exp(-e))."""
    edges = np.arange(-4, 5) * 2**18  # -1 to 1 in quarters
    heaps = mixture_shares(np.array([[0.0], [0.0], [0.0]]), 0, edges) / TOTAL
    expected = 1 / (1 + np.exp(-edges[1:-1] / 2**20))
    np.testing.assert_allclose(heaps[1:-1], expected, atol=1e-3)


def test_whole_numbers_sum_to_the_same_in_any_order(rng):
    """What exactness rests on: BLAS, reversed order and fractions agree to the last digit."""
    model = exact_network(zoo.load("wavenet-speech"))
    x = np.rint(rng.uniform(-(2**22), 2**22, len(model.taps[0])))
    forwards, backwards = x @ model.taps[0], x[::-1] @ model.taps[0][::-1]
    np.testing.assert_array_equal(forwards, backwards)
    pairs = zip(x.tolist(), model.taps[0][:, 0].tolist(), strict=True)
    assert forwards[0] == sum(Fraction(a) * Fraction(b) for a, b in pairs)


PORTABLE = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "NUMBA_CPU_NAME": "x86-64",
    "OPENBLAS_CORETYPE": "Prescott",
}
SHARES = """
import json, sys
import numpy as np
from course_lib import zoo
from course_lib.applications.exact import ExactAR
from course_lib.applications.exact_networks import exact_network
codes = json.loads(sys.argv[1])
found = {}
for name in ("ar", "gru-speech", "lstm-speech", "wavenet-speech"):
    model = ExactAR() if name == "ar" else exact_network(zoo.load(name))
    past, heaps = model.begin(), []
    for level in codes:
        heaps.append([past.cumulative(k) for k in range(0, 257, 16)])
        past.hear(level)
    found[name] = [model.fingerprint, heaps]
print(json.dumps(found))
"""


def test_a_poorer_processor_finds_the_same_shares():
    """Two processes, one held to the instructions of 2004, agree in every share of every model."""
    codes = json.dumps(zoo_clip()[1000:1040].tolist())
    command = [sys.executable, "-c", SHARES, codes]
    found = [
        json.loads(subprocess.run(command, env=env, capture_output=True, check=True).stdout)
        for env in (dict(os.environ), os.environ | PORTABLE)
    ]
    assert found[0] == found[1]


def test_what_changes_a_share_changes_the_fingerprint():
    network = RecurrentNetwork(tiny.RECURRENT, seed=3)
    before = exact_network(network).fingerprint
    assert exact_network(NETWORKS["gru"]).fingerprint == before
    with torch.no_grad():
        network.output.bias[0] += 0.01
    assert exact_network(network).fingerprint != before


@pytest.mark.parametrize(
    ("network", "what"),
    [
        (WaveNet(tiny.VOICES), "without a condition"),
        (WaveNet(tiny.MIXTURE), "at most 256 levels"),
        (WaveNet(replace(tiny.WAVENET, gated=False)), "with gates"),
    ],
)
def test_networks_that_will_not_do_are_refused(network, what):
    with pytest.raises(ValueError, match=what):
        exact_network(network)


def test_what_is_no_network_of_levels_is_refused():
    for other in (RecurrentNetwork(RecurrentConfig("rnn", 16, 4, 5, 6)), "gru-speech"):
        with pytest.raises(ValueError, match="need an LSTM, a GRU or a WaveNet"):
            exact_network(other)
