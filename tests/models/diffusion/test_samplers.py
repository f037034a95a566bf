"""Samplers against diffusers', exact moments, the exact ends of paths, and one another."""

import itertools
import math

import diffusers
import numpy as np
import pytest
import torch
from diffusers.schedulers.deprecated.scheduling_karras_ve import KarrasVeScheduler
from scipy.optimize import brentq
from scipy.stats import norm

from course_lib.core import spawn
from course_lib.models.diffusion.guidance import guided
from course_lib.models.diffusion.process import (
    alpha_bar,
    cosine_betas,
    edm_sigmas,
    flow_scales,
    flow_times,
    linear_betas,
    per_sound,
    sigmas_of,
    vp_scales,
)
from course_lib.models.diffusion.samplers import (
    State,
    ddim,
    ddpm,
    flow_euler,
    flow_midpoint,
    heun,
    last,
    multistep,
    noises,
    subsequence,
)
from course_lib.models.diffusion.targets import as_denoiser

BETAS = cosine_betas(40)
BARS = alpha_bar(linear_betas())[subsequence(1000, 12)]
SAMPLERS = {
    "ddpm": lambda denoise, start, draw: ddpm(denoise, start, BETAS, draw),
    "ddim": lambda denoise, start, draw: ddim(denoise, start, BARS),
    "ddim, eta": lambda denoise, start, draw: ddim(denoise, start, BARS, eta=0.7, draw=draw),
    "heun": lambda denoise, start, draw: heun(denoise, start, edm_sigmas(12)),
    "churn": lambda denoise, start, draw: heun(
        denoise, start, edm_sigmas(12), churn=4.0, churn_noise=1.01, draw=draw
    ),
    "multistep": lambda denoise, start, draw: multistep(denoise, start, edm_sigmas(12)),
    "euler": lambda denoise, start, draw: flow_euler(denoise, start, flow_times(12)),
    "midpoint": lambda denoise, start, draw: flow_midpoint(denoise, start, flow_times(12)),
}
every_sampler = pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS)


def randn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def rngs(count, seed=3):
    return spawn(np.random.default_rng(seed), count)


def gaussian(mean, variance):
    """The denoiser of N(mean, variance): a line."""

    def denoise(x, sigma):
        return mean + variance / (variance + per_sound(sigma, x) ** 2) * (x - mean)

    return denoise


def two_hills(x, sigma):
    """The denoiser of +-1, each with a standard deviation of 0.3: not a line."""
    variance = 0.09 + per_sound(sigma, x) ** 2
    return torch.tanh(x / variance) * (1 - 0.09 / variance) + 0.09 / variance * x


# ---------------------------------------------------------- against other implementations


def test_ddpm_is_that_of_diffusers():
    scheduler = diffusers.DDPMScheduler(
        40, beta_schedule="squaredcos_cap_v2", prediction_type="sample", clip_sample=False
    )
    left, x = alpha_bar(BETAS), randn(3, 5)
    scheduler.alphas_cumprod, scheduler.one = left, torch.tensor(1.0).double()
    theirs, mine = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    states = ddpm(two_hills, x, BETAS, lambda: torch.randn(x.shape, generator=mine, dtype=x.dtype))
    for t, state in zip(scheduler.timesteps.tolist(), states, strict=True):
        guess = two_hills(x / left[t].sqrt(), sigmas_of(left)[t].expand(3))
        x = scheduler.step(guess, t, x, generator=theirs).prev_sample
        torch.testing.assert_close(state.x, x, rtol=0, atol=1e-9)
        torch.testing.assert_close(state.guess, guess, rtol=0, atol=1e-9)


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_ddim_is_that_of_diffusers(eta):
    scheduler = diffusers.DDIMScheduler(
        prediction_type="sample", clip_sample=False, timestep_spacing="trailing"
    )
    scheduler.alphas_cumprod = alpha_bar(linear_betas())
    scheduler.set_timesteps(20)
    left, x = scheduler.alphas_cumprod, randn(3, 5)
    draw, again = (noises(rngs(3), (5,), dtype=torch.float64) for _ in range(2))
    states = ddim(two_hills, x, left[subsequence(1000, 20)], eta=eta, draw=draw)
    for t, state in zip(scheduler.timesteps.tolist(), states, strict=True):
        guess = two_hills(x / left[t].sqrt(), sigmas_of(left)[t].expand(3))
        x = scheduler.step(guess, t, x, eta=eta, variance_noise=again()).prev_sample
        torch.testing.assert_close(state.x, x, rtol=0, atol=1e-9)


