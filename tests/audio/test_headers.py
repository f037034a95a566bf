"""Headers that promise more or less than a file has, in every container, and those that do not."""

import io
import struct

import numpy as np
import pytest
import soundfile

from course_lib.audio import read

SAMPLES = np.round(np.sin(np.arange(1, 3001) / 7) * 20_000).astype(np.int16)

FORMATS = {
    "RIFF": {"format": "WAV"},
    "RIFX": {"format": "WAV", "endian": "BIG"},
    "WAVEX": {"format": "WAVEX"},
    "RF64": {"format": "RF64"},
    "AIFF": {"format": "AIFF"},
    "AIFC": {"format": "AIFF", "endian": "LITTLE"},
    "CAF": {"format": "CAF"},
    "AU": {"format": "AU"},
    "AU, little-endian": {"format": "AU", "endian": "LITTLE"},
}
"""What soundfile is told, for each container."""

SIZES = {
    "RIFF": ("<I", b"data", 4),
    "RIFX": (">I", b"data", 4),
    "WAVEX": ("<I", b"data", 4),
    "RF64": ("<Q", b"ds64", 16),
    "AIFF": (">I", b"SSND", 4),
    "AIFC": (">I", b"SSND", 4),
    "CAF": (">q", b"data", 4),
    "AU": (">I", b".snd", 8),
    "AU, little-endian": ("<I", b"dns.", 8),
}
"""Where the size of the samples stands: its form, and its place behind a name."""

NONE = {"AIFF": 8, "AIFC": 8, "CAF": 4}
"""The size of a chunk without samples, where that is not 0."""


@pytest.fixture(params=FORMATS)
def name(request):
    return request.param


def encoded(name, samples=SAMPLES):
    content = io.BytesIO()
    soundfile.write(content, samples, 8000, subtype="PCM_16", **FORMATS[name])
    return content.getvalue()


def resized(content, name, size):
    """Return the file with another size of its samples in the header."""
    form, mark, offset = SIZES[name]
    place = content.index(mark) + offset
    changed = struct.pack(form, size)
    return content[:place] + changed + content[place + len(changed) :]


def whole_length(content, name, said):
    """Return the file with another length of the whole file in its header."""
    form = ">I" if name in ("RIFX", "AIFF", "AIFC") else "<I"
    return content[:4] + struct.pack(form, said) + content[8:]


def decoded(tmp_path, content):
    (tmp_path / "sound").write_bytes(content)
    return np.round(read(tmp_path / "sound").samples * 32768)


def test_a_whole_file_is_read(tmp_path, name):
    np.testing.assert_array_equal(decoded(tmp_path, encoded(name)), SAMPLES)


@pytest.mark.parametrize("missing", [1, 2, 100, 4000, 5999])
def test_a_file_that_was_cut_is_refused_whatever_its_own_length_says(tmp_path, name, missing):
    whole = encoded(name)
    cut = whole[: len(whole) - missing]
    said = r"need a complete sound file, but .*sound ends after \d+ of 60\d\d bytes of samples"
    with pytest.raises(ValueError, match=said):
        decoded(tmp_path, cut)
    if name not in ("RF64", "CAF", "AU", "AU, little-endian"):  # those have no such length
        mended = whole_length(cut, name, len(cut) - 8)
        with pytest.raises(ValueError, match=said):
            decoded(tmp_path, mended)


@pytest.mark.parametrize("off", [-4000, -1, 1, 2, 10**6])
@pytest.mark.parametrize("name", ["RIFF", "RIFX", "WAVEX", "AIFF", "AIFC"])
def test_a_whole_file_is_read_whatever_its_own_length_says(tmp_path, name, off):
    whole = encoded(name)
    wrong = whole_length(whole, name, len(whole) - 8 + off)
    np.testing.assert_array_equal(decoded(tmp_path, wrong), SAMPLES)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFDB, 0x7FFFF000, 0x7FFFFFFF, 0x80000000])
@pytest.mark.parametrize("name", ["RIFF", "RIFX", "WAVEX", "AIFF", "AIFC"])
def test_a_file_from_a_pipe_promises_too_much_and_is_read(tmp_path, name, size):
    streamed = resized(encoded(name), name, size)
    streamed = whole_length(streamed, name, size)
    np.testing.assert_array_equal(decoded(tmp_path, streamed), SAMPLES)


