"""Group `arima`: exact fits against statsmodels and statsforecast, and concealed packets."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_lib.applications.concealment import Method
from course_lib.benchmarks.measure import Missing, Row, if_installed, interleaved, versioned
from course_lib.core import seeded
from course_lib.corpora import speech
from course_lib.evaluation.concealment import compare_concealment
from course_lib.models.linear.arima import ARIMA

ORDERS = ((2, 0, 1), (3, 1, 2), (8, 0, 2))
SPEECH_RATE = 8000
LINEAR: tuple[Method, ...] = ("forward", "backward", "crossfade", "arma")


def rows() -> Iterator[Row | Missing]:
    """Yield the group's rows, the slowest last."""
    yield from if_installed("statsmodels", _equal_likelihoods)
    yield from _concealment()
    for length, goal in ((2_000, 15.0), (16_000, 30.0)):
        for peer, ratio in (("statsforecast", 5.0), ("statsmodels", goal)):
            yield from if_installed(peer, functools.partial(_fits, length, peer, ratio))


def known_model(order: tuple[int, int, int]) -> ARIMA:
    """A model whose poles and zeros lie apart, like formants, so that a fit can find them."""
    p, d, q = order
    poles = [0.95 * np.exp(0.5j), 0.93 * np.exp(1.1j), 0.9 * np.exp(1.9j), 0.85 * np.exp(2.6j)]
    zeros = [0.85 * np.exp(1.5j)]
    phi = -_polynomial(poles[: p // 2], [0.6] * (p % 2))
    return ARIMA(phi, _polynomial(zeros[: q // 2], [-0.7] * (q % 2)), 1.0, d)


def _polynomial(pairs: list[complex], single: list[float]) -> np.ndarray:
    roots = np.concatenate([pairs, np.conj(pairs), single])
    return np.atleast_1d(np.real(np.poly(roots)))[1:]


# ------------------------------------------------------------------ likelihoods


def _equal_likelihoods() -> Iterator[Row]:
    """The largest relative difference over a grid of orders, with and without missing samples."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    differences = []
    for p, d, q in itertools.product((0, 1, 2, 8), (0, 1, 2), (0, 1, 2)):
        model = known_model((p, d, q))
        series = model.sample(400, rng=seeded(p + 10 * d + 100 * q))[0]
        gaps = series.copy()
        gaps[[1, 60, 61, 399]] = np.nan
        gaps[200:230] = np.nan
        for x in (series, gaps):
            peer = SARIMAX(x, order=(p, d, q), use_exact_diffuse=d > 0)
            theirs = peer.loglike(np.concatenate([model.phi, model.theta, [model.variance]]))
            theirs += 0.5 * d * math.log(2 * math.pi)  # the level is not counted as a sample
            differences.append(float(abs(model.log_likelihood(x).nats / theirs - 1)))
    largest = max(differences)
    yield Row(
        f"log-likelihood at given parameters, {len(differences)} cases, largest difference",
        largest, 1e-8, versioned("statsmodels"), largest, 0.0, "relative", at_most=True,
    )  # fmt: skip


# ------------------------------------------------------------------ fits


def _fits(length: int, peer: str, goal: float) -> Iterator[Row]:
    for order in ORDERS:
        x = known_model(order).sample(length, rng=seeded(7))[0]
        yield race(
            f"exact fit of ARIMA{order}, {length:,} samples, against {peer}",
            x,
            order,
            PEERS[peer],
            peer,
            goal=goal,
        )


def race(
    name: str,
    x: np.ndarray,
    order: tuple[int, int, int],
    theirs: Callable[[np.ndarray, tuple[int, int, int]], ARIMA],
    peer: str,
    *,
    goal: float,
) -> Row:
    """Time our fit and a peer's.

    Raises
    ------
    ArithmeticError
        Where the peer's parameters are likelier than ours by more than 1e-3 nats.
    """
    ours = ARIMA.fit(x, order).log_likelihood(x).nats
    their_model = theirs(x, order)
    best = their_model.log_likelihood(x).nats if their_model.is_stationary else -math.inf
    if ours < best - 1e-3:
        raise ArithmeticError(
            f"{name}: {peer} found parameters that are likelier by {best - ours:.4g} nats"
        )
    our_seconds, their_seconds = interleaved(lambda: ARIMA.fit(x, order), lambda: theirs(x, order))
    ratio = their_seconds / our_seconds
    return Row(name, ratio, goal, versioned(peer), our_seconds, their_seconds, "s")


def _by_statsmodels(x: np.ndarray, order: tuple[int, int, int]) -> ARIMA:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    p, d, q = order
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on its starts, and stops after 50 rounds
        found = SARIMAX(x, order=order).fit(disp=False).params
    return ARIMA(found[:p], found[p : p + q], float(found[-1]), d)


def _by_statsforecast(x: np.ndarray, order: tuple[int, int, int]) -> ARIMA:
    from statsforecast.models import ARIMA as Peer

    p, d, q = order
    found: dict[str, Any] = Peer(order=order, include_mean=False, method="ML").fit(x).model_
    phi = np.array([found["coef"][f"ar{k + 1}"] for k in range(p)])
    theta = np.array([found["coef"][f"ma{k + 1}"] for k in range(q)])
    return ARIMA(phi, theta, float(found["sigma2"]), d)


PEERS = {"statsmodels": _by_statsmodels, "statsforecast": _by_statsforecast}


# ------------------------------------------------------------------ concealment


def _concealment() -> Iterator[Row]:
    """The both-sided answer's log-spectral distance over the best of the other linear ones."""
    clips = [prompt.load(SPEECH_RATE) for prompt in speech(language="en", split="test")]
    for packet in (0.02, 0.04):
        scores = compare_concealment(clips, packet, methods=(*LINEAR, "two-sided"), rng=seeded(1))
        best = min(LINEAR, key=lambda method: scores[method].distance)
        ours, theirs = scores["two-sided"].distance, scores[best].distance
        yield Row(
            f"gaps of {1000 * packet:.0f} ms in {scores[best].gaps} held-out places, both-sided "
            "log-spectral distance",
            ours / theirs, 1.0, f"AR, {best}" if best != "arma" else "ARMA, forward",
            ours, theirs, "dB", at_most=True,
        )  # fmt: skip
