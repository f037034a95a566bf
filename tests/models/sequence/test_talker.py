"""Talkers: the density is Laplace's, the past is one group behind, and speech is what was meant."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from course_lib.audio import Clip
from course_lib.core import Trainable
from course_lib.corpora import catalogue
from course_lib.features import log_mel
from course_lib.models.sequence.aloud import BREAK, LONGEST
from course_lib.models.sequence.attention import guided_penalty
from course_lib.models.sequence.configuration import TalkerConfig
from course_lib.models.sequence.frames import (
    BANDS,
    KNEE,
    LEVEL,
    SILENT,
    at_level,
    frames_of,
    griffin_lim_vocoder,
)
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.spoken import Spoken, WordsInDoubtError, doubt
from course_lib.models.sequence.talker import ENOUGH, Talker, pairs
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.text.reading import normalise
from course_lib.zoo.sentences import joined, read_from_recordings, sentences, vocabulary

RECURRENT = {
    "embedding": 5,
    "encoder": 4,
    "units": 6,
    "attention_units": 5,
    "filters": 2,
    "filter_width": 3,
}
CORES = {
    "lstm": Seq2SeqConfig("lstm", **RECURRENT),
    "gru": Seq2SeqConfig("gru", "additive", **RECURRENT),
    "fixed": Seq2SeqConfig("lstm", "fixed", **RECURRENT),
    "transformer": TransformerConfig(
        width=8, heads=2, hidden=12, encoder_layers=2, decoder_layers=2
    ),
}
every_core = pytest.mark.parametrize("core", CORES)
VOCABULARY = ("and", "forty", "hundred", "one", "two")


def talker(core="lstm", **changes):
    """A small talker with weights far from their beginning, so that everything matters."""
    net = Talker(TalkerConfig(VOCABULARY, CORES[core], prenet=7, **changes)).eval().double()
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.2 * torch.randn(p.shape, generator=generator)
    return net


def some_frames(count, seed=0):
    rng = np.random.default_rng([seed, count])
    return (-6 + 2 * rng.standard_normal((count, BANDS))).astype(np.float32)


def batch_of(net, *examples, **settings):
    """A batch of (words, frames)."""
    batch = pairs([(net.tokens(words.split()), frames) for words, frames in examples], **settings)
    object.__setattr__(batch, "targets", batch.targets.double())
    return batch


def assert_equal(ours, theirs, atol=1e-10):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=atol)


# -------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"vocabulary": ()}, ValueError, "at least one word"),
        ({"group": 0}, ValueError, "group of at least 1, got 0"),
        ({"prenet": 2.5}, TypeError, "whole number for prenet"),
        ({"dropout": 1.0}, ValueError, "dropout of 0 or more and below 1, got 1"),
        ({"dropout": -0.1}, ValueError, "dropout of 0 or more"),
        ({"dropout": math.nan}, ValueError, "dropout"),
        ({"guided": -1.0}, ValueError, "guided of 0 or more"),
        ({"input_dropout": 1.5}, ValueError, r"input_dropout from 0 to 1, got 1\.5"),
        ({"input_dropout": "half"}, TypeError, "a number for input_dropout"),
    ],
)
def test_what_is_no_configuration(settings, error, said):
    with pytest.raises(error, match=said):
        TalkerConfig(**{"vocabulary": VOCABULARY, **settings})


def test_first_weights_come_from_the_seed_alone():
    torch.manual_seed(1)
    one = Talker(TalkerConfig(VOCABULARY, CORES["lstm"]), seed=5)
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after)  # nobody else's numbers were drawn
    again, other = (Talker(TalkerConfig(VOCABULARY, CORES["lstm"]), seed=s) for s in (5, 6))
    assert torch.equal(one.output.weight, again.output.weight)
    assert not torch.equal(one.output.weight, other.output.weight)
    with pytest.raises(ValueError, match="seed of at least 0"):
        Talker(TalkerConfig(VOCABULARY), seed=-1)


# ----------------------------------------------------------------------- text


def test_tokens_are_letters():
    net = talker()
    symbols = net.config.symbols
    assert symbols[:2] == ("\n", " ")
    assert sorted(symbols[2:]) == sorted(set("andfortyhundredonetwo"))
    tokens = net.tokens(["one", "hundred"])
    assert "".join(symbols[i] for i in tokens) == "one hundred\n"


def test_written_text_becomes_words():
    assert talker().words("142") == ("one", "hundred", "and", "forty", "two")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("143", "cannot say 'three': this talker knows 5 words"),
        ("one fourty", "cannot say 'fourty'.*near it are forty"),
        ("one xylophone", "cannot say 'xylophone'.*take numbers, dates or times"),
        ("", "need"),
    ],
)
def test_text_that_cannot_be_said(text, said):
    with pytest.raises(ValueError, match=said):
        talker().say(text, rng=np.random.default_rng(0))


def test_no_words():
    with pytest.raises(ValueError, match="at least one word to say"):
        talker().tokens([])


# -------------------------------------------------------------------- density


@every_core
def test_the_density_is_laplaces(core):
    """Two texts of different lengths; neither fills its last group of four frames."""
    net = talker(core)
    counts = [10, 5]
    batch = batch_of(net, ("one hundred", some_frames(10)), ("two", some_frames(5)))
    ours, _ = net.step_log_likelihoods(batch)
    means, stops, _ = net.predict(batch)
    for i, count in enumerate(counts):
        guess = means[:, i].unflatten(-1, (4, BANDS)).flatten(0, 1)[:count]
        laplace = torch.distributions.Laplace(-6 + 2.5 * guess, 2.5 * torch.exp(net.log_scale))
        density = laplace.log_prob(batch.targets[:count, i]).sum(-1)
        steps = math.ceil(count / 4)
        last = torch.arange(steps) == steps - 1
        stopping = torch.distributions.Bernoulli(logits=stops[:steps, i]).log_prob(last.double())
        expected = torch.stack([group.sum() for group in density.split(4)]) + stopping
        assert_equal(ours[:steps, i], expected, atol=1e-4)  # densities are taken in float32
        assert (ours[steps:, i] == 0).all()


@every_core
def test_the_whole_is_the_sum_of_the_steps(core):
    net = talker(core)
    frames = some_frames(11)
    steps, _ = net.step_log_likelihoods(batch_of(net, ("one two", frames)))
    net.float()
    whole = net.log_likelihood(["one", "two"], frames)
    assert whole.nats == pytest.approx(steps.sum().item(), abs=2e-2, rel=1e-6)


def test_one_frame_has_a_density():
    assert math.isfinite(talker().float().log_likelihood(["one"], some_frames(1)).nats)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (some_frames(4)[:, :79], "frames of 80 bands, got 79"),
        (np.full((3, BANDS), np.nan), "finite"),
        (np.full((3, BANDS), np.inf), "finite"),
        (np.zeros(BANDS), "shape"),
        (np.zeros((0, BANDS)), "frame"),
    ],
)
def test_frames_without_a_density(frames, said):
    with pytest.raises(ValueError, match=said):
        talker().float().log_likelihood(["one"], frames)


def test_whole_numbers_are_no_frames():
    with pytest.raises(TypeError):
        talker().float().log_likelihood(["one"], np.zeros((3, BANDS), int))


@every_core
def test_padding_changes_nothing(core):
    net = talker(core)
    examples = [("one hundred", some_frames(10)), ("two", some_frames(5)), ("one", some_frames(8))]
    together, looks = net.step_log_likelihoods(batch_of(net, *examples))
    for i, (words, frames) in enumerate(examples):
        alone, look = net.step_log_likelihoods(batch_of(net, (words, frames)))
        assert_equal(together[: len(alone), i], alone[:, 0], atol=1e-4)
        steps, _, tokens = look.shape
        assert_equal(looks[:steps, i, :tokens], look[:, 0])
    wider = batch_of(net, *examples)
    silence = torch.full((6, 3, BANDS), 7.0, dtype=torch.float64)  # what stands there is not heard
    object.__setattr__(wider, "targets", torch.cat((wider.targets, silence)))
    assert_equal(net.step_log_likelihoods(wider)[0].sum(0), together.sum(0), atol=1e-3)


@every_core
def test_a_step_hears_the_group_before_it_and_nothing_later(core):
    net = talker(core)
    frames = some_frames(24)
    means, stops, _ = net.predict(batch_of(net, ("one two", frames)))
    for t in range(24):
        changed = frames.copy()
        changed[t] += 1
        moved_means, moved_stops, _ = net.predict(batch_of(net, ("one two", changed)))
        moved = (moved_means - means).abs().amax(dim=(1, 2)) + (moved_stops - stops).abs()[:, 0]
        group = t // 4
        assert (moved[: group + 1] == 0).all()
        if t % 4 == 3 and group < 5:  # the last frame of a group is the one that is heard
            assert moved[group + 1] > 0
        else:
            assert (moved == 0).all()


@every_core
def test_steps_one_by_one_are_all_at_once(core):
    net = talker(core)
    (spoken,) = net.speak([["one", "hundred"]], most_frames=40)
    groups = torch.from_numpy((spoken.frames + 6) / 2.5).view(-1, 1, 4 * BANDS)
    heard = net.said_before(groups)
    batch = batch_of(net, ("one hundred", spoken.frames))
    means, stops, weights = net.predict(batch, heard=heard)
    said = -6 + 2.5 * means[:, 0].unflatten(-1, (4, BANDS)).flatten(0, 1)
    assert spoken.frames.min() > SILENT  # nothing was cut off
    np.testing.assert_allclose(spoken.frames, said.detach().numpy(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(spoken.weights, weights[:, 0].detach().numpy(), rtol=0, atol=1e-9)
    assert spoken.stopped == bool(torch.sigmoid(stops[-1, 0]) > ENOUGH)


# ------------------------------------------------------------------- learning


@every_core
def test_the_loss(core):
    net = talker(core, guided=0.7)
    batch = batch_of(net, ("one hundred", some_frames(10)), ("two", some_frames(5)))
    loss, carry = net.loss(batch)
    steps, weights = net.step_log_likelihoods(batch)
    expected = -steps.sum() / (15 * BANDS)
    if core != "fixed":  # which does not look, and cannot be guided
        expected = expected + 0.7 * guided_penalty(
            weights.float(), torch.tensor([3, 2]), batch.token_counts
        )
    assert isinstance(net, Trainable)
    assert carry is None
    assert_equal(loss, expected, atol=1e-6)
    loss.backward()
    for name, p in net.named_parameters():
        assert p.grad is not None, name
        assert torch.isfinite(p.grad).all(), name


def test_dropout_in_training_alone():
    net = talker()
    examples = [("one hundred", some_frames(10))]
    one, other = (batch_of(net, *examples, seed=seed) for seed in (1, 2))
    quiet = net.loss(one)[0]
    assert torch.equal(net.loss(other)[0], quiet)
    net.train()
    torch.manual_seed(1)
    dropped = net.loss(one)[0]
    torch.manual_seed(2)
    assert torch.equal(net.loss(one)[0], dropped)
    assert not torch.equal(net.loss(other)[0], dropped)
    assert not torch.equal(quiet, dropped)
    likelihood = net.float().log_likelihood(["one"], some_frames(4)).nats
    assert likelihood == net.eval().log_likelihood(["one"], some_frames(4)).nats


def test_dropout_keeps_the_mean():
    net = talker(dropout=0.5).train()
    said = torch.ones(2000, 1, BANDS, dtype=torch.float64)
    with torch.no_grad():
        net.prenet[1].weight.copy_(torch.eye(7))
        net.prenet[1].bias.zero_()
        on = net._listen(said, torch.Generator().manual_seed(0))
        off = net._listen(said, None)
    assert ((on == 0) | torch.isclose(on, 4 * off)).all()  # two layers, each doubles what is left
    np.testing.assert_allclose(on.mean(0), off.mean(0), rtol=0.15, atol=1e-12)


@every_core
def test_scheduled_sampling_in_training_alone(core):
    """With a share of one, every step but the first hears the guess made before it."""
    net = talker(core, dropout=0.0)
    examples = [("one hundred", some_frames(40)), ("two", some_frames(29))]
    true, own, some = (
        batch_of(net, *examples, seed=2, scheduled_sampling=share) for share in (0.0, 1.0, 0.5)
    )
    assert torch.equal(net.loss(own)[0], net.loss(true)[0])
    net.train()
    guesses, _, _ = net.predict(true)
    heard = net.said_before(guesses).detach()
    steps, weights = net.step_log_likelihoods(true, heard=heard)
    expected = -steps.sum() / (69 * BANDS)
    if core != "fixed":
        counts = torch.tensor([10, 8])
        expected = expected + guided_penalty(weights.float(), counts, true.token_counts)
    assert_equal(net.loss(own)[0], expected, atol=1e-6)
    losses = [net.loss(batch)[0] for batch in (true, some, some, own)]
    assert losses[1] == losses[2]
    assert len({loss.item() for loss in losses}) == 3


def test_deafness_leaves_whole_steps_out():
    net = talker(dropout=0.0, input_dropout=0.6)
    said = torch.rand(50, 400, BANDS, dtype=torch.float64) + 1
    with torch.no_grad():
        some, all_ = net._listen(said, torch.Generator().manual_seed(0)), net._listen(said, None)
        again = net._listen(said, torch.Generator().manual_seed(0))
    heard = (some == all_).all(-1)
    assert torch.equal(some, again)
    assert (some[~heard] == 0).all()
    assert all_.any(-1).all()  # so that hearing nothing is something else
    shares = 1 - heard.double().mean(0)  # of each text: between 0 and 0.6
    assert shares.mean().item() == pytest.approx(0.3, abs=0.03)
    assert shares.std() > 0.12


def test_a_talker_learns():
    net = Talker(TalkerConfig(VOCABULARY, CORES["gru"], prenet=16), seed=1)
    batch = pairs([(net.tokens(["one"]), some_frames(6)), (net.tokens(["two"]), some_frames(9))])
    optimizer = torch.optim.Adam(net.parameters(), 2e-2)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss, _ = net.loss(batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.3


@pytest.mark.parametrize("examples", [[], [(np.zeros(2, int), np.zeros((0, BANDS), np.float32))]])
def test_examples_that_make_no_batch(examples):
    with pytest.raises(ValueError, match=r"at least one example|target_counts from 1"):
        pairs(examples)


def test_frames_are_padded_with_silence():
    batch = pairs([(np.array([1, 0]), some_frames(3)), (np.array([1, 2, 0]), some_frames(5))])
    assert batch.token_counts.tolist() == [2, 3]
    assert batch.target_counts.tolist() == [3, 5]
    assert (batch.targets[3:, 0] == SILENT).all()


# ------------------------------------------------------------------- speaking


def with_stop(net, logit):
    """The talker, with the same logit of stopping at every step."""
    with torch.no_grad():
        net.stop.weight.zero_()
        net.stop.bias.fill_(logit)
    return net


@every_core
def test_several_texts_at_once_are_each_alone(core):
    net = talker(core)
    texts = [["one", "hundred"], ["two"], ["forty", "two"]]
    with torch.no_grad():  # so that they stop at different steps
        net.stop.weight.mul_(8)
    together = net.speak(texts, most_frames=60)
    for words, spoken in zip(texts, together, strict=True):
        (alone,) = net.speak([words], most_frames=60)
        assert spoken.words == tuple(words)
        assert spoken.stopped == alone.stopped
        np.testing.assert_allclose(spoken.frames, alone.frames, rtol=0, atol=1e-9)
        np.testing.assert_allclose(spoken.weights, alone.weights, rtol=0, atol=1e-9)
        assert spoken.weights.shape == (len(spoken.frames) / 4, len(" ".join(words)) + 1)


def test_it_stops_when_it_says_so():
    (spoken,) = with_stop(talker(), 5.0).speak([["one"]], most_frames=400)
    assert spoken.stopped
    assert len(spoken.frames) == 4


@pytest.mark.parametrize(("logit", "stopped"), [(-1.05, True), (-1.15, False)])
def test_a_toss_up_is_enough_to_stop(logit, stopped):  # sigmoid(-1.0986) is a quarter
    (spoken,) = with_stop(talker(), logit).speak([["one"]], most_frames=20)
    assert spoken.stopped == stopped


@pytest.mark.parametrize(("most", "frames"), [(1, 4), (8, 8), (9, 12), (None, 240)])
def test_it_stops_when_it_must(most, frames):
    (spoken,) = with_stop(talker(), -5.0).speak([["one", "two"]], most_frames=most)
    assert not spoken.stopped
    assert len(spoken.frames) == frames


def test_frames_are_never_below_silence():
    net = talker()
    with torch.no_grad():
        net.output.bias.fill_(-100)
    (spoken,) = net.speak([["one"]], most_frames=8)
    assert (spoken.frames == SILENT).all()


def test_speaking_draws_nothing_and_needs_no_mode():
    net = talker()
    (one,) = net.speak([["two"]], most_frames=20)
    (other,) = net.train().speak([["two"]], most_frames=20)
    np.testing.assert_array_equal(one.frames, other.frames)


@pytest.mark.parametrize(
    ("texts", "most", "error", "said"),
    [
        ([], None, ValueError, "at least one text"),
        ([["one"], []], None, ValueError, "at least one word"),
        ([["one"], ["three"]], None, ValueError, "cannot say 'three'"),
        ([["one"]], 0, ValueError, "most_frames of at least 1, got 0"),
        ([["one"]], 2.5, TypeError, "whole number for most_frames"),
    ],
)
def test_what_cannot_be_spoken(texts, most, error, said):
    with pytest.raises(error, match=said):
        talker().speak(texts, most_frames=most)


def said_by(net, monkeypatch, lasting):
    """The talker, which says words without an error where they last `lasting(words)` seconds."""

    def speak(texts):
        counts = [round(lasting(words) * 20) for words in texts]
        return [
            Spoken(tuple(words), some_frames(4 * count), np.zeros((count, 3)), True)
            for words, count in zip(texts, counts, strict=True)
        ]

    monkeypatch.setattr(net, "speak", speak)
    return net


def as_recorded(words):
    return read_from_recordings(words).duration


def noise(frames, rng):
    """A vocoder that is fast, and never twice as loud."""
    return rng.uniform(0.01, 2) * rng.standard_normal(200 * (len(frames) - 1))


def test_say_is_speak_and_a_vocoder(monkeypatch):
    net = said_by(talker(), monkeypatch, as_recorded)
    heard = []

    def vocoder(frames, rng):
        heard.append(frames)
        return rng.standard_normal(500) / 10

    clip = net.say("1", vocoder=vocoder, rng=np.random.default_rng(3))
    (spoken,) = net.speak([["one"]])
    np.testing.assert_array_equal(heard[0], spoken.frames)
    expected = at_level(np.random.default_rng(3).standard_normal(500) / 10)
    np.testing.assert_allclose(clip.samples, expected, rtol=1e-6)
    assert clip.sample_rate == 16_000


def test_pieces_follow_one_another(monkeypatch):
    """A piece that is said on its own, and a break of silence before the next."""
    net = said_by(talker(), monkeypatch, as_recorded)
    clip = net.say("one two, " * 4, vocoder=noise, rng=np.random.default_rng(3))
    rng = np.random.default_rng(3)
    parts = [at_level(noise(spoken.frames, rng)) for spoken in net.speak([["one", "two"] * 2] * 2)]
    expected = np.concatenate([parts[0], np.zeros(round(BREAK * 16_000)), parts[1]])
    np.testing.assert_allclose(clip.samples, expected, rtol=1e-6)


def test_say_needs_a_generator():
    with pytest.raises(TypeError, match="numpy Generator"):
        talker().say("1", rng=0)


# --------------------------------------------------------------------- pieces


@pytest.fixture(scope="module")
def reader():
    """An untrained talker that knows all words."""
    return Talker(TalkerConfig(vocabulary(), CORES["lstm"]))


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("seven " * 6, [6]),
        ("seven " * 7, [4, 3]),
        ("seven " * 30, [6] * 5),
        ("one two, three four five six seven", [2, 5]),
        ("a, b, c, d, e, f", [6]),
        ("a, b, c, d, e, f, g, h", [4, 4]),
        ("999,999", [11]),
        ("1, 22, 333, 4,444", [1 + 2, 5, 7]),
        ("one two three four five Tuesday 5:43 pm", [5, 5]),
        ("the 22nd of November 2026 at 5:43 pm", [8, 5]),
        ("Monday the 22nd of November 2026", [1, 8]),
        ("the " * 13, [4, 4, 5]),
    ],
)
def test_pieces_are_as_long_as_in_training(reader, text, lengths):
    pieces = reader.pieces(text)
    assert tuple(word for piece in pieces for word in piece) == reader.words(text)
    assert [len(piece) for piece in pieces] == lengths


@pytest.mark.parametrize("which", ["numbers", "dates and times"])
def test_what_was_examined_is_read_whole(reader, which):
    for text in sentences(which):
        assert reader.pieces(text) == (normalise(text),)


@given(st.lists(st.sampled_from(["seven", "seven,", "the", "4,012", "5:43 pm,"]), min_size=1))
def test_every_word_is_in_one_piece(reader, things):
    text = " ".join(things)
    pieces = reader.pieces(text)
    assert tuple(word for piece in pieces for word in piece) == reader.words(text)
    assert max(map(len, pieces)) <= LONGEST


@pytest.mark.parametrize("text", ["", "fourty", "25:00"])
def test_text_without_pieces(reader, text):
    with pytest.raises(ValueError, match=r"need a text|cannot say|cannot read"):
        reader.pieces(text)


# ---------------------------------------------------------------------- doubt


def spoken_by(words, clip):
    frames = frames_of(clip)
    return Spoken(tuple(words), frames, np.zeros((-(-len(frames) // 4), 3)), stopped=True)


def test_nothing_as_in_training_is_in_doubt():
    """Whatever is drawn: slower, faster, with pauses long and short, several words or one."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        words = tuple(rng.choice(vocabulary(), rng.integers(1, LONGEST + 1)))
        assert not doubt(spoken_by(words, joined(words, rng)))
    for text in sentences("numbers")[:20]:
        words = normalise(text)
        assert not doubt(spoken_by(words, joined(words, rng)))


