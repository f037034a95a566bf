"""WaveNet: its layers against torch's, and every way to compute it against every other.

The networks here are tiny, in float64, and all their weights are random, biases included.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from course_lib.audio import Clip
from course_lib.core import Batch
from course_lib.features.quantise import LinearQuantiser, MuLaw
from course_lib.models.waveform import wavenet
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.convolutions import (
    causal_convolution,
    dilated_stack,
    gated_activation,
    receptive_field,
)
from course_lib.models.waveform.mel import MelCondition, MelUpsampler
from course_lib.models.waveform.queues import Queues, draw, sample_naively, sample_with_queues
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.training import Schedule, training_steps

DILATIONS = (1, 2, 4, 1, 3)
PAST = 1 + sum(DILATIONS)
MEL = MelCondition(bands=3, window_length=24, hop_length=12, hold_length=4, channels=5)
KINDS = {
    "softmax": {},
    "mixture": {"levels": 2**16, "components": 3},
    "mixture over mu-law levels": {"levels": 64, "components": 3},
    "ReLU": {"gated": False},
    "no residual": {"residual": False},
    "no skips": {"skips": False},
    "voices": {"voices": ("ann", "bob", "cleo")},
    "mel": {"mel": MEL},
    "mel, voices and a mixture": {
        "mel": MEL,
        "voices": ("ann", "bob", "cleo"),
        "levels": 2**16,
        "components": 2,
    },
}
MODES = ["softmax", "mixture", "mixture over mu-law levels", "ReLU", "no residual", "no skips"]


def tiny(kind="softmax", *, dilations=DILATIONS, seed=0):
    settings = {"levels": 16, **KINDS[kind]}
    network = WaveNet(WaveNetConfig(dilations, channels=6, skip=7, head=20, **settings)).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter += 0.3 * noise
        network.mix_bias += 1  # so that few ReLUs are shut
        network.head1_bias += 1
        if network.config.components:
            network.head2 /= 5
        else:  # logits of a few nats, which depend on the past
            logits = network(codes_for(network, 200))
            network.head2 *= 2 / logits.std()
            network.head2_bias -= network(codes_for(network, 200)).mean((0, 1))
    return network


def codes_for(network, time, batch=2, seed=1):
    """Random codes; 16-bit ones around silence, where speech is."""
    generator = torch.Generator().manual_seed(seed)
    half = min(network.config.silence, 2000)
    around = torch.randint(-half, half, (time, batch), generator=generator)
    return network.config.silence + around


def conditions_for(network, time, batch=2, seed=2):
    """Random voices and frames, as tensors."""
    generator = torch.Generator().manual_seed(seed)
    config, voice, mel = network.config, None, None
    if config.voices:
        voice = torch.randint(len(config.voices), (batch,), generator=generator)
    if config.mel:
        shape = (time // config.mel.hop_length + 1, batch, config.mel.bands)
        mel = 3 * torch.randn(shape, generator=generator, dtype=torch.float64) - 5
    return voice, mel


# ------------------------------------------------------------------ the parts


@pytest.mark.parametrize("dilation", [1, 2, 5, 8])
def test_a_causal_convolution_is_torchs(dilation):
    """Golden: conv1d of kernel size 2, whose first tap is the older sample."""
    generator = torch.Generator().manual_seed(dilation)
    x = torch.randn(30, 3, 4, generator=generator, dtype=torch.float64)
    taps = torch.randn(8, 5, generator=generator, dtype=torch.float64)
    kernel = torch.stack([taps[:4].T, taps[4:].T], dim=-1)  # (outputs, inputs, 2)
    expected = F.conv1d(x.permute(1, 2, 0), kernel, dilation=dilation).permute(2, 0, 1)
    torch.testing.assert_close(causal_convolution(x, taps, dilation), expected)


@given(st.integers(1, 9), st.integers(0, 19), st.integers(0, 99))
def test_a_causal_convolution_hears_two_samples_and_no_later_one(dilation, place, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(20, 1, 2, generator=generator)
    taps = torch.randn(4, 3, generator=generator)
    changed = x.clone()
    changed[place] += 1
    difference = causal_convolution(changed, taps, dilation) - causal_convolution(x, taps, dilation)
    times = dilation + difference.abs().sum((1, 2)).nonzero()[:, 0]  # of the newest sample heard
    assert times.tolist() == [t for t in (place, place + dilation) if dilation <= t < 20]


def test_a_gate_closes_and_opens():
    content = torch.tensor([-50.0, 0.3, 50.0])
    shut, half, wide = torch.full((3,), -50.0), torch.zeros(3), torch.full((3,), 50.0)
    both = torch.cat([content, shut])
    torch.testing.assert_close(gated_activation(both), torch.zeros(3), atol=1e-15, rtol=0)
    torch.testing.assert_close(gated_activation(torch.cat([content, half])), content.tanh() / 2)
    torch.testing.assert_close(gated_activation(torch.cat([content, wide])), content.tanh())


def test_a_gate_is_torchs_gated_linear_unit_of_a_tanh():
    a = torch.randn(7, 2, 10, generator=torch.Generator().manual_seed(0))
    expected = F.glu(torch.cat([a[..., :5].tanh(), a[..., 5:]], dim=-1))
    torch.testing.assert_close(gated_activation(a), expected)


def test_stacks_double_their_dilations():
    assert dilated_stack(2, 4) == (1, 2, 4, 8, 1, 2, 4, 8)
    assert receptive_field(dilated_stack(1, 10)) == 1024
    assert receptive_field(dilated_stack(2, 9)) == 1023
    assert receptive_field((1,)) == 2
    for cycles, layers in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match="at least 1, got 0"):
            dilated_stack(cycles, layers)


# ------------------------------------------------------------------ causality


@pytest.mark.parametrize("kind", MODES)
@pytest.mark.parametrize("layers", range(1, len(DILATIONS) + 1))
def test_each_layer_reaches_as_far_as_the_formula_says_and_not_ahead(kind, layers):
    """Perturb one code: the predictions that change are those with it in their past.

    For the first layer alone, the first two, and so on to all.
    """
    network = tiny(kind, dilations=DILATIONS[:layers])
    past = network.receptive_field
    assert past == receptive_field(DILATIONS[:layers])
    time = 2 * past + 3
    codes = codes_for(network, time, batch=1).repeat(1, 6)
    outputs = network(codes)
    assert len(outputs) == time - past + 1
    for place in range(time):
        changed = codes.clone()  # in a few ways: some may fall where a ReLU is flat
        changed[place] += torch.tensor([1, 2, 3, 5, 7, 9])
        changed[place] %= network.config.levels
        difference = (network(changed) - outputs).abs().sum((1, 2))
        hearing = difference.nonzero()[:, 0]  # output i hears inputs i to i + past - 1
        expected = range(max(place - past + 1, 0), min(place, len(outputs) - 1) + 1)
        assert hearing.tolist() == list(expected)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 99))
def test_the_receptive_field_is_the_reach_of_the_gradient(dilations, seed):
    network = tiny(dilations=tuple(dilations), seed=seed)
    past = receptive_field(tuple(dilations))
    x = torch.randn(past + 5, 1, 6, dtype=torch.float64, requires_grad=True)
    network._embed = lambda inputs: x  # a leaf in the place of the first 1x1 convolution
    network(torch.zeros(past + 5, 1, dtype=torch.int64))[-1].square().sum().backward()
    heard = x.grad.abs().sum((1, 2)).nonzero()[:, 0]
    assert heard.min() == 5  # of the past + 5 samples, the last `past`
    assert heard.max() == past + 4


# ------------------------------------------------------------------ the whole network


class Convolutions(nn.Module):
    """The same network, written as others write it: (batch, channels, time) and nn.Conv1d."""

    def __init__(self, network: WaveNet) -> None:
        super().__init__()
        config = self.config = network.config
        c = config.channels

        def convolution(weights, bias, dilation=1):
            """Weights of shape (taps, inputs, outputs)."""
            taps, inputs, outputs = weights.shape
            layer = nn.Conv1d(inputs, outputs, taps, dilation=dilation).double()
            layer.weight.data = weights.detach().permute(2, 1, 0).clone()
            layer.bias.data = bias.detach().clone()
            return layer

        first = torch.zeros(c).double() if config.components == 0 else network.embedding_bias
        self.first = convolution(network.embedding[None], first)
        self.dilated, self.residual, self.skip = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for layer, d in enumerate(config.dilations):
            taps = network.taps[layer].unflatten(0, (2, c))
            self.dilated.append(convolution(taps, network.bias[layer], d))
            mix, bias = network.mix[layer], network.mix_bias[layer]
            self.residual.append(convolution(mix[None, :, :c], bias[:c]))
            self.skip.append(convolution(mix[None, :, c:], bias[c:]))
        self.head = nn.Sequential(
            nn.ReLU(),
            convolution(network.head1[None], network.head1_bias),
            nn.ReLU(),
            convolution(network.head2[None], network.head2_bias),
        )

    def forward(self, codes):
        """Codes of shape (batch, time), to outputs of shape (batch, outputs, later)."""
        config = self.config
        if config.components:
            values = config.encoding.decode(np.arange(config.levels)).astype(np.float32)
            amplitude = torch.from_numpy(values).double()[codes]
            bent = amplitude.sign() * (1 + 255 * amplitude.abs()).log() / math.log(256)
            x = self.first(torch.stack([amplitude, bent], dim=1))
        else:
            x = self.first(F.one_hot(codes, config.levels).double().transpose(1, 2))
        length = codes.shape[1] - sum(config.dilations)
        skips = []
        for d, dilated, residual, skip in zip(
            config.dilations, self.dilated, self.residual, self.skip, strict=True
        ):
            a = dilated(x)
            z = a.relu()
            if config.gated:
                content, gate = a.split(a.shape[1] // 2, dim=1)
                z = content.tanh() * gate.sigmoid()
            skips.append(skip(z)[..., -length:])
            x = residual(z) + (x[..., d:] if config.residual else 0)
        out = self.head(sum(skips) if config.skips else skips[-1])
        if config.components:
            logits, steps, log_scale = out.split(config.components, dim=1)
            log_scale = log_scale.clamp(min=-13)
            last = amplitude[:, None, -length:]
            out = torch.cat([logits, last + steps * log_scale.exp(), log_scale], dim=1)
        return out


@pytest.mark.parametrize("kind", MODES)
def test_the_network_is_the_one_that_torchs_convolutions_make(kind):
    network = tiny(kind)
    codes = codes_for(network, 40, batch=3)
    expected = Convolutions(network)(codes.T).permute(2, 0, 1)
    torch.testing.assert_close(network(codes), expected, rtol=1e-10, atol=1e-10)


def test_the_loss_and_its_gradient_are_torchs():
    network = tiny()
    codes = codes_for(network, 40, batch=3)
    loss, carry = network.loss(Batch(codes))
    loss.backward()
    twin = Convolutions(network)
    expected = F.cross_entropy(twin(codes[:-1].T), codes[PAST:].T)
    expected.backward()
    assert carry is None
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    for layer, dilated in enumerate(twin.dilated):
        gradient = dilated.weight.grad.permute(2, 1, 0).flatten(0, 1)
        torch.testing.assert_close(network.taps.grad[layer], gradient)
    torch.testing.assert_close(network.embedding.grad, twin.first.weight.grad[..., 0].T)


def test_a_switch_takes_out_its_part_and_nothing_else():
    """One layer: without its skip connection nothing is lost; each other switch matters."""
    codes = None
    for kind, same in (("no skips", True), ("no residual", True)):
        network, whole = tiny(kind, dilations=(3,)), tiny(dilations=(3,))
        codes = codes_for(whole, 20)
        assert torch.equal(network(codes), whole(codes)) == same, kind
    for kind in ("no skips", "no residual"):
        assert not torch.equal(tiny(kind)(codes_for(tiny(), 20)), tiny()(codes_for(tiny(), 20)))
    assert tiny("ReLU").taps.shape[-1] == tiny().taps.shape[-1] // 2


# ------------------------------------------------------------------ incremental = parallel


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_at_a_time_is_all_at_once(kind):
    network = tiny(kind)
    codes = codes_for(network, 70, batch=3)
    bias, hold = network.condition(*conditions_for(network, 70, batch=3))
    outputs = network(codes, bias, hold)
    queues = Queues(network, bias, hold, batch=3)
    one_by_one = torch.stack([queues.push(code) for code in codes])[PAST - 1 :]
    torch.testing.assert_close(one_by_one, outputs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", MODES)
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0, 2.0])
def test_queues_draw_the_codes_of_the_naive_sampler(kind, temperature, rng):
    network = tiny(kind)
    shape = (40, 2, 2) if network.config.components else (40, 2)
    uniforms = torch.from_numpy(rng.random(shape))
    naive = sample_naively(network, uniforms, temperature=temperature)
    queued = sample_with_queues(network, uniforms, temperature=temperature)
    assert torch.equal(naive, queued)
    assert len(naive.unique()) > 3 or temperature == 0


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_the_compiled_sampler_draws_the_same_codes(temperature):
    network = tiny()
    compiled = network.sample(300, count=2, rng=np.random.default_rng(5), temperature=temperature)
    uniforms = [child.random((300, 1)) for child in np.random.default_rng(5).spawn(2)]
    together = torch.from_numpy(np.concatenate(uniforms, axis=1))
    readable = sample_with_queues(network, together, temperature=temperature)
    assert compiled.shape == (2, 300)
    np.testing.assert_array_equal(MuLaw(16).encode(compiled.ravel()), readable.T.ravel().numpy())


@pytest.mark.parametrize("kind", [k for k in KINDS if k in ("voices", "mel") or "and" in k])
def test_the_compiled_sampler_hears_its_conditions(kind):
    """At each step, the drawn level is the one that the network's likelihood calls for."""
    network = tiny(kind)
    config = network.config
    told = {"voice": "bob"} if config.voices else {}
    if config.mel:
        told["mel"] = np.random.default_rng(0).standard_normal((9, 3)) * 3 - 5
    sound = network.sample(100, rng=np.random.default_rng(7), temperature=0, **told)[0]
    codes = config.encoding.encode(sound)
    bias, hold, lead = network._condition_one(told.get("voice"), told.get("mel"), 100)
    padded = torch.cat([torch.full((lead,), config.silence), torch.from_numpy(codes)])[:, None]
    outputs = network(padded[:-1], bias, hold)[-100:]
    expected = draw(network, outputs[:, 0], torch.full((100, 2), 0.5), 0.0).numpy()
    assert np.abs(codes - expected).max() <= (2 if config.components else 0)


