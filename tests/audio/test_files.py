"""Sound files: samples survive, damage is reported, and nothing is lost or half-written."""

import os
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.audio import Clip, check_target, clip, read, write

ENDINGS = [".wav", ".flac"]


@pytest.fixture(params=ENDINGS)
def ending(request):
    return request.param


def test_sixteen_bit_levels_survive_exactly(tmp_path, ending):
    clip = Clip((np.arange(-32768, 32768) / 32768).astype(np.float32), 16_000)
    assert write(tmp_path / f"all{ending}", clip) == tmp_path / f"all{ending}"
    assert read(tmp_path / f"all{ending}") == clip


@pytest.mark.parametrize("ending", ENDINGS)
@given(x=arrays(np.float32, st.integers(1, 300), elements=st.floats(-1, 1, width=32)))
def test_samples_are_rounded_to_the_nearest_level(tmp_path_factory, ending, x):
    path = tmp_path_factory.mktemp("round") / f"x{ending}"
    back = read(write(path, Clip(x, 8000))).samples
    below_full_scale = x < 32767 / 32768
    assert np.abs(back - x)[below_full_scale].max(initial=0) <= 0.5 / 32768
    assert (back[~below_full_scale] == np.float32(32767 / 32768)).all()


def test_other_formats_are_read(tmp_path, tone):
    for name, subtype in (("a.ogg", "VORBIS"), ("a.mp3", "MPEG_LAYER_III"), ("a.aiff", "PCM_24")):
        soundfile.write(tmp_path / name, tone.samples, 8000, subtype=subtype)
        back = read(tmp_path / name)
        assert back.sample_rate == 8000
        assert back.rms == pytest.approx(tone.rms, rel=0.1)


def test_one_channel_of_several(tmp_path):
    path = tmp_path / "stereo.wav"
    left, right = np.full(10, 0.25), np.full(10, -0.5)
    soundfile.write(path, np.stack([left, right], axis=1), 8000, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"has 2 channels; pass channel=0 to channel=1"):
        read(path)
    np.testing.assert_array_equal(read(path, channel=0).samples, left)
    np.testing.assert_array_equal(read(path, channel=1).samples, right)
    for channel in (2, -1):
        with pytest.raises(ValueError, match="channel"):
            read(path, channel=channel)
    with pytest.raises(TypeError, match="channel"):
        read(path, channel=0.5)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.wav is not there"):
        read(tmp_path / "no.wav")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.wav", b"to be or not to be, that is the question"),
        ("empty.wav", b""),
        ("empty.flac", b""),
        ("short.wav", b"RIFF"),
        ("bytes.raw", b"\x00\x01\x02\x03"),
        ("page.mp3", b"<html>404 not found</html>" * 50),
    ],
)
def test_files_that_are_not_sound(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} could not be read"):
        read(tmp_path / name)


def test_a_file_without_samples(tmp_path, ending):
    path = tmp_path / f"none{ending}"
    soundfile.write(path, np.zeros(0), 8000)
    with pytest.raises(ValueError, match="none"):
        read(path)


def test_a_file_cut_short_at_any_place(tmp_path, tone, ending):
    whole = write(tmp_path / f"whole{ending}", tone).read_bytes()
    cut = tmp_path / f"cut{ending}"
    for length in (8, 20, 44, 60, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=rf"need a complete sound file, but .*cut{ending}"):
            read(cut)


def test_other_formats_are_read_as_soundfile_reads_them(tmp_path, rng):
    samples = 0.1 * rng.standard_normal((100_000, 3))[:, :2]
    for name in ("a.ogg", "a.mp3", "a.flac", "a.aiff", "a.au", "a.w64"):
        soundfile.write(tmp_path / name, samples, 16_000)
        expected = soundfile.read(tmp_path / name, dtype="float32")[0][:, 1]
        np.testing.assert_allclose(read(tmp_path / name, channel=1).samples, expected, atol=1e-6)


@pytest.mark.parametrize("rate", [384_001, 100_000_007])
def test_a_sample_rate_that_nothing_has(tmp_path, tone, rate):
    path = write(tmp_path / "fast.wav", tone)
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack("<I", rate)
    path.write_bytes(content)
    said = rf"need the sample rate of .*fast\.wav of at most 384000 Hz, got {rate}"
    with pytest.raises(ValueError, match=said):
        read(path)


