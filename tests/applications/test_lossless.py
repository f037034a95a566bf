"""The lossless codec: every integer comes back, damage is noticed, and FLAC is matched."""

import struct
import zlib

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib import corpora
from course_lib.applications.lossless import (
    LONGEST,
    SHORTEST,
    decode,
    encode,
    quantise_predictor,
    rice_code,
    to_pcm16,
)
from course_lib.benchmarks.ar import flac_bytes

WALK = np.cumsum(np.random.default_rng(4).integers(-200, 200, LONGEST + 3 * SHORTEST + 77))
WALK = WALK.astype(np.int16)
CODED = encode(WALK, 8000)


def full_scale(x):
    return np.rint(32767 * x).astype(np.int16)


def in_8_bits(samples):
    return (samples >> 8 << 8).astype(np.int16)


def clipped(samples):
    """Four times full scale: what a recording with too much gain keeps of it."""
    loud = samples * (4 * 32767 / max(np.abs(samples.astype(float)).max(), 1))
    return np.clip(np.rint(loud), -32768, 32767).astype(np.int16)


def a_walk(length, rng):
    steps = rng.normal(0, 10 ** rng.uniform(0, 3), length)
    return np.clip(np.cumsum(steps), -32768, 32767).astype(np.int16)


def a_chirp(length, rng):
    t = np.arange(length)
    return full_scale(np.sin(rng.uniform(0.01, 0.1) * t + rng.uniform(0.2, 1.4) * t**2 / length))