def test_subsequences_are_the_trailing_steps_of_diffusers():
    for steps in (1000, 37):
        scheduler = diffusers.DDIMScheduler(steps, timestep_spacing="trailing")
        for count in (1, 2, 7, 25, 30, 37):
            scheduler.set_timesteps(count)
            assert subsequence(steps, count).tolist() == scheduler.timesteps.flip(0).tolist()
    assert subsequence(9, 9).tolist() == list(range(9))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # theirs
def test_heun_is_that_of_diffusers():
    scheduler = diffusers.HeunDiscreteScheduler(prediction_type="sample", use_karras_sigmas=True)
    scheduler.set_timesteps(15)
    sigmas, start = scheduler.sigmas.unique().flip(0), randn(3, 5)
    assert len(sigmas) == 16
    x, calls = sigmas[0] * start, zip(scheduler.timesteps, scheduler.sigmas[:-1], strict=True)
    for state in heun(two_hills, start, sigmas):
        for t, sigma in itertools.islice(calls, 2 if state.sigma else 1):
            x = scheduler.step(two_hills(x, sigma.expand(3)), t, x).prev_sample
        torch.testing.assert_close(state.x, x, rtol=1e-5, atol=1e-5)
    assert next(calls, None) is None


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # theirs
def test_multistep_is_that_of_diffusers():
    theirs = diffusers.DPMSolverMultistepScheduler(
        prediction_type="sample", use_karras_sigmas=True, final_sigmas_type="zero"
    )
    theirs.set_timesteps(20)
    sigmas, start = theirs.sigmas, randn(3, 5)
    x = sigmas[0] * start
    for i, state in enumerate(multistep(two_hills, start, sigmas)):
        guess = two_hills(x, sigmas[i].expand(3))
        scale, after = (1 / (1 + sigmas[i : i + 2] ** 2).sqrt()).tolist()  # theirs keep variance
        x = theirs.step(guess, theirs.timesteps[i], scale * x).prev_sample / after
        torch.testing.assert_close(state.x, x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("churn", [3.0, 40.0])  # the latter is cut to a factor of sqrt(2)
def test_churn_is_that_of_diffusers(churn):
    theirs = KarrasVeScheduler(s_noise=1.01, s_churn=churn, s_min=0.1, s_max=10.0)
    theirs.set_timesteps(14)
    sigmas, start = edm_sigmas(14), randn(3, 5)
    x, generator = sigmas[0] * start, torch.Generator().manual_seed(1)
    mine = torch.Generator().manual_seed(1)
    states = heun(
        two_hills,
        start,
        sigmas,
        churn=churn,
        churn_range=(0.1, 10.0),
        churn_noise=1.01,
        draw=lambda: torch.randn(3, 5, generator=mine),
    )

    def slope(x, sigma):  # what their network predicts
        return (two_hills(x, x.new_full((3,), sigma)) - x) / sigma

    for i, state in enumerate(states):
        sigma, after = float(sigmas[i]), float(sigmas[i + 1])
        noisy = generator if 0.1 <= sigma <= 10 else None
        hat, sigma_hat = theirs.add_noise_to_input(x, sigma, generator=noisy)
        step = theirs.step(slope(hat, sigma_hat), sigma_hat, after, hat)
        x = step.prev_sample
        if after > 0:
            step = theirs.step_correct(slope(x, after), sigma_hat, after, hat, x, step.derivative)
            x = step.prev_sample
        torch.testing.assert_close(state.x, x, rtol=1e-5, atol=1e-5)


def test_the_euler_flow_is_that_of_diffusers():
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    times = flow_times(15)
    scheduler.set_timesteps(sigmas=times[:-1].tolist())
    start = randn(3, 5).float()
    x = float(times[0]) * start
    for i, state in enumerate(flow_euler(two_hills, start, times)):
        t = float(times[i])
        guess = two_hills(x / (1 - t), torch.full((3,), t / (1 - t)))
        x = scheduler.step((x - guess) / t, scheduler.timesteps[i], x).prev_sample
        torch.testing.assert_close(state.x, x, rtol=1e-5, atol=1e-5)


# --------------------------------------------------------------------- exact distributions


def pushed(run, draws):
    """Return mean and variance of what an affine sampler draws, from one run.

    Row 0 gets no noise at all, and each other row a single unit of it: in the start, or in one of
    the draws. The rows' distances to row 0 are the coefficients of the noises.
    """
    units = torch.eye(draws + 2, dtype=torch.float64)[:, 1:, None]
    fresh = iter(units.unbind(1)[1:])
    x = last(run(units[:, 0], lambda: next(fresh)))
    assert next(fresh, None) is None, "the sampler drew less often than it should"
    return float(x[0]), float((x[1:] - x[0]).square().sum())


@pytest.mark.parametrize(("mean", "variance"), [(0.5, 0.3), (-1.0, 2.0), (0.0, 1.0)])
@pytest.mark.parametrize("betas", [linear_betas(), cosine_betas(300)], ids=["linear", "cosine"])
def test_ddim_with_eta_one_is_ddpm_in_distribution(mean, variance, betas):
    """Both are exactly normal for normal data; the recursion of the moments is by hand."""
    denoise, steps, left = gaussian(mean, variance), len(betas), [1.0, *alpha_bar(betas).tolist()]
    m, v = 0.0, 1.0
    for t in range(steps, 0, -1):  # x_{t-1} = p x0 + q x_t + noise, with x0 = the guess for x_t
        a2, before, beta = left[t], left[t - 1], float(betas[t - 1])
        p = math.sqrt(before) * beta / (1 - a2)
        q = math.sqrt(1 - beta) * (1 - before) / (1 - a2)
        gain = variance * math.sqrt(a2) / (a2 * variance + 1 - a2)
        m = p * (mean + gain * (m - math.sqrt(a2) * mean)) + q * m
        v = (p * gain + q) ** 2 * v + (1 - before) / (1 - a2) * beta
    chain = pushed(lambda x, draw: ddpm(denoise, x, betas, draw), steps - 1)
    implicit = pushed(
        lambda x, draw: ddim(denoise, x, alpha_bar(betas), eta=1.0, draw=draw), steps - 1
    )
    assert chain == pytest.approx((m, v), rel=1e-9, abs=1e-12)
    assert implicit == pytest.approx((m, v), rel=1e-9, abs=1e-12)
    assert chain == pytest.approx((mean, variance), rel=0.05, abs=1e-3)  # and near the data


def test_ddim_with_eta_one_is_ddpm_draw_by_draw():
    draw, again = (noises(rngs(3), (5,), dtype=torch.float64) for _ in range(2))
    chain = ddpm(two_hills, randn(3, 5), BETAS, draw)
    implicit = ddim(two_hills, randn(3, 5), alpha_bar(BETAS), eta=1.0, draw=again)
    for one, other in zip(chain, implicit, strict=True):
        torch.testing.assert_close(one.x, other.x, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("eta", "churn", "steps"), [(0.0, 0.0, 10), (0.4, 2.0, 6), (1.0, 6.0, 1)])
def test_for_data_of_one_sound_every_step_leaves_exactly_the_right_noise(eta, churn, steps):
    """Begun as a x0 + s n it stays that at every step, a and s being those of the state's sigma."""

    def one_sound(x, sigma):
        return torch.full_like(x, 0.7)

    betas = linear_betas(10, last=0.5)
    bars = alpha_bar(betas)
    some = bars[subsequence(10, steps)]
    a, s = bars[-1].sqrt(), (1 - bars[-1]).sqrt()
    runs = [
        (vp_scales, lambda n, draw: ddpm(one_sound, 0.7 * a + s * n, betas, draw)),
        (vp_scales, lambda n, draw: ddim(one_sound, 0.7 * a + s * n, some, eta=eta, draw=draw)),
        (
            lambda sigma: (1.0, sigma),
            lambda n, draw: heun(
                one_sound, 0.7 / 80 + n, edm_sigmas(steps), churn=churn, draw=draw
            ),
        ),
        (flow_scales, lambda n, draw: flow_euler(one_sound, 0.7 / 999 + n, flow_times(steps))),
        (flow_scales, lambda n, draw: flow_midpoint(one_sound, 0.7 / 999 + n, flow_times(steps))),
    ]
    for scales, run in runs:
        units = torch.eye(13, dtype=torch.float64)[:, 1:, None]  # as in `pushed`
        fresh = iter(units.unbind(1)[1:])
        for state in run(units[:, 0], fresh.__next__):
            signal, noise = map(float, scales(torch.tensor(state.sigma, dtype=torch.float64)))
            assert float(state.x[0]) == pytest.approx(0.7 * signal)
            left = (state.x[1:] - state.x[0]).square().sum().sqrt()
            assert float(left) == pytest.approx(noise, rel=1e-6, abs=1e-12)
        assert state.sigma == 0


# ------------------------------------------------------------------ orders of convergence


def exact(x, sigma, means, scale):
    """Follow the ODE from x at sigma to no noise at all, for equal normal hills in one dimension.

    The path keeps the share of the data that lies below: F_0(end) = F_sigma(x).
    """

    def share(x, sigma):
        return norm.cdf(x, means, math.hypot(scale, sigma)).mean()

    return brentq(lambda end: share(end, 0.0) - share(x, sigma), -9, 9, xtol=1e-14)


def even(steps):
    return torch.linspace(9, 0, steps + 1, dtype=torch.float64)


METHODS = {  # all from x at sigma = 9, where the signal's scale is one
    "ddim": lambda d, x, n: ddim(d, x / math.sqrt(82), 1 / (1 + even(n)[:-1].flip(0) ** 2)),
    "euler": lambda d, x, n: flow_euler(d, x / 9, flow_times(n, first=0.9)),
    "heun": lambda d, x, n: heun(d, x / 9, even(n)),
    "multistep": lambda d, x, n: multistep(d, x / 9, edm_sigmas(n, sigma_min=1e-4, sigma_max=9)),
    "midpoint": lambda d, x, n: flow_midpoint(d, x / 9, flow_times(n, first=0.9)),
}


@pytest.mark.parametrize(
    ("method", "hills", "order"),
    [
        ("ddim", "one", 1),
        ("ddim", "two", 1),
        ("euler", "one", 1),
        ("euler", "two", 1),
        ("heun", "one", 2),
        ("heun", "two", 2),
        ("multistep", "one", 2),
        ("multistep", "two", 2),
        ("midpoint", "one", 3),  # as its documentation says
        ("midpoint", "two", 2),
    ],
)
def test_errors_fall_with_the_order_of_the_method(method, hills, order):
    """Twice the steps, 2^order times less error, against the exact ends of the same paths."""
    denoise, means, scale = {
        "one": (gaussian(0.5, 0.49), [0.5], 0.7),
        "two": (two_hills, [-1.0, 1.0], 0.3),
    }[hills]
    x = torch.tensor([[-14.0], [-3.0], [0.5], [8.0]], dtype=torch.float64)
    ends = [[exact(float(row), 9, means, scale)] for row in x]
    counts = [128, 256, 512]
    errors = [
        np.abs(last(METHODS[method](denoise, x, count)).numpy() - ends).max() for count in counts
    ]
    assert -np.polyfit(np.log2(counts), np.log2(errors), 1)[0] == pytest.approx(order, abs=0.12)
    assert errors[-1] < {1: 0.02, 2: 2e-3, 3: 1e-6}[order]


# --------------------------------------------------------------------------- randomness


@every_sampler
def test_a_sound_is_the_same_whatever_the_batch(sampler):
    def drawn(count):
        draw = noises(rngs(count), (2, 6), dtype=torch.float64)
        return last(sampler(two_hills, draw(), draw))

    one, four = drawn(1), drawn(4)
    assert one.shape == (1, 2, 6)
    torch.testing.assert_close(four[:1], one, rtol=0, atol=0)
    torch.testing.assert_close(drawn(4), four, rtol=0, atol=0)
    assert not torch.equal(four[0], four[1])


def test_noises_are_standard_normal_and_never_twice_the_same():
    draw = noises(rngs(2), (50, 200))
    first, second = draw(), draw()
    assert first.shape == (2, 50, 200)
    assert first.dtype == torch.float32
    assert float(first.mean()) == pytest.approx(0, abs=0.03)
    assert float(first.std()) == pytest.approx(1, abs=0.03)
    assert abs(float((first * second).mean())) < 0.03
    assert abs(float((first[0] * first[1]).mean())) < 0.04


# ------------------------------------------------------------------------------- states


@every_sampler
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_states_keep_the_dtype_and_lead_to_no_noise(sampler, dtype):
    asked, weight = [], torch.ones((), dtype=dtype, requires_grad=True)

    def denoise(x, sigma):
        asked.append((x.dtype, sigma.dtype, tuple(sigma.shape), x.requires_grad))
        return weight * two_hills(x, sigma)

    draw = noises(rngs(3), (4,), dtype=torch.float64)
    states = list(sampler(denoise, draw().to(dtype).requires_grad_(), draw))
    levels = [state.sigma for state in states]
    assert all(isinstance(state, State) for state in states)
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 0
    assert set(asked) == {(dtype, dtype, (3,), False)}
    for state in states:
        assert state.x.dtype == state.guess.dtype == dtype
        assert not state.x.requires_grad
        assert not state.guess.requires_grad
    torch.testing.assert_close(last(iter(states)), states[-1].x, rtol=0, atol=0)


@every_sampler
def test_normal_data_are_drawn_near_their_moments(sampler):
    """Twelve steps (of DDPM 40) are few: the moments are near, not equal."""
    draw = noises(rngs(1000), (1,), dtype=torch.float64)
    x = last(sampler(gaussian(0.5, 0.3), draw(), draw))
    assert float(x.mean()) == pytest.approx(0.5, abs=0.1)
    assert float(x.std()) == pytest.approx(math.sqrt(0.3), rel=0.25)


@every_sampler
def test_a_guidance_of_one_gives_the_very_same_sound(sampler):
    def drawn(denoise):
        draw = noises(rngs(2), (5,))
        return last(sampler(denoise, draw(), draw))

    plain = drawn(two_hills)
    assert torch.equal(drawn(guided(two_hills, gaussian(0.0, 1.0), 1.0)), plain)
    assert not torch.equal(drawn(guided(two_hills, gaussian(0.0, 1.0), 1.5)), plain)


@every_sampler
def test_a_network_that_predicts_noise_is_sampled_as_its_denoiser_is(sampler):
    def noise_of(x, sigma):  # of two_hills, in coordinates of preserved variance
        stretched = x * (1 + per_sound(sigma, x) ** 2).sqrt()
        return (stretched - two_hills(stretched, sigma)) / per_sound(sigma, x)

    def drawn(denoise):
        draw = noises(rngs(2), (5,), dtype=torch.float64)
        return last(sampler(denoise, draw(), draw))

    torch.testing.assert_close(
        drawn(as_denoiser(noise_of, "noise")), drawn(two_hills), rtol=0, atol=1e-6
    )


def test_a_sampler_that_starts_at_a_sounds_own_noise_denoises_it():
    """Enhancement: begun at the noise that a sound has, the path leads to a likely sound."""
    clean = torch.sign(randn(1, 200)) + 0.3 * randn(1, 200, seed=1)
    noisy = clean + 0.5 * randn(1, 200, seed=2)
    cleaner = last(heun(two_hills, noisy / 0.5, edm_sigmas(20, sigma_max=0.5)))
    assert (cleaner - clean).square().mean() < 0.6 * (noisy - clean).square().mean()


# ---------------------------------------------------------------------------- bad input


@every_sampler
@pytest.mark.parametrize(
    ("start", "error", "message"),
    [
        (torch.full((2, 3), torch.nan), ValueError, "finite numbers in start"),
        (torch.full((2, 3), -torch.inf), ValueError, "finite numbers in start"),
        (torch.empty(2, 0), ValueError, r"not empty, got \(2, 0\)"),
        (torch.tensor(0.5), ValueError, r"shape \(batch, ...\)"),
        (torch.ones(2, 3, dtype=torch.int16), TypeError, r"got torch\.int16"),
        (np.ones((2, 3)), TypeError, "got ndarray"),
    ],
)
def test_starts_that_cannot_be_are_explained(sampler, start, error, message):
    with pytest.raises(error, match=message):
        last(sampler(two_hills, start, noises(rngs(2), (3,))))


@every_sampler
def test_a_denoiser_that_answers_in_another_shape_is_explained(sampler):
    with pytest.raises(ValueError, match=r"denoised sound .*\(2, 3\), got \(2, 1\)"):
        last(sampler(lambda x, _: x[:, :1], randn(2, 3), noises(rngs(2), (3,))))


@pytest.mark.parametrize("name", ["ddpm", "ddim, eta", "churn"])
def test_noise_that_does_not_fit_is_explained(name):
    with pytest.raises(ValueError, match=r"start's shape \(2, 3\), got \(2, 4\)"):
        last(SAMPLERS[name](two_hills, randn(2, 3), noises(rngs(2), (4,))))
    with pytest.raises(ValueError, match="source of fresh noise, got None"):
        last(SAMPLERS[name](two_hills, randn(2, 3), None))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d, x: ddpm(d, x, torch.empty(0), None), ValueError, "need betas of shape"),
        (lambda d, x: ddpm(d, x, torch.tensor([0.1, 1.2]), None), ValueError, "from 0.1 to 1.2"),
        (lambda d, x: ddim(d, x, torch.tensor([0.1, 0.5])), ValueError, "alpha_bars that descend"),
        (lambda d, x: ddim(d, x, torch.tensor([1.0, 0.5])), ValueError, "from 0.5 to 1"),
        (lambda d, x: ddim(d, x, BARS, eta=1.1), ValueError, "eta from 0 to 1, got 1.1"),
        (lambda d, x: ddim(d, x, BARS, eta=-0.1), ValueError, "eta from 0 to 1, got -0.1"),
        (lambda d, x: ddim(d, x, BARS, eta=math.nan), ValueError, "eta from 0 to 1, got nan"),
        (lambda d, x: ddim(d, x, BARS, eta="1"), TypeError, "number for eta"),
        (lambda d, x: heun(d, x, torch.tensor([1.0])), ValueError, "two or more sigmas"),
        (lambda d, x: heun(d, x, torch.tensor([1.0, 1.0])), ValueError, "1, 1 at index 0"),
        (lambda d, x: heun(d, x, torch.tensor([1.0, -0.5])), ValueError, "from -0.5 to 1"),
        (lambda d, x: heun(d, x, torch.tensor([torch.inf, 0.0])), ValueError, "below inf"),
        (lambda d, x: heun(d, x, torch.tensor([torch.nan, 0.0])), ValueError, "sigmas"),
        (lambda d, x: heun(d, x, edm_sigmas(3), churn=-1.0), ValueError, "churn of 0 or more"),
        (lambda d, x: heun(d, x, edm_sigmas(3), churn_noise=0), ValueError, "churn_noise"),
        (lambda d, x: multistep(d, x, torch.tensor([1.0])), ValueError, "two or more sigmas"),
        (lambda d, x: multistep(d, x, torch.tensor([0.5, 1.0])), ValueError, "sigmas that descend"),
        (lambda d, x: flow_euler(d, x, torch.tensor([1.0, 0.0])), ValueError, "below 1, got"),
        (lambda d, x: flow_midpoint(d, x, torch.empty(0)), ValueError, r"shape \(0,\)"),
        (lambda d, x: flow_midpoint(d, x, torch.tensor([0.2, 0.5])), ValueError, "descend"),
        (lambda d, x: iter(()), ValueError, "none left"),
    ],
)
def test_schedules_and_settings_that_cannot_be_are_explained(call, error, message):
    with pytest.raises(error, match=message):
        last(call(two_hills, randn(2, 3)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: noises([], (3,)), ValueError, "a generator for each sound, got none"),
        (lambda: noises([7], (3,)), TypeError, "numpy Generator"),
        (lambda: noises(rngs(1), (0,)), ValueError, "shape of at least 1, got 0"),
        (lambda: noises(rngs(1), (2.0,)), TypeError, "whole number for shape"),
        (lambda: subsequence(10, 0), ValueError, "count of at least 1, got 0"),
        (lambda: subsequence(10, 11), ValueError, "at most the 10 steps there are"),
        (lambda: subsequence(0, 1), ValueError, "steps of at least 1"),
    ],
)
def test_noises_and_subsequences_that_cannot_be_are_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()
