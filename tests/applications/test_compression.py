"""Files by models: bit for bit there and back, and no file that is damaged or foreign."""

import numpy as np
import pytest
import tiny

from course_lib.applications import compression
from course_lib.applications.compression import code_length, compress, decompress, read_header
from course_lib.applications.exact import ExactAR
from course_lib.applications.exact_networks import exact_network
from course_lib.corpora import load
from course_lib.features import LinearQuantiser, MuLaw
from course_lib.models.waveform.recurrent import RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet

MODELS = {
    "ar": ExactAR(),
    "ar-8": ExactAR(MuLaw()),
    "gru": exact_network(RecurrentNetwork(tiny.RECURRENT, seed=3)),
    "wavenet": exact_network(WaveNet(tiny.WAVENET, seed=1)),
}


def packed(name: str, codes: np.ndarray) -> bytes:
    return compress(codes, MODELS[name], name=name, sample_rate=8000)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("length", [1, 2, 333])
def test_levels_come_back(name, length, rng):
    codes = rng.integers(MODELS[name].encoding.levels, size=length)
    data = packed(name, codes)
    np.testing.assert_array_equal(decompress(data, MODELS[name]), codes)
    header = read_header(data)
    assert (header.model, header.sample_rate, header.samples) == (name, 8000, length)


def test_a_recording_comes_back_in_as_many_bits_as_it_should_take():
    clip = load("speech/en/digits/7")
    codes = LinearQuantiser(16).encode(clip)[2000:6000]
    model = ExactAR()
    data = compress(codes, model, name="ar", sample_rate=clip.sample_rate)
    np.testing.assert_array_equal(decompress(data, model), codes)
    assert code_length(codes, model) <= 8 * len(read_header(data).payload) + 16
    assert 8 * len(read_header(data).payload) <= code_length(codes, model) * 1.001 + 16


def test_progress_is_told(rng):
    told = []
    codes = rng.integers(16, size=250)
    data = compress(codes, MODELS["gru"], name="gru", sample_rate=8000, progress=told.append)
    decompress(data, MODELS["gru"], progress=told.append)
    assert told == [100] * 4


def test_any_damage_is_noticed(rng):
    data = packed("gru", rng.integers(16, size=60))
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 + rng.integers(255)
        with pytest.raises(ValueError, match=r"need a file that starts|checksum"):
            decompress(bytes(damaged), MODELS["gru"])


def test_a_file_that_is_cut_short_is_refused(rng):
    data = packed("gru", rng.integers(16, size=60))
    for length in (0, 3, 4, 20, len(data) - 1):
        with pytest.raises(ValueError, match=r"need|checksum"):
            decompress(data[:length], MODELS["gru"])
    with pytest.raises(ValueError, match="checksum"):
        decompress(data + b"\0", MODELS["gru"])


def test_foreign_things_are_refused(rng):
    with pytest.raises(ValueError, match="starts with"):
        read_header(b"fLaC" + bytes(50))
    with pytest.raises(TypeError, match="need bytes, got str"):
        read_header("ACZ1")
    data = packed("gru", rng.integers(16, size=60))
    other = exact_network(RecurrentNetwork(tiny.RECURRENT, seed=9))
    with pytest.raises(ValueError, match="fingerprint"):
        decompress(data, other)


def test_arithmetic_that_differs_is_refused(rng, monkeypatch):
    """A decoder whose shares are not the encoder's says so, and returns nothing."""
    data = packed("ar-8", rng.integers(256, size=300))
    monkeypatch.setattr("course_lib.applications.exact.falling_exp", lambda z: 1 / (1 + z))
    with pytest.raises(ValueError, match="do not come back"):
        decompress(data, MODELS["ar-8"])


@pytest.mark.parametrize(
    ("codes", "settings", "what"),
    [
        (np.array([16]), {}, "codes"),
        (np.array([-1]), {}, "codes"),
        (np.array([], np.int64), {}, "need"),
        (np.array([1]), {"name": ""}, "name"),
        (np.array([1]), {"name": "x" * 256}, "name"),
        (np.array([1]), {"sample_rate": 0}, "sample_rate"),
    ],
)
def test_bad_input_is_refused(codes, settings, what):
    with pytest.raises(ValueError, match=what):
        compress(codes, MODELS["gru"], **({"name": "gru", "sample_rate": 8000} | settings))


def test_a_grid_that_files_do_not_have_is_refused():
    with pytest.raises(ValueError, match="16-bit linear"):
        compress(np.array([1]), ExactAR(LinearQuantiser(12)), name="ar", sample_rate=8000)
    assert set(compression.GRIDS) == {*range(1, 9), 16}