KINDS = {  # (length, rng) -> int16 samples
    "silence": lambda length, rng: np.zeros(length, np.int16),
    "an offset": lambda length, rng: np.full(length, rng.integers(-32768, 32768), np.int16),
    "the lowest level": lambda length, rng: np.full(length, -32768, np.int16),
    "steps": lambda length, rng: np.repeat(
        rng.integers(-32768, 32768, -(-length // 400)), 400
    ).astype(np.int16)[:length],
    "full-scale sine": lambda length, rng: full_scale(
        np.sin(rng.uniform(0.02, 3) * np.arange(length))
    ),
    "chirp": a_chirp,
    "white noise": lambda length, rng: rng.integers(-32768, 32768, length).astype(np.int16),
    "extremes": lambda length, rng: rng.choice(np.array([-32768, 32767], np.int16), length),
    "square": lambda length, rng: np.where(
        np.arange(length) % rng.integers(2, 99) < 20, 32767, -32767
    ).astype(np.int16),
    "sawtooth": lambda length, rng: (np.arange(length) * rng.integers(1, 5000)).astype(np.int16),
    "clicks": lambda length, rng: np.where(
        rng.random(length) < 0.003, rng.integers(-32768, 32768, length), 0
    ).astype(np.int16),
    "a walk": a_walk,
    "a walk in 8 bits": lambda length, rng: in_8_bits(a_walk(length, rng)),
    "a walk between 8-bit levels": lambda length, rng: in_8_bits(a_walk(length, rng)) + 128,
    "a clipped walk": lambda length, rng: clipped(a_walk(length, rng)),
}


def decode_by_the_book(data):
    """The oracle: the documented layout, read with strings and Python's whole numbers."""
    length = int.from_bytes(data[8:12], "little")
    bits = "".join(format(byte, "08b") for byte in data[16:])
    place = 0

    def take(width):
        nonlocal place
        place += width
        return int(bits[place - width : place], 2) if width else 0

    def take_signed(width):
        value = take(width)
        return value - 2**width if width and value >= 2 ** (width - 1) else value

    x = []
    while len(x) < length:
        if len(x) % 2048 == 0:
            place = -(-place // 8) * 8
        size = 256 * 2 ** take(2)
        start, stop = len(x), min(len(x) + size, length)
        shared = take(5)
        low = take_signed(shared)
        order = take(4)
        shift, width = (take(4), take(4) + 1) if order else (0, 0)
        c = [take_signed(width) for _ in range(order)]
        parts = 2 ** take(3)
        for first in range(start, stop, size // parts):
            code = take(5)
            for t in range(first, min(first + size // parts, stop)):
                folded = 0
                if code < 15:
                    while take(1) == 0:
                        folded += 2**code
                folded += take(code if code < 15 else code - 15)
                error = folded // 2 if folded % 2 == 0 else -(folded + 1) // 2
                known = [x[t - 1 - k] if t - 1 - k >= 0 else 0 for k in range(order)]
                total = sum(a * b for a, b in zip(c, known, strict=True)) - low * 2**shift
                unit = 2 ** (shift + shared)
                lowest, highest = -((32768 + low) // 2**shared), (32767 - low) // 2**shared
                above = min(max((total + unit // 2) // unit, lowest), highest)
                x.append((above + error) * 2**shared + low)
    assert len(bits) - place < 8
    return x


SOUNDS = {name: make(5000, np.random.default_rng(0)) for name, make in KINDS.items()} | {
    "one sample": np.array([-32768], np.int16),
    "full-scale square": np.where(np.arange(3001) % 50 < 25, 32767, -32768).astype(np.int16),
    "one block and one sample": WALK[: SHORTEST + 1],
    "one frame and one sample": WALK[: LONGEST + 1],
    "click after silence": np.r_[np.zeros(700), 32767, np.zeros(700)].astype(np.int16),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_every_integer_comes_back(name):
    samples, rate = decode(encode(SOUNDS[name], 8000))
    assert rate == 8000
    assert samples.dtype == np.int16
    np.testing.assert_array_equal(samples, SOUNDS[name])


def most_bytes(samples):
    """The header, the samples themselves, and 19 bits to say so in every frame."""
    return 16 + samples.nbytes + 3 * -(-len(samples) // LONGEST)


@given(hnp.arrays(np.int16, st.integers(1, 2 * LONGEST)), st.integers(1, 2**32 - 1))
def test_any_samples_come_back(samples, sample_rate):
    data = encode(samples, sample_rate)
    assert len(data) <= most_bytes(samples)
    back, rate = decode(data)
    assert rate == sample_rate
    np.testing.assert_array_equal(back, samples)


PIECES = st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 1500), st.integers(0, 999))


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_any_mixture_comes_back_and_takes_no_more_than_its_samples(pieces):
    samples = np.concatenate(
        [KINDS[kind](length, np.random.default_rng(seed)) for kind, length, seed in pieces]
    )
    data = encode(samples, 8000)
    assert len(data) <= most_bytes(samples)
    np.testing.assert_array_equal(decode(data)[0], samples)


@pytest.mark.parametrize("name", SOUNDS)
def test_the_documented_layout_is_what_is_written(name):
    assert decode_by_the_book(encode(SOUNDS[name], 8000)) == SOUNDS[name].tolist()


def test_rice_codes_by_hand():
    assert [rice_code(e, 0) for e in (0, -1, 1)] == ["1", "01", "001"]
    assert rice_code(0, 2) == "100"
    assert rice_code(-3, 1) == "0011"  # folded to 5: two zeros, a one, the low bit 1
    assert rice_code(9, 3) == "001010"  # folded to 18 = 2 * 8 + 2


@given(hnp.arrays(np.float64, st.integers(1, 15), elements=st.floats(-8, 8)), st.integers(0, 15))
def test_predictors_are_rounded_by_at_most_half_a_step(phi, shift):
    finest = min(shift, 12)  # at which every coefficient of at most 8 fits 16 bits
    rounded, kept = quantise_predictor(phi, shift)
    assert -32768 <= rounded.min() <= rounded.max() <= 32767
    assert 0 <= kept <= shift
    assert kept == 0 or np.any(rounded % 2)  # no shift without need
    assert np.abs(rounded / 2**kept - phi).max() <= 0.5 / 2**finest


def test_polynomial_predictors_need_no_fraction():
    rounded, shift = quantise_predictor(np.array([2.00001, -0.99999]), 13)
    assert (rounded.tolist(), shift) == ([2, -1], 0)


def test_predictors_beyond_16_bits_are_held_there():
    assert quantise_predictor(np.array([1e6, -1e6]), 15).coefficients.tolist() == [32767, -32768]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_takes_no_more_than_flac(name):
    """Golden: libFLAC at its highest level, headers counted on both sides."""
    samples = KINDS[name](40_000, np.random.default_rng(7))
    assert len(encode(samples, 8000)) <= flac_bytes(samples, 8000)


@pytest.mark.parametrize("sample_rate", [8000, 16_000])
@pytest.mark.parametrize(
    ("change", "most"),
    [(np.copy, 0.97), (in_8_bits, 0.9), (lambda x: in_8_bits(x) + 128, 0.9), (clipped, 1.0)],
    ids=["as it is", "in 8 bits", "between 8-bit levels", "clipped"],
)
def test_speech_takes_less_than_flac(sample_rate, change, most):
    own = flac = 0
    for recording in corpora.speech(language="en", split="validation")[:4]:
        samples = change(to_pcm16(recording.load(sample_rate))).astype(np.int16)
        own += len(encode(samples, sample_rate))
        flac += flac_bytes(samples, sample_rate)
    assert own <= most * flac


def test_the_highest_tone_is_predicted_at_full_scale():
    """Levels 32767 and -32767 share one low bit: the prediction is clipped to what they can be."""
    tone = np.resize(np.array([32767, -32767], np.int16), 20_000)
    assert len(encode(tone, 8000)) < 200


def test_silence_takes_next_to_nothing():
    assert len(encode(np.zeros(80_000, np.int16), 8000)) < 300


def test_a_constant_frame_takes_five_bytes():
    """Its size, the 16 bits that all samples share, and that nothing is left over."""
    levels = np.array([-32768, 32767, 0, -1, 12345], np.int16)
    assert len(encode(np.repeat(levels, LONGEST), 8000)) == 16 + 5 * len(levels)


def test_blocks_are_cut_where_the_sound_changes():
    """A constant, then noise, within one frame: both together cost what they cost alone."""
    noise = SOUNDS["white noise"][: LONGEST // 2]
    constant = np.full(LONGEST // 2, 1234, np.int16)
    assert len(encode(np.r_[constant, noise], 8000)) < most_bytes(noise) + 8


def test_a_clip_from_a_16_bit_file_is_rounded_to_itself():
    recording = corpora.speech(language="en")[0]
    stored, _ = soundfile.read(recording.path, dtype="int16")
    np.testing.assert_array_equal(to_pcm16(recording.load()), stored)


@given(st.data())
def test_damage_is_noticed(draw):
    data = bytearray(CODED)
    place = draw.draw(st.integers(4, len(data) - 1))
    data[place] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="cut short or altered"):
        decode(bytes(data))


@given(st.integers(17, len(CODED) - 1))
def test_a_cut_is_noticed(length):
    with pytest.raises(ValueError, match="cut short or altered"):
        decode(CODED[:length])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("ARLC", TypeError, "need bytes, got str"),
        (b"", ValueError, "start with b'ARL2', got b''"),
        (b"fLaC" + bytes(99), ValueError, "start with b'ARL2', got b'fLaC'"),
        (CODED[:16], ValueError, "more than the 16 bytes of a header"),
        (CODED[:-1], ValueError, "cut short or altered"),
        (CODED + b"x", ValueError, "cut short or altered"),
    ],
)
def test_foreign_and_truncated_bytes_are_explained(data, error, message):
    with pytest.raises(error, match=message):
        decode(data)


def test_a_forged_checksum_does_not_read_past_the_end():
    payload = CODED[16:200]
    crc = zlib.crc32(payload, zlib.crc32(struct.pack("<II", 8000, len(WALK))))
    with pytest.raises(ValueError, match="end before the last sample"):
        decode(struct.pack("<4sIII", b"ARL2", 8000, len(WALK), crc) + payload)


@pytest.mark.parametrize(
    ("samples", "sample_rate", "error", "message"),
    [
        (np.zeros(9), 8000, TypeError, "need int16 samples, got float64"),
        (np.zeros(9, np.int32), 8000, TypeError, "int32"),
        (np.zeros(0, np.int16), 8000, ValueError, "one or more samples"),
        (np.zeros((9, 2), np.int16), 8000, ValueError, "shape"),
        (WALK, 0, ValueError, "sample_rate of at least 1"),
        (WALK, 8000.0, TypeError, "whole number"),
        (WALK, 2**32, ValueError, "below"),
    ],
)
def test_samples_that_cannot_be_encoded_are_explained(samples, sample_rate, error, message):
    with pytest.raises(error, match=message):
        encode(samples, sample_rate)


@pytest.mark.parametrize(
    ("sound", "error", "message"),
    [
        (np.array([]), ValueError, "at least 1 sample"),
        (np.array([0.0, np.nan]), ValueError, "finite"),
        (np.array([0.0, 1.5]), ValueError, "within"),
        (np.zeros((9, 2)), ValueError, "mono"),
        (np.zeros(9, int), TypeError, "floating-point"),
    ],
)
def test_sounds_that_cannot_be_rounded_are_explained(sound, error, message):
    with pytest.raises(error, match=message):
        to_pcm16(sound)


def test_settings_of_a_rice_code_are_checked():
    with pytest.raises(ValueError, match="parameter of at least 0"):
        rice_code(3, -1)
    with pytest.raises(TypeError, match="whole number for value"):
        rice_code(0.5, 1)