@pytest.mark.parametrize("word", ["seven", "b", "eighteenth"])
@pytest.mark.parametrize("count", [2, LONGEST])
def test_a_word_too_few_or_too_many(word, count):
    words = (word,) * count
    assert not doubt(spoken_by(words, read_from_recordings(words)))
    for other in (count - 1, count + 1):
        assert "where recordings take" in doubt(
            spoken_by(words, read_from_recordings((word,) * other))
        )


def test_what_never_stops_is_in_doubt():
    words = ("one",)
    spoken = spoken_by(words, read_from_recordings(words))
    assert "never came to an end" in doubt(replace(spoken, stopped=False))


def test_words_without_a_recording_last_like_any():
    words = ("uno", "due", "tre")
    assert not doubt(spoken_by(words, read_from_recordings(("one", "two", "three"))))
    assert doubt(spoken_by(words, read_from_recordings(("one",) * 6)))


def test_a_network_that_never_stops_loses_no_word_silently():
    net = with_stop(talker().float(), -5.0)
    with pytest.raises(
        WordsInDoubtError, match=r"'one hundred' never .*; 'and forty two' never"
    ) as e:
        net.say("142", vocoder=noise, rng=np.random.default_rng(0))
    parts = [("one", "hundred"), ("and", "forty", "two")]
    assert [spoken.words for spoken in e.value.spoken] == parts
    assert e.value.clip.duration > 5 * 1.4


