"""course compress and course decompress: bit for bit, refusals, and nothing half written."""

import numpy as np
import pytest

from course_lib.audio import Clip, read, write
from course_lib.corpora import load
from course_lib.features import MuLaw


@pytest.fixture
def prompt(tmp_path):
    clip = load("speech/en/digits/7", sample_rate=8000)
    return write(tmp_path / "in.wav", Clip(clip.samples[1000:1600], 8000))


def test_ar_restores_the_samples_of_the_file(run, prompt, tmp_path):
    packed, back = tmp_path / "x.acz", tmp_path / "back.wav"
    status, out, _ = run("compress", prompt, "-o", packed)
    assert status == 0
    assert f"{packed.stat().st_size} bytes" in out
    assert "16-bit linear at 8000 Hz by ar" in out
    assert packed.stat().st_size < 600 * 2
    status, out, _ = run("decompress", packed, "-o", back)
    assert (status, "bit for bit" in out) == (0, True)
    np.testing.assert_array_equal(read(back).samples, read(prompt).samples)


def test_a_network_restores_its_levels(run, prompt, tmp_path):
    packed, back = tmp_path / "x.acz", tmp_path / "back.wav"
    status, out, _ = run("compress", prompt, "-o", packed, "--model", "gru-speech")
    assert (status, "8-bit µ-law" in out) == (0, True)
    assert run("decompress", packed, "-o", back)[0] == 0
    expected = MuLaw().encode(read(prompt))
    np.testing.assert_array_equal(MuLaw().encode(read(back)), expected)


def test_files_that_exist_are_kept(run, prompt, tmp_path):
    packed, back = tmp_path / "x.acz", tmp_path / "back.wav"
    packed.write_text("mine")
    status, _, err = run("compress", prompt, "-o", packed)
    assert (status, packed.read_text()) == (2, "mine")
    assert "pass --overwrite" in err
    assert run("compress", prompt, "-o", packed, "--overwrite")[0] == 0
    back.write_text("mine")
    status, _, err = run("decompress", packed, "-o", back)
    assert (status, back.read_text()) == (2, "mine")
    assert run("decompress", packed, "-o", back, "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("model", "what"),
    [
        ("no-such", "no model is called 'no-such'"),
        ("diffusion-percussion", "need an LSTM, a GRU or a WaveNet"),
        ("wavenet-voices", "without a condition"),
        ("wavenet-speech-16bit", "at most 256 levels"),
    ],
)
def test_models_that_will_not_do(run, prompt, tmp_path, model, what):
    status, _, err = run("compress", prompt, "-o", tmp_path / "x.acz", "--model", model)
    assert status == 2
    assert what in err
    assert not (tmp_path / "x.acz").exists()


def test_damaged_cut_and_foreign_files_are_refused(run, prompt, tmp_path):
    packed, back = tmp_path / "x.acz", tmp_path / "back.wav"
    run("compress", prompt, "-o", packed)
    data = packed.read_bytes()
    cases = {
        "the checksum does not fit": data[:-1],
        "the checksum does not fit these": data[:60] + b"\xff" + data[61:],
        "need a file that starts with": prompt.read_bytes(),
        "need the 26 bytes of a header": data[:10],
    }
    for what, content in cases.items():
        packed.write_bytes(content)
        status, _, err = run("decompress", packed, "-o", back)
        assert (status, what in err, back.exists()) == (2, True, False)
    assert run("decompress", tmp_path / "none.acz", "-o", back)[0] == 2


def test_help_has_examples(run):
    for command in ("compress", "decompress"):
        status, out, _ = run(command, "--help")
        assert status == 0
        assert "example" in out
        assert f"course {command}" in out
