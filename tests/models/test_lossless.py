"""The lossless codec: every integer comes back, damage is noticed, and FLAC is matched."""

import io
import struct
import zlib

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib import corpora
from course_lib.kernels import rice
from course_lib.models.lossless import (
    BLOCK,
    decode,
    encode,
    quantise_predictor,
    rice_code,
    to_pcm16,
)

WALK = np.cumsum(np.random.default_rng(4).integers(-200, 200, 3 * BLOCK + 77)).astype(np.int16)


def decode_by_the_book(data):
    """The oracle: the documented layout, read with strings and Python's whole numbers."""
    length = int.from_bytes(data[8:12], "little")
    bits = "".join(format(byte, "08b") for byte in data[16:])
    place = 0

    def take(width):
        nonlocal place
        place += width
        return int(bits[place - width : place], 2) if width else 0

    x = []
    while len(x) < length:
        start, stop = len(x), min(len(x) + 512, length)
        order = take(5)
        shift = take(4) if order else 0
        raw = [take(10) for _ in range(order)]
        c = [value - 1024 if value >= 512 else value for value in raw]
        parts = 2 ** take(3)
        for first in range(start, stop, 512 // parts):
            parameter = take(5)
            for t in range(first, min(first + 512 // parts, stop)):
                folded = 0
                if parameter != 31:
                    while take(1) == 0:
                        folded += 2**parameter
                    folded += take(parameter)
                error = folded // 2 if folded % 2 == 0 else -(folded + 1) // 2
                known = [x[t - 1 - k] if t - 1 - k >= 0 else 0 for k in range(order)]
                half = 2 ** (shift - 1) if shift else 0
                rounded = (sum(a * b for a, b in zip(c, known, strict=True)) + half) // 2**shift
                x.append(min(max(rounded, -32768), 32767) + error)
    assert len(bits) - place < 8
    return x


SOUNDS = {
    "one sample": np.array([-32768], np.int16),
    "silence": np.zeros(2000, np.int16),
    "an offset": np.full(2000, -32768, np.int16),
    "full-scale square": np.where(np.arange(3001) % 50 < 25, 32767, -32768).astype(np.int16),
    "full-scale noise": np.random.default_rng(0).integers(-32768, 32768, 3000).astype(np.int16),
    "random walk": WALK,
    "one block and one sample": WALK[: BLOCK + 1],
    "sine": np.rint(32767 * np.sin(np.arange(5000) / 9)).astype(np.int16),
    "click after silence": np.r_[np.zeros(700), 32767, np.zeros(700)].astype(np.int16),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_every_integer_comes_back(name):
    samples, rate = decode(encode(SOUNDS[name], 8000))
    assert rate == 8000
    assert samples.dtype == np.int16
    np.testing.assert_array_equal(samples, SOUNDS[name])


@given(hnp.arrays(np.int16, st.integers(1, 3 * BLOCK)), st.integers(1, 2**32 - 1))
def test_any_samples_come_back(samples, sample_rate):
    back, rate = decode(encode(samples, sample_rate))
    assert rate == sample_rate
    np.testing.assert_array_equal(back, samples)


@given(st.integers(1, 1200), st.floats(0, 1), st.integers(0, 99))
def test_any_walk_comes_back(length, stiffness, seed):
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 10 ** rng.uniform(0, 3), length)
    walk = np.cumsum(steps * stiffness) + steps
    samples = np.clip(walk, -32768, 32767).astype(np.int16)
    np.testing.assert_array_equal(decode(encode(samples, 8000))[0], samples)


@pytest.mark.parametrize("name", SOUNDS)
def test_the_documented_layout_is_what_is_written(name):
    assert decode_by_the_book(encode(SOUNDS[name], 8000)) == SOUNDS[name].tolist()


@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=20), st.integers(0, 12))
def test_the_kernel_writes_the_readable_rice_code(errors, parameter):
    folded = np.array([2 * e if e >= 0 else -2 * e - 1 for e in errors])
    expected = "".join(rice_code(e, parameter) for e in errors)
    buffer = np.zeros(len(expected) // 8 + 1, np.uint8)
    position = rice.write_rice(buffer, 0, folded, parameter)
    assert position == len(expected)
    assert "".join(format(b, "08b") for b in buffer)[:position] == expected
    back = np.zeros_like(folded)
    assert rice.read_rice(buffer, 0, back, parameter) == position
    np.testing.assert_array_equal(back, folded)


def test_rice_codes_by_hand():
    assert [rice_code(e, 0) for e in (0, -1, 1)] == ["1", "01", "001"]
    assert rice_code(0, 2) == "100"
    assert rice_code(-3, 1) == "0011"  # folded to 5: two zeros, a one, the low bit 1
    assert rice_code(9, 3) == "001010"  # folded to 18 = 2 * 8 + 2


@given(st.integers(0, 4), st.integers(1, BLOCK), st.integers(0, 99))
def test_the_plan_takes_the_fewest_bits_and_says_how_many(finest, length, seed):
    """Brute force over all cuts and parameters."""
    rng = np.random.default_rng(seed)
    loudness = np.repeat(rng.integers(0, 8, BLOCK // 32), 32)[:length]
    values = rng.integers(0, 2**loudness)

    def part_bits(part):
        return min(sum(int(v) >> k for v in part) + len(part) * (k + 1) for k in range(18))

    def cut_bits(p):
        size = BLOCK >> p
        parts = [values[i : i + size] for i in range(0, length, size)]
        return sum(5 + (part_bits(part) if part.any() else 0) for part in parts)

    bits, cut, parameters = rice.plan_rice(values, BLOCK, finest)
    assert bits == cut_bits(cut) == min(map(cut_bits, range(finest + 1)))
    assert len(parameters) == 2**cut


@given(hnp.arrays(np.float64, st.integers(1, 16), elements=st.floats(-8, 8)))
def test_predictors_are_rounded_by_at_most_half_a_step(phi):
    rounded, shift = quantise_predictor(phi)
    assert -512 <= rounded.min() <= rounded.max() <= 511
    assert 0 <= shift <= 15
    assert np.abs(rounded / 2**shift - phi).max() <= 0.5 / 2**shift + 1e-12


def test_silence_takes_next_to_nothing():
    assert len(encode(np.zeros(80_000, np.int16), 8000)) < 300


def test_noise_takes_hardly_more_than_its_samples():
    noise = SOUNDS["full-scale noise"]
    assert len(encode(noise, 8000)) < 1.07 * noise.nbytes


@pytest.mark.parametrize("sample_rate", [8000, 16_000])
def test_speech_takes_no_more_than_flac_and_five_per_cent(sample_rate):
    """Golden: libFLAC at its highest level, headers counted on both sides."""
    own = flac = 0
    for recording in corpora.speech(language="en", split="validation")[:4]:
        samples = to_pcm16(recording.load(sample_rate))
        own += len(encode(samples, sample_rate))
        file = io.BytesIO()
        soundfile.write(
            file, samples, sample_rate, format="FLAC", subtype="PCM_16", compression_level=1.0
        )
        flac += len(file.getvalue())
    assert own <= 1.05 * flac


def test_a_clip_from_a_16_bit_file_is_rounded_to_itself():
    recording = corpora.speech(language="en")[0]
    stored, _ = soundfile.read(recording.path, dtype="int16")
    np.testing.assert_array_equal(to_pcm16(recording.load()), stored)


@pytest.mark.parametrize("place", [4, 8, 12, 16, 40, -1])
@pytest.mark.parametrize("flip", [1, 0x80])
def test_an_altered_byte_is_noticed(place, flip):
    data = bytearray(encode(WALK, 8000))
    data[place] ^= flip
    with pytest.raises(ValueError, match="cut short or altered"):
        decode(bytes(data))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("ARLC", TypeError, "need bytes, got str"),
        (b"", ValueError, "start with b'ARLC', got b''"),
        (b"fLaC" + bytes(99), ValueError, "start with b'ARLC', got b'fLaC'"),
        (encode(WALK, 8000)[:16], ValueError, "more than the 16 bytes of a header"),
        (encode(WALK, 8000)[:-1], ValueError, "cut short or altered"),
        (encode(WALK, 8000) + b"x", ValueError, "cut short or altered"),
    ],
)
def test_foreign_and_truncated_bytes_are_explained(data, error, message):
    with pytest.raises(error, match=message):
        decode(data)


def test_a_forged_checksum_does_not_read_past_the_end():
    payload = encode(WALK, 8000)[16:200]
    crc = zlib.crc32(payload, zlib.crc32(struct.pack("<II", 8000, len(WALK))))
    with pytest.raises(ValueError, match="end before the last sample"):
        decode(struct.pack("<4sIII", b"ARLC", 8000, len(WALK), crc) + payload)


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
