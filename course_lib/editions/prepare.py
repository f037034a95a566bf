"""Compiling the loops of `course_lib.kernels` once, so that no chapter waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from course_lib.applications import concealment, lossless, lpc
from course_lib.audio import Clip
from course_lib.core import seeded
from course_lib.features import MuLaw
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.linear.ar import AR
from course_lib.models.linear.arima import ARIMA
from course_lib.models.linear.arma import ARMA
from course_lib.models.linear.linear_prediction import fit_frames
from course_lib.models.linear.moments import ma_by_innovations
from course_lib.models.states.hmm import HMM
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.linear_recurrence import (
    LinearRecurrenceConfig,
    LinearRecurrentNetwork,
    recur,
)
from course_lib.models.waveform.lpcnet import LPCNet, LPCNetConfig
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet

LENGTH = 1600
"""Samples; enough for every method."""

Network = TypeVar("Network", bound=torch.nn.Module)


def _noise() -> Clip:
    return Clip(seeded(1).normal(0, 0.1, LENGTH).clip(-1, 1), 8000)


def _autoregression() -> None:
    for method in ("yule-walker", "burg"):
        model = AR.fit(_noise(), 4, method=method)
        model.sample(100, rng=seeded(2))
        model.log_likelihood(_noise())
        fit_frames(_noise().samples.reshape(16, 100), 4, method=method)


def _adaptive() -> None:
    AdaptiveAR().sample(LENGTH, rng=seeded(2))
    AdaptiveAR().level_log_likelihood(MuLaw().encode(_noise()), MuLaw())


def _voice() -> None:
    lpc.synthesise(lpc.analyse(_noise()), rng=seeded(2))


def _coding() -> None:
    lossless.decode(lossless.encode(lossless.to_pcm16(_noise()), 8000))


def _moving_averages() -> None:
    x = _noise().samples
    model = ARMA.fit(x, (2, 1), with_mean=True)
    model.log_likelihood(x)
    model.smooth(x)
    ARIMA.fit(x, (1, 1, 1), seasonal_order=(1, 0, 1), period=8)
    ma_by_innovations(x, 2)
    concealment.conceal(_noise(), [(800, 880)], method="two-sided")


def _hidden_states() -> None:
    frames = seeded(1).normal(size=(40, 2))
    for components in (1, 2):
        model = HMM.fit([frames], 2, components=components, floor=0.1, steps=2, rng=seeded(2))
        model.log_likelihood(frames)
        model.viterbi(frames)


def _recurrent() -> None:
    for cell in ("rnn", "lstm", "gru"):
        for network in _in_both_precisions(
            RecurrentNetwork(RecurrentConfig(cell, units=8, head=8))
        ):
            network.sample(50, rng=seeded(2))
            network.level_log_likelihood(MuLaw().encode(_noise()), MuLaw())


def _linear_recurrence() -> None:
    config = LinearRecurrenceConfig(width=8, states=8, layers=2)
    for network in _in_both_precisions(LinearRecurrentNetwork(config)):
        network.sample(50, rng=seeded(2))
        network.level_log_likelihood(MuLaw().encode(_noise()), MuLaw())
    inputs = torch.ones(3, 1, 8, dtype=torch.complex64, requires_grad=True)
    recur(inputs, inputs[0, 0], inputs[0]).abs().sum().backward()


def _prediction_inside() -> None:
    for network in _in_both_precisions(LPCNet(LPCNetConfig(units=8, head=8))):
        network.expect(torch.zeros(3, 1, dtype=torch.long), None)
        network.sample(50, rng=seeded(2))
        network.level_log_likelihood(MuLaw().encode(_noise()), MuLaw())


def _wavenet() -> None:
    for components, levels in ((0, 256), (2, 2**16)):
        config = WaveNetConfig(
            (1, 2), channels=4, skip=4, head=4, components=components, levels=levels
        )
        for network in _in_both_precisions(WaveNet(config)):
            network.sample(50, rng=seeded(2))


def _in_both_precisions(network: Network) -> Iterator[Network]:
    """Yield a network as it is trained and as it is published: its kernels differ."""
    yield network
    yield network.half().float()


STEPS: dict[str, Callable[[], None]] = {
    "autoregression": _autoregression,
    "adaptive prediction": _adaptive,
    "the LPC voice": _voice,
    "lossless coding": _coding,
    "moving averages": _moving_averages,
    "hidden states": _hidden_states,
    "recurrent networks": _recurrent,
    "linear recurrence": _linear_recurrence,
    "prediction inside a network": _prediction_inside,
    "WaveNet": _wavenet,
}
"""What there is to compile, and what does it: calls on little data, as the notebooks make them.

numba compiles a loop when it is first called with arguments of some types, and keeps the machine
code for other processes. A second time it is only read.
"""
