"""Codec talkers: probabilities sum to one, one by one is all at once, and words stay in order."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.core import PairBatch, Trainable
from course_lib.models.latent.residual import CodecConfig
from course_lib.models.sequence.code_head import CodeHead, choosers
from course_lib.models.sequence.codec_talker import CodecTalker, CodecTalkerConfig
from course_lib.models.sequence.coded import checked_places, coded_pairs, misplaced
from course_lib.models.sequence.transformer import TransformerConfig

CODEC = CodecConfig(stages=3, codes=5, channels=4, width=3)
CORE = TransformerConfig(width=8, heads=2, hidden=12, encoder_layers=1, decoder_layers=2)
VOCABULARY = ("and", "forty", "hundred", "one", "two")
CONFIG = CodecTalkerConfig(VOCABULARY, CODEC, stages=2, core=CORE, group=2, prenet=6, head=4)


def talker(seed=4):
    """A small talker with weights far from their beginning, so that everything matters."""
    net = CodecTalker(CONFIG).eval().double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.4 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    return net


def sentence(net, words, lengths, seed=0):
    """Tokens, random codes and places of words of so many steps each."""
    words = words.split()
    sets = np.repeat(np.arange(len(words)), [n * CONFIG.group for n in lengths])
    rng = np.random.default_rng([seed, len(sets)])
    return net.tokens(words), rng.integers(CODEC.codes, size=(len(sets), CONFIG.stages)), sets


# -------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"vocabulary": ()}, ValueError, "at least one word"),
        ({"stages": 4}, ValueError, "at most 3 stages, got 4"),
        ({"stages": 0}, ValueError, "stages of at least 1"),
        ({"group": 0}, ValueError, "group of at least 1"),
        ({"head": 2.5}, TypeError, "whole number for head"),
        ({"dropout": 1.0}, ValueError, "dropout of 0 or more and below 1"),
        ({"input_dropout": -0.1}, ValueError, "input_dropout from 0 to 1"),
        ({"aligned": math.nan}, ValueError, "aligned"),
    ],
)
def test_what_is_no_configuration(settings, error, said):
    with pytest.raises(error, match=said):
        CodecTalkerConfig(**{"vocabulary": VOCABULARY, "codec": CODEC, "stages": 2, **settings})


def test_first_weights_come_from_the_seed_alone():
    torch.manual_seed(1)
    one = CodecTalker(CONFIG, seed=5)
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after)
    again, other = (CodecTalker(CONFIG, seed=seed) for seed in (5, 6))
    for name in ("before", "query"):
        assert torch.equal(getattr(one.head, name), getattr(again.head, name))
        assert not torch.equal(getattr(one.head, name), getattr(other.head, name))


def test_the_codec_does_not_learn():
    net = CodecTalker(CONFIG)
    assert isinstance(net, Trainable)
    net.loss(coded_pairs([sentence(net, "one two", (1, 2))]))[0].backward()
    assert all(p.grad is None for p in net.codec.parameters())
    assert all(
        p.grad is not None for name, p in net.named_parameters() if not name.startswith("codec.")
    )


# -------------------------------------------------------------- probabilities


def test_the_head_alone_is_the_chain_rule_step_by_step():
    """All codes at once, and each by hand from those before it."""
    head = CodeHead(3, group=2, stages=2, codes=5, width=4, hidden=6).double()
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in head.parameters():
            p += torch.randn(p.shape, generator=rng, dtype=p.dtype)
    features = torch.randn(7, 3, generator=rng, dtype=torch.float64)
    books = torch.randn(2, 5, 4, generator=rng, dtype=torch.float64)
    codes = torch.randint(5, (7, 4), generator=rng)
    vectors = torch.stack([books[i % 2][codes[:, i]] for i in range(4)], 1)
    logits = head(features, vectors, books)
    zero = torch.zeros(7, 4, dtype=torch.float64)
    v = vectors.unbind(1)
    sums = [(zero, zero), (v[0], zero), (v[0] + v[1], zero), (v[0] + v[1], v[2])]
    for i, before in enumerate(sums):
        told = head.features(features).unflatten(-1, (4, 6))[:, i]
        query = torch.relu(told + torch.cat(before, -1) @ head.before[i]) @ head.query[i]
        unit = books[i % 2] / books[i % 2].std()
        torch.testing.assert_close(logits[:, i], query @ unit.T + head.bias[i])


def test_probabilities_of_all_codes_of_a_step_sum_to_one():
    """Enumerated: 5^2 codes of a step of one set, ended or not."""
    config = CodecTalkerConfig(VOCABULARY, CODEC, stages=2, core=CORE, group=1, prenet=6, head=4)
    net = CodecTalker(config).eval().double()
    past = np.array([[1, 2], [3, 0]])
    total = 0.0
    for first in range(5):
        for second in range(5):
            codes = np.concatenate((past, [[first, second]]))
            batch = coded_pairs([(net.tokens(["one"]), codes, np.zeros(3, np.int64))])
            logits, ends, _ = net.predict(batch)
            logs = logits.detach().log_softmax(-1)[2, 0]
            total += float((logs[0, first] + logs[1, second]).exp())
            assert torch.isfinite(ends).all()
    assert total == pytest.approx(1)


def test_what_a_step_says_of_the_future_is_nothing():
    """A code changes the probabilities of what comes after it, and of nothing before."""
    net = talker()
    tokens, codes, places = sentence(net, "one two", (2, 3))
    logits, ends, _ = net.predict(coded_pairs([(tokens, codes, places)]))
    other = codes.copy()
    other[5, 1] = (other[5, 1] + 1) % CODEC.codes  # the second set of step 2: its last code
    changed, other_ends, _ = net.predict(coded_pairs([(tokens, other, places)]))
    torch.testing.assert_close(changed[:3], logits[:3], rtol=0, atol=1e-12)
    torch.testing.assert_close(other_ends[:3], ends[:3], rtol=0, atol=1e-12)
    assert (changed[3:] - logits[3:]).abs().amax((1, 2, 3)).min() > 1e-6


def test_one_step_after_another_is_all_steps_at_once():
    """Of what the talker says itself, the parallel logits name the same codes and ends."""
    net = talker()
    words = ["one", "hundred", "and", "two"]
    for temperature, rng in ((0.0, None), (1.0, np.random.default_rng(3))):
        (said,) = net.codes([words], most_frames=60, temperature=temperature, rng=rng)
        logits, ends, weights = net.predict(
            coded_pairs([(net.tokens(words), said.codes, said.places)])
        )
        torch.testing.assert_close(
            weights[:, 0], torch.from_numpy(said.weights), rtol=0, atol=1e-10
        )
        if temperature == 0:
            found = logits.argmax(-1)[:, 0].reshape(-1, CONFIG.stages)
            assert np.array_equal(found, said.codes)
            moves = np.diff(said.places[:: CONFIG.group]) > 0
            assert np.array_equal((ends[:-1, 0] > 0).numpy(), moves)
            assert bool(ends[-1, 0] > 0) == said.stopped


def test_drawn_codes_have_the_probabilities_of_the_model():
    net = talker()
    counts = np.zeros((2, CODEC.codes))
    rng = np.random.default_rng(1)
    for _ in range(400):
        (said,) = net.codes([["one"]], most_frames=1, temperature=1.0, rng=rng)
        counts[[0, 1], said.codes[0]] += 1
    batch = coded_pairs([(net.tokens(["one"]), said.codes, said.places)])
    first = net.predict(batch)[0][0, 0, 0].softmax(-1).detach().numpy()
    np.testing.assert_allclose(counts[0] / 400, first, atol=4 * np.sqrt(0.25 / 400))


def test_padding_counts_for_nothing():
    net = talker()
    short = sentence(net, "one two", (1, 2))
    long = sentence(net, "two hundred and forty", (2, 3, 1, 2), seed=1)
    together = net.step_log_likelihoods(coded_pairs([short, long]))[0].sum(0)
    for both, one in zip(together, (short, long), strict=True):
        alone = net.step_log_likelihoods(coded_pairs([one]))[0].sum()
        torch.testing.assert_close(both, alone, rtol=0, atol=1e-10)


def test_the_likelihood_is_that_of_codes_and_ends():
    net = talker()
    tokens, codes, places = sentence(net, "one two", (1, 2))
    logits, ends, _ = net.predict(coded_pairs([(tokens, codes, places)]))
    logs = logits.log_softmax(-1)[:, 0].detach().numpy()
    expected = sum(
        logs[t, i, code] for t, row in enumerate(codes.reshape(3, 4)) for i, code in enumerate(row)
    )
    signs = torch.tensor([1.0, -1.0, 1.0])  # word, goes on, word
    expected += float(nn.functional.logsigmoid(signs * ends[:, 0]).detach().sum())
    found = net.log_likelihood(["one", "two"], codes, places)
    assert found.nats == pytest.approx(expected)
    assert found.kind == "exact"


def test_the_loss_is_nats_a_code_and_attention_beside_the_word():
    net = talker()
    batch = coded_pairs([sentence(net, "one two", (1, 2)), sentence(net, "two", (2,), seed=1)])
    logs, weights = net.step_log_likelihoods(batch)
    beside = misplaced(weights, batch.places[::2], batch.target_counts // 2)
    expected = -logs.sum() / (10 * 2) + CONFIG.aligned * beside
    torch.testing.assert_close(net.loss(batch)[0], expected)
    net.train()
    assert float(net.loss(batch)[0].detach()) != pytest.approx(
        float(expected.detach())
    )  # some of it is not heard


def test_attention_on_the_word_and_off_it():
    weights = torch.zeros(3, 1, 2)
    weights[:, 0, 0] = torch.tensor([1.0, 0.25, 0.0])
    weights[:, 0, 1] = 1 - weights[:, 0, 0]
    places = torch.tensor([[0], [0], [1]])
    assert float(misplaced(weights, places, torch.tensor([3]))) == pytest.approx(0.25)
    assert float(misplaced(weights, places, torch.tensor([1]))) == 0  # the rest is padding


# -------------------------------------------------------------- speaking


def test_every_word_is_said_in_order_and_once():
    net = talker()
    rng = np.random.default_rng(2)
    for words in (["one"], ["two", "two", "two"], ["one", "hundred", "and", "forty"]):
        (said,) = net.codes([words], most_frames=2000, temperature=1.0, rng=rng)
        assert said.stopped
        steps = said.places[:: CONFIG.group]
        assert np.array_equal(np.unique(steps), np.arange(len(words)))
        assert np.isin(np.diff(steps), (0, 1)).all()
        assert len(said.codes) == len(said.places) == CONFIG.group * len(said.weights)


def test_texts_read_together_are_read_as_each_alone():
    net = talker()
    texts = [["one"], ["two", "hundred", "and", "one"]]
    for one, both in zip(texts, net.codes(texts, most_frames=80), strict=True):
        (alone,) = net.codes([one], most_frames=80)
        assert np.array_equal(alone.codes, both.codes)
        assert np.array_equal(alone.places, both.places)
        assert alone.stopped == both.stopped


def test_speech_is_what_the_codec_makes_of_the_codes():
    net = talker()
    (spoken,) = net.speak([["one", "two"]], most_frames=80)
    (said,) = net.codes([["one", "two"]], most_frames=80)
    np.testing.assert_array_equal(spoken.frames, net.codec.frames(said.codes))
    assert spoken.words == ("one", "two")
    assert spoken.weights.shape[1] == 2


def test_a_reading_that_does_not_end_is_cut():
    net = talker()
    with torch.no_grad():
        net.end.bias += -1e3
    (said,) = net.codes([["one", "two"]], most_frames=9)
    assert not said.stopped
    assert len(said.codes) == 6  # three steps of two sets of two frames hold nine frames


@pytest.mark.parametrize(
    ("texts", "settings", "error", "said"),
    [
        ([], {}, ValueError, "at least one text"),
        ([[]], {}, ValueError, "at least one word"),
        ([["three"]], {}, ValueError, "cannot say 'three'"),
        ([["one"]], {"most_frames": 0}, ValueError, "most_frames"),
        ([["one"]], {"temperature": -1.0}, ValueError, "temperature of 0 or more"),
        ([["one"]], {"temperature": 1.0}, TypeError, "need a numpy"),
    ],
)
def test_what_cannot_be_read(texts, settings, error, said):
    with pytest.raises(error, match=said):
        talker().speak(texts, **settings)


def test_the_likeliest_needs_no_generator():
    choose, finish = choosers(0.0, None)
    assert choose(torch.tensor([[0.0, 2.0, 1.0]])).tolist() == [1]
    assert finish(torch.tensor([-1.0, 1.0])).tolist() == [False, True]


# -------------------------------------------------------------- batches


@pytest.mark.parametrize(
    ("places", "error", "said"),
    [
        (np.zeros(4), TypeError, "whole numbers"),
        (np.array([0, 0, 1]), ValueError, "a place for each of 4"),
        (np.array([1, 1, 1, 1]), ValueError, "from 0 to 1"),
        (np.array([0, 0, 0, 0]), ValueError, "from 0 to 1"),
        (np.array([0, 0, 2, 1]), ValueError, "move by 0 or 1"),
        (np.array([0, 1, 1, 1]), ValueError, "whole steps of 2"),
    ],
)
def test_places_that_will_not_do(places, error, said):
    with pytest.raises(error, match=said):
        checked_places(places, 4, 2, 2)


def test_codes_that_will_not_do():
    net = talker()
    tokens, codes, places = sentence(net, "one two", (1, 2))
    with pytest.raises(ValueError, match="codes from 0 to 4"):
        net.log_likelihood(["one", "two"], codes + 5, places)
    with pytest.raises(ValueError, match="shape any x 2"):
        net.log_likelihood(["one", "two"], codes[:, :1], places)
    with pytest.raises(ValueError, match="whole steps of 2"):
        net.log_likelihood(["one"], codes[:3], np.zeros(3, np.int64))
    batch = coded_pairs([(tokens, codes, places)])
    bare = PairBatch(batch.tokens, batch.token_counts, batch.targets, batch.target_counts)
    with pytest.raises(ValueError, match="with places"):
        net.loss(bare)
    with pytest.raises(ValueError, match="whole steps of 2"):
        net.loss(coded_pairs([(tokens, codes[:5], places[:5])]))
    with pytest.raises(ValueError, match="at least one example"):
        coded_pairs([])