def test_what_is_in_doubt_is_read_again_in_halves(monkeypatch):
    """Of more than three words at once, this talker says the first three only."""
    read = []

    def lasting(words):
        read.append(len(words))
        return as_recorded(words[:3])

    net = said_by(talker(), monkeypatch, lasting)
    clip = net.say("one two " * 3, vocoder=noise, rng=np.random.default_rng(0))
    assert read == [6, 3, 3]
    assert clip.duration > as_recorded(["one", "two"] * 3)


# ---------------------------------------------------------------------- level


def test_the_level_is_that_of_the_prompts():
    prompts = catalogue().select(language="en", voice="Allison Smith")
    levels = [20 * np.log10(prompt.load().rms) for prompt in prompts if prompt.seconds > 2]
    assert len(levels) > 100
    assert 20 * np.log10(LEVEL) == pytest.approx(np.mean(levels), abs=0.01)


@given(st.integers(0, 99), st.floats(-60, 20), st.floats(1, 4))
def test_every_level_is_equal_and_nothing_is_cut_off(seed, gain, power):
    """Noise of any loudness, with peaks few and high or many and low."""
    drawn = np.random.default_rng(seed).standard_normal(4000)
    samples = 10 ** (gain / 20) * np.sign(drawn) * np.abs(drawn) ** power
    levelled = at_level(samples)
    assert np.abs(levelled).max() <= 1
    order = np.argsort(samples)
    assert (np.diff(levelled[order]) >= 0).all()
    quiet = np.abs(levelled) < KNEE
    ratio = levelled[quiet] / samples[quiet]
    np.testing.assert_allclose(ratio, ratio[0])
    if power < 1.5:
        assert np.sqrt(np.mean(levelled**2)) == pytest.approx(LEVEL, rel=0.02)