@pytest.mark.parametrize("name", ["RF64", "AU", "AU, little-endian"])
def test_other_files_from_a_pipe(tmp_path, name):
    streamed = resized(encoded(name), name, 0xFFFFFFFF)
    np.testing.assert_array_equal(decoded(tmp_path, streamed), SAMPLES)


@pytest.mark.parametrize("size", [3_000_000_000, 2**31 - 2**25])
def test_a_large_file_that_was_cut_is_not_taken_for_one_from_a_pipe(tmp_path, size):
    with pytest.raises(ValueError, match=f"ends after 6000 of {size} bytes"):
        decoded(tmp_path, resized(encoded("RIFF"), "RIFF", size))


def test_no_samples_are_promised_where_there_are_some(tmp_path, name):
    stopped = resized(encoded(name), name, NONE.get(name, 0))
    with pytest.raises(ValueError, match=r"sound promises no samples, and 6000 bytes follow"):
        decoded(tmp_path, stopped)


def test_an_empty_file_is_called_empty(tmp_path, name):
    content = encoded(name, SAMPLES[:0])
    with pytest.raises(ValueError, match="need at least 1 sample"):
        decoded(tmp_path, content)
    if name in ("RIFF", "WAVEX"):
        with pytest.raises(ValueError, match="need at least 1 sample"):
            decoded(tmp_path, content + b"LIST" + struct.pack("<I", 3) + b"abc\0")


def test_chunks_before_and_behind_the_samples(tmp_path):
    whole = encoded("RIFF")
    note = b"note" + struct.pack("<I", 3) + b"odd\0"
    place = whole.index(b"data")
    content = whole[:place] + note + whole[place:] + note
    np.testing.assert_array_equal(decoded(tmp_path, content), SAMPLES)
    np.testing.assert_array_equal(decoded(tmp_path, content[:-2]), SAMPLES)  # the sound is there
    with pytest.raises(ValueError, match="ends after 5994 of 6000"):
        decoded(tmp_path, content[: -len(note) - 6])


@pytest.mark.parametrize("content", [b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVE" + bytes(10**6)])
def test_a_header_without_samples(tmp_path, content):
    with pytest.raises(ValueError, match="could not be read"):
        decoded(tmp_path, content)


# ------------------------------------------------------------------- FLAC


def flac(promised=None, samples=SAMPLES):
    """Return a FLAC file whose STREAMINFO promises another number of samples."""
    content = io.BytesIO()
    soundfile.write(content, samples, 8000, format="FLAC", subtype="PCM_16")
    whole = bytearray(content.getvalue())
    assert struct.unpack(">Q", whole[18:26])[0] % 2**36 == len(samples)
    if promised is not None:
        field = struct.unpack(">Q", whole[18:26])[0]
        whole[18:26] = struct.pack(">Q", field - len(samples) + promised)
    return bytes(whole)


@pytest.mark.parametrize("copies", [1, 100])  # of more than one block
def test_a_flac_file_of_unknown_length_is_read_to_its_end(tmp_path, copies):
    samples = np.tile(SAMPLES, copies)
    np.testing.assert_array_equal(decoded(tmp_path, flac(0, samples)), samples)


@pytest.mark.parametrize(
    ("promised", "follow"), [(10**10, 3000), (2**36 - 1, 3000), (3001, 3000), (2999, "more")]
)
def test_a_flac_file_that_promises_another_length(tmp_path, promised, follow):
    with pytest.raises(ValueError, match=f"promises {promised} samples, and {follow} follow"):
        decoded(tmp_path, flac(promised))


@pytest.mark.parametrize("promised", [None, 0])
@pytest.mark.parametrize("missing", [1, 3, 2000])
def test_a_flac_file_that_was_cut(tmp_path, promised, missing):
    with pytest.raises(ValueError, match="need a complete sound file"):
        decoded(tmp_path, flac(promised)[:-missing])


def test_a_tag_behind_a_flac_file(tmp_path):
    tag = b"TAG" + b"title".ljust(125, b"\0")
    np.testing.assert_array_equal(decoded(tmp_path, flac() + tag), SAMPLES)