def test_a_file_too_large_for_the_memory(tmp_path, tone, monkeypatch):
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.truncate(2**31 + 1)  # a hole, which takes no room
    with pytest.raises(ValueError, match=r"at most 2147483648 bytes; cut .*large\.wav into parts"):
        read(path)
    monkeypatch.setattr(clip, "MOST_SAMPLES", 3999)
    with pytest.raises(ValueError, match=r"at most 3999 samples in .*a\.flac, got 4000"):
        read(write(tmp_path / "a.flac", tone))


def test_nan_and_infinity_in_a_float_file(tmp_path):
    for value in (np.nan, np.inf):
        path = tmp_path / "bad.wav"
        soundfile.write(path, np.array([0.0, value], np.float32), 8000, subtype="FLOAT")
        with pytest.raises(ValueError, match=r"finite samples in .*bad\.wav.*index 1"):
            read(path)


def test_nothing_is_replaced_unasked(tmp_path, tone, ending):
    path = tmp_path / f"mine{ending}"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write(path, tone)
    assert path.read_bytes() == b"precious"
    write(path, tone, overwrite=True)
    assert len(read(path)) == len(tone)
    assert os.listdir(tmp_path) == [path.name]


def test_a_folder_is_never_replaced(tmp_path, tone):
    (tmp_path / "folder.wav").mkdir()
    for overwrite in (False, True):
        with pytest.raises(FileExistsError):
            write(tmp_path / "folder.wav", tone, overwrite=overwrite)


@pytest.mark.parametrize("old", [None, b"precious"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path, tone, monkeypatch, ending, old):
    path = tmp_path / f"out{ending}"
    if old is not None:
        path.write_bytes(old)

    def disk_full(file, content):
        with open(file, "wb") as half:
            half.write(bytes(content)[:4])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", disk_full)
        with pytest.raises(OSError, match=rf"cannot write .*out\{ending}: No space left"):
            write(path, tone, overwrite=True)
    assert os.listdir(tmp_path) == ([] if old is None else [path.name])
    assert old is None or path.read_bytes() == old


def test_a_folder_that_may_not_be_written_to_is_refused_before_the_work(tmp_path, monkeypatch):
    def refused(dir, prefix):
        raise PermissionError(13, "Permission denied", str(dir))

    check_target(tmp_path / "a.wav")
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refused)
    with pytest.raises(PermissionError, match=r"^cannot write .*a\.wav: Permission denied$"):
        check_target(tmp_path / "a.wav")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
@pytest.mark.parametrize("use", [read, lambda path: check_target(path, overwrite=True)])
def test_pipes_and_devices_are_no_files(tmp_path, use):
    os.mkfifo(tmp_path / "pipe.wav")
    os.symlink("/dev/zero", tmp_path / "zero.wav")
    for name in ("pipe.wav", "zero.wav"):
        with pytest.raises(OSError, match=rf"need .* file, but .*{name} is a pipe or a device"):
            use(tmp_path / name)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_names_that_are_not_utf_8(tmp_path, tone, ending):
    path = tmp_path / os.fsdecode(b"caf\xe9" + ending.encode())
    assert len(read(write(path, tone))) == len(tone)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_permissions_are_those_of_any_new_file(tmp_path, tone):
    write(tmp_path / "ours.wav", tone)
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "ours.wav").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_writes_that_will_not_do(tmp_path, tone):
    with pytest.raises(ValueError, match=r"\.wav or \.flac, got 'a\.txt'"):
        write(tmp_path / "a.txt", tone)
    with pytest.raises(ValueError, match=r"\.wav or \.flac"):
        write(tmp_path / "wav", tone)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write(tmp_path / "no" / "a.wav", tone)
    with pytest.raises(ValueError, match=r"peak of 1\.500.*with_peak"):
        write(tmp_path / "loud.wav", Clip(np.array([1.5]), 8000))
    with pytest.raises(ValueError, match=r"rate that FLAC can have.*65537 Hz; write odd\.wav"):
        write(tmp_path / "odd.flac", Clip(np.zeros(3), 65_537))
    assert os.listdir(tmp_path) == []


def test_one_sample_silence_and_capitals(tmp_path):
    for name in ("one.WAV", "one.FLAC"):
        assert read(write(tmp_path / name, Clip(np.zeros(1), 8000))) == Clip(np.zeros(1), 8000)