def test_a_peak_is_bent():
    spike = np.eye(64)[0]
    over = (8 * LEVEL - KNEE) / (1 - KNEE)
    np.testing.assert_allclose(at_level(spike), (KNEE + (1 - KNEE) * np.tanh(over)) * spike)


def test_silence_stays_silent():
    assert (at_level(np.zeros(5)) == 0).all()


def test_sentences_and_pieces_are_equally_loud(monkeypatch):
    net = said_by(talker(), monkeypatch, as_recorded)
    rng = np.random.default_rng(0)
    for text in ("one", "42", "142", "two hundred"):
        assert net.say(text, vocoder=noise, rng=rng).rms == pytest.approx(LEVEL, rel=0.01)


# --------------------------------------------------------------------- frames


def test_frames_of_a_recording(rng):
    clip = Clip((0.1 * rng.standard_normal(3200)).astype(np.float32), 16_000)
    frames = frames_of(clip)
    assert frames.shape == (17, BANDS)
    assert frames.dtype == np.float32
    expected = log_mel(clip, window_length=800, hop_length=200, bands=80)
    np.testing.assert_allclose(frames, expected, rtol=1e-6)


def test_frames_of_silence_are_silent():
    np.testing.assert_allclose(
        frames_of(Clip(np.zeros(800, np.float32), 16_000)), SILENT, rtol=1e-6
    )