def test_a_stream_is_the_sample_block_by_block():
    network = tiny()
    blocks = list(network.blocks(95, rng=np.random.default_rng(3), block=40))
    assert [len(block) for block in blocks] == [40, 40, 15]
    whole = network.sample(95, rng=np.random.default_rng(3))[0]
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_a_prompt_is_gone_on_from():
    network, grid = tiny(), MuLaw(16)
    prompt = np.random.default_rng(0).integers(0, 16, 50)
    more = network.sample(60, rng=np.random.default_rng(1), prompt=grid.decode(prompt))[0]
    queues = Queues(network)
    for code in [*[network.config.silence] * PAST, *prompt]:
        outputs = queues.push(torch.tensor([code]))
    for code, u in zip(
        grid.encode(more), np.random.default_rng(1).spawn(1)[0].random(60), strict=True
    ):
        assert code == int(draw(network, outputs, torch.tensor([u])))
        outputs = queues.push(torch.tensor([code]))


# ------------------------------------------------------------------ probabilities


def test_all_sequences_of_three_levels_share_out_a_probability_of_one():
    network = WaveNet(WaveNetConfig((1, 2), levels=5, channels=4)).double()
    torch.nn.init.normal_(network.head2, generator=torch.Generator().manual_seed(0))
    sequences = np.stack(np.meshgrid(*[np.arange(5)] * 3), axis=-1).reshape(-1, 3)
    total = sum(math.exp(network.level_log_likelihood(s, MuLaw(5)).nats) for s in sequences)
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", ["mixture", "mixture over mu-law levels"])
def test_a_mixture_gives_all_levels_a_probability_of_one(kind):
    network = tiny(kind)
    levels = network.config.levels
    outputs = network(codes_for(network, PAST + 4))
    codes = torch.arange(levels).expand(*outputs.shape[:2], -1)
    described = outputs[:, :, None].expand(-1, -1, levels, -1)
    total = network.log_probability(described, codes).exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 3, PAST, 61])