def test_frames_need_a_clip_at_16_kHz(tone, rng):
    with pytest.raises(
        ValueError, match=r"need a clip at 16000 Hz, got 8000 Hz; use audio\.resample"
    ):
        frames_of(tone)
    with pytest.raises(TypeError):
        frames_of(rng.standard_normal(1000))


def test_the_vocoder_makes_sound_of_about_these_frames(rng):
    time = np.arange(8000) / 16_000
    buzz = sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 30))
    frames = frames_of(Clip((0.1 * buzz).astype(np.float32), 16_000))
    samples = griffin_lim_vocoder(frames, rng)
    assert samples.shape == (8000,)
    again = frames_of(Clip(samples.astype(np.float32), 16_000))
    loud = frames > frames.max() - 6
    assert np.abs(again - frames)[loud].mean() < 0.5


# ---------------------------------------------------------------- equal cores


def test_a_talkers_lstm_is_torchs():
    """The whole chain of a fixed-vector talker, written out with torch's own cell."""
    net = talker("fixed")
    frames = some_frames(12)
    batch = batch_of(net, ("one two", frames))
    means, _, _ = net.predict(batch)
    memory = net.core.encode(batch.tokens, batch.token_counts)
    h = c = torch.zeros(1, 6, dtype=torch.float64)
    cell = nn.LSTMCell(7 + 8, 6).double()
    cell.load_state_dict(net.core.cell.state_dict())
    for step in range(3):
        last = SILENT if step == 0 else torch.from_numpy(frames[4 * step - 1]).double()
        said = torch.full((1, BANDS), 0.0, dtype=torch.float64) + (last + 6) / 2.5
        for layer in net.prenet:
            said = torch.relu(layer(said))
        h, c = cell(torch.cat((said, memory.states[:, 0]), dim=-1), (h, c))
        guess = net.output(torch.cat((h, memory.states[:, 0]), dim=-1))
        assert_equal(guess, means[step])