def test_the_likelihood_is_that_of_the_queues_after_silence(kind, length, monkeypatch):
    """Block by block, of clips shorter and longer than the receptive field."""
    monkeypatch.setattr(wavenet, "BLOCK", 20)
    network = tiny(kind)
    config = network.config
    codes = codes_for(network, length, batch=1)[:, 0]
    voice, mel = conditions_for(network, length, batch=1)
    told = {}
    if voice is not None:
        told["voice"] = config.voices[int(voice)]
    lead = PAST
    if mel is not None:
        told["mel"] = mel[:, 0].numpy()
        lead = 12 * math.ceil(PAST / 12)  # whole frames of silence
        mel = torch.cat([torch.full((lead // 12, 1, 3), math.log(1e-5), dtype=torch.float64), mel])
    queues = Queues(network, *network.condition(voice, mel))
    for _ in range(lead):
        outputs = queues.push(torch.tensor([config.silence]))
    expected = []
    for code in codes:
        expected.append(network.log_probability(outputs, code[None]).item())
        outputs = queues.push(code[None])
    got = network.level_log_probabilities(codes.numpy(), config.encoding, **told)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    total = network.level_log_likelihood(codes.numpy(), config.encoding, **told)
    assert total.nats == pytest.approx(sum(expected), abs=1e-8)
    assert total.kind == "exact"


def test_silence_has_a_likelihood():
    for kind in ("softmax", "mixture"):
        network = tiny(kind)
        codes = np.full(200, network.config.silence)
        values = network.level_log_probabilities(codes, network.config.encoding)
        np.testing.assert_allclose(values, values[0])  # it goes on as it began
        assert values[0] < 0


def test_codes_are_drawn_by_their_cumulative_probability():
    network = tiny()
    probabilities = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    outputs = probabilities.log().expand(4, 4)
    uniforms = torch.tensor([0.0, 0.0999, 0.1001, 0.9999], dtype=torch.float64)
    assert draw(network, outputs, uniforms).tolist() == [0, 0, 1, 3]
    assert draw(network, outputs, uniforms, 0.0).tolist() == [3, 3, 3, 3]
    hot = probabilities.sqrt().cumsum(0) / probabilities.sqrt().sum()  # at temperature 2
    edges = torch.cat([hot - 1e-6, hot[:-1] + 1e-6])
    expected = [0, 1, 2, 3, 1, 2, 3]
    assert draw(network, outputs[:1].expand(7, 4), edges, 2.0).tolist() == expected


# ------------------------------------------------------------------ conditions


def test_a_voice_is_a_bias_of_its_own_in_every_layer():
    network = tiny("voices")
    codes = codes_for(network, 30)
    bias, hold = network.condition(torch.tensor([2, 0]))
    assert hold is None
    assert bias.shape == (1, 2, len(DILATIONS), 12)
    for column, voice in enumerate((2, 0)):
        extra = (network.voice[voice] @ network.voice_mix).reshape(len(DILATIONS), 12)
        alone = network(codes[:, column : column + 1], (network.bias + extra)[None, None])
        torch.testing.assert_close(network(codes, bias)[:, column], alone[:, 0])


def test_a_frame_is_heard_from_two_hops_before_it():
    """Vectors between frames m and m + 1 hear the frames m - 1 to m + 2, and no others."""
    network = tiny("mel")
    codes = codes_for(network, 140, batch=1)[:, 0].numpy()
    mel = np.random.default_rng(0).standard_normal((12, 3)) * 3 - 5
    before = network.level_log_probabilities(codes, MuLaw(16), mel=mel)
    for frame in (2, 5, 7):
        changed = mel.copy()
        changed[frame] += 1
        after = network.level_log_probabilities(codes, MuLaw(16), mel=changed)
        heard = np.flatnonzero(before != after)
        assert heard[0] == (frame - 2) * 12
        # until the last vector that changed has left every layer's past
        assert heard[-1] == (frame + 2) * 12 - 1 + PAST - 1 - DILATIONS[0]


def test_the_upsampler_makes_each_place_of_its_four_frames():
    upsampler = MelUpsampler(MEL).double()
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(6, 2, 3, generator=generator, dtype=torch.float64)
    vectors = upsampler(mel)
    assert vectors.shape == (18, 2, 5)
    scaled = (mel + 5) / 3
    for m in range(6):
        around = [scaled[min(max(m + i, 0), 5)] for i in (-1, 0, 1, 2)]
        hidden = torch.relu(upsampler.mixing(torch.cat(around, dim=-1)))
        for place in range(3):
            rows = slice(5 * place, 5 * place + 5)
            expected = hidden @ upsampler.spreading.weight[rows].T + upsampler.spreading.bias[rows]
            torch.testing.assert_close(vectors[3 * m + place], expected)


# ------------------------------------------------------------------ learning


def test_the_seed_decides_the_first_weights():
    def weights(seed):
        torch.rand(3)  # the global generator must not matter
        network = WaveNet(WaveNetConfig((1, 2), channels=4), seed=seed)
        return torch.cat([p.detach().flatten() for p in network.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_the_same_steps_from_the_same_seed_give_the_same_network():
    def trained(seed):
        network = WaveNet(WaveNetConfig((1, 2, 4), channels=4, levels=16), seed=seed)
        batch = Batch(codes_for(network, 60, batch=3))
        steps = training_steps(network, lambda index: batch, Schedule(5, warmup=1))
        return [step.loss for step in steps]

    assert trained(0) == trained(0)
    assert trained(0) != trained(1)


def test_it_learns_the_entropy_of_a_chain(rng):
    """Recovery: codes of a known chain of order 1 cost its entropy rate, and not less."""
    transition = np.array(
        [[0.8, 0.1, 0.1, 0], [0, 0.7, 0.2, 0.1], [0.1, 0, 0.5, 0.4], [1, 0, 0, 0]]
    )
    values, vectors = np.linalg.eig(transition.T)
    stationary = np.real(vectors[:, np.argmax(values.real)])
    stationary /= stationary.sum()
    safe = np.where(transition > 0, transition, 1)
    entropy = -stationary @ (transition * np.log2(safe)).sum(1)
    codes = [0]
    for u in rng.random(30_000):
        codes.append(int(np.searchsorted(transition[codes[-1]].cumsum(), u, side="right")))
    codes = np.array(codes)
    network = WaveNet(WaveNetConfig((1, 2), channels=8, skip=16, head=16, levels=4))
    windows = torch.from_numpy(codes[:20_000].reshape(40, 500).T.copy())
    schedule = Schedule(80, 1e-2, warmup=5)
    for _ in training_steps(network, lambda index: Batch(windows), schedule):
        pass
    held_out = codes[20_000:]
    bits = -network.level_log_likelihood(held_out, MuLaw(4)).bits / len(held_out)
    own = -np.log2(transition[held_out[:-1], held_out[1:]]).mean()
    assert abs(own - entropy) < 0.05
    assert own - 0.002 < bits < own + 0.02


# ------------------------------------------------------------------ what cannot be


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"dilations": ()}, ValueError, "at least one dilation"),
        ({"dilations": (1, 0)}, ValueError, "dilation of at least 1, got 0"),
        ({"dilations": (1, 2.5)}, TypeError, "whole number for dilation"),
        ({"channels": 0}, ValueError, "channels of at least 1"),
        ({"levels": 2**16}, ValueError, "mixture of logistics for 65536 levels"),
        ({"components": -1}, ValueError, "components of at least 0"),
    ],
)
def test_networks_that_cannot_be_are_explained(settings, error, message):
    with pytest.raises(error, match=message):
        WaveNetConfig(**{"dilations": (1, 2), **settings})


def test_conditions_that_cannot_be_held_are_explained():
    with pytest.raises(ValueError, match="hold_length that divides the hop of 200"):
        MelCondition(hold_length=30)
    with pytest.raises(ValueError, match="bands of at least 1"):
        MelCondition(bands=0)


def test_a_past_that_is_too_short_is_explained():
    network = tiny()
    with pytest.raises(ValueError, match=f"receptive field, {PAST} samples, got {PAST - 1}"):
        network(codes_for(network, PAST - 1))
    assert len(network(codes_for(network, PAST))) == 1


@pytest.mark.parametrize(
    ("codes", "encoding", "error", "message"),
    [
        (np.array([], int), MuLaw(16), ValueError, "one or more codes"),
        (np.zeros((3, 2), int), MuLaw(16), ValueError, "shape"),
        (np.array([0.0]), MuLaw(16), TypeError, "whole-number"),
        (np.array([3, 16]), MuLaw(16), ValueError, "from 0 to 15, got 3 to 16"),
        (np.array([-1]), MuLaw(16), ValueError, "from 0 to 15"),
        (np.array([3]), MuLaw(256), ValueError, "4-bit µ-law, got 8-bit µ-law"),
        (np.array([3]), LinearQuantiser(4), ValueError, "4-bit µ-law, got 4-bit linear"),
    ],
)
def test_codes_that_cannot_be_scored_are_explained(codes, encoding, error, message):
    with pytest.raises(error, match=message):
        tiny().level_log_likelihood(codes, encoding)


FRAMES = np.zeros((6, 3))


@pytest.mark.parametrize(
    ("kind", "told", "message"),
    [
        ("softmax", {"voice": "ann"}, "no voice for this network"),
        ("softmax", {"mel": FRAMES}, "no mel for this network"),
        ("voices", {}, "a voice for this network, got none"),
        ("voices", {"voice": "dora"}, "voice out of ann, bob, cleo, got 'dora'"),
        ("mel", {}, "a mel for this network, got none"),
        ("mel", {"mel": FRAMES[:, :2]}, r"\(frames, batch, 3\)"),
        ("mel", {"mel": FRAMES[0]}, r"\(frames, batch, 3\)"),
        ("mel", {"mel": FRAMES[None, None]}, r"\(frames, batch, 3\)"),
        ("mel", {"mel": FRAMES[:4]}, "5 or 6 finite mel frames for 60 samples at a hop of 12"),
        ("mel", {"mel": np.zeros((60, 3))}, "5 or 6 finite mel frames .* got 60"),
        ("mel", {"mel": FRAMES * np.nan}, "5 or 6 finite mel frames"),
    ],
)
def test_conditions_of_another_kind_shape_or_rate_are_explained(kind, told, message):
    network = tiny(kind)
    with pytest.raises(ValueError, match=message):
        network.level_log_likelihood(np.zeros(60, int), MuLaw(16), **told)
    with pytest.raises(ValueError, match=message):
        network.sample(60, rng=np.random.default_rng(0), **told)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"temperature": -0.1}, ValueError, "temperature of 0 or more"),
        ({"temperature": math.nan}, ValueError, "temperature"),
        ({"temperature": math.inf}, ValueError, "temperature"),
        ({"temperature": "hot"}, TypeError, "temperature"),
        ({"prompt": np.zeros((4, 2))}, ValueError, "mono"),
        ({"prompt": np.array([0.1, math.nan])}, ValueError, "finite"),
        ({"prompt": np.array([0.1, 1.5])}, ValueError, r"within \[-1, 1\]"),
        ({"prompt": np.zeros(4, np.int16)}, TypeError, "floating-point"),
        ({"prompt": np.array([])}, ValueError, "at least 1 sample"),
        ({"prompt": Clip(np.zeros(4), 16_000)}, ValueError, "8000 Hz, got 16000 Hz"),
    ],
)
def test_requests_that_cannot_be_met_are_explained(settings, error, message):
    with pytest.raises(error, match=message):
        tiny().sample(10, rng=np.random.default_rng(0), **settings)
    with pytest.raises(error, match=message):
        tiny().stream(10, rng=np.random.default_rng(0), **settings)  # at once, not at first use


def test_a_network_with_a_part_taken_out_is_not_compiled():
    for kind in ("ReLU", "no residual", "no skips"):
        with pytest.raises(ValueError, match="sample_with_queues"):
            tiny(kind).sample(10, rng=np.random.default_rng(0))
