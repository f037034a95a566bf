"""The catalogue: what may be asked of it, and what it says to a bad question."""

import csv
import dataclasses
import importlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from course_lib import corpora
from course_lib.audio import Clip, write
from course_lib.corpora import Catalogue
from course_lib.corpora.catalogue import COLUMNS, data_folder, read_manifest, write_manifest

# corpora.catalogue is the function that its package shows
catalogue = importlib.import_module("course_lib.corpora.catalogue")


@pytest.fixture
def small(tmp_path, tone):
    """A data folder of three tones."""
    (tmp_path / "speech").mkdir()
    rows = []
    for name, split in (("one", "train"), ("two", "train"), ("three", "test")):
        write(tmp_path / "speech" / f"{name}.flac", tone)
        row = dict.fromkeys(COLUMNS, "") | {"path": f"speech/{name}.flac", "text": name}
        rows.append(row | {"collection": "speech", "label": "digit", "split": split})
    write_manifest(tmp_path, rows)
    return tmp_path


def test_load_by_name_and_sample_rate():
    clip = corpora.load("speech/en/digits/7")
    assert clip.sample_rate == 16_000
    half = corpora.load("speech/en/digits/7", sample_rate=8000)
    assert half.sample_rate == 8000
    assert half.duration == pytest.approx(clip.duration, abs=1e-3)
    assert half.rms == pytest.approx(clip.rms, rel=0.1)


def test_select_filters_together():
    chosen = corpora.speech(language="en", split="test")
    wanted = [
        r
        for r in corpora.catalogue()
        if (r.collection, r.language, r.split) == ("speech", "en", "test")
    ]
    assert list(chosen) == wanted
    assert len(wanted) > 20


def test_select_accepts_several_values_and_none():
    two = corpora.percussion(label=["kick", "snare"])
    assert two.values("label") == ("kick", "snare")
    assert len(two) == len(corpora.percussion(label="kick")) + len(
        corpora.percussion(label="snare")
    )
    assert len(corpora.music(voice=None)) == len(corpora.music())


def test_catalogue_is_a_sequence(small):
    catalogue = read_manifest(small)
    assert len(catalogue) == 3
    assert [r.name for r in catalogue] == ["speech/one", "speech/three", "speech/two"]
    assert catalogue[0].name == "speech/one"
    assert catalogue["speech/two"].text == "two"
    assert [r.name for r in catalogue[1:]] == ["speech/three", "speech/two"]
    assert isinstance(catalogue[1:], Catalogue)
    assert catalogue.seconds == pytest.approx(1.5)
    assert repr(catalogue) == "Catalogue(3 recordings, 0.0 min)"


def test_the_course_catalogue_is_read_once():
    assert corpora.catalogue() is corpora.catalogue()


def test_a_recording_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpora.catalogue()[0].text = "something else"


def test_unknown_name_offers_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'speech/en/digits/7'"):
        corpora.load("speech/en/digit/7")


def test_unknown_value_lists_the_few_there_are():
    with pytest.raises(ValueError, match=r"no recording has language='de'.*'en', 'es', 'fr'"):
        corpora.speech(language="de")


def test_unknown_value_offers_the_nearest_of_many():
    with pytest.raises(ValueError, match=r"did you mean .*'weasels have eaten our phone system'"):
        corpora.speech(text="weasels have eaten my phone system")


def test_an_unknown_value_beside_a_known_one_is_an_error():
    with pytest.raises(ValueError, match="no recording has label='snar'"):
        corpora.percussion(label=["kick", "snar"])


@pytest.mark.parametrize(
    ("filters", "error", "message"),
    [
        ({"speaker": "Allison Smith"}, TypeError, "need filters among .*voice.*got 'speaker'"),
        ({"label": 7}, TypeError, "need text for label, .*got 7"),
        ({"label": ["digit", 7]}, TypeError, "need text for label, .*got 7"),
        ({"label": []}, ValueError, r"no recording fits label=\[\]"),
    ],
)
def test_a_filter_that_is_none(filters, error, message):
    with pytest.raises(error, match=message):
        corpora.catalogue().select(**filters)


def test_filters_that_nothing_fits_together():
    with pytest.raises(ValueError, match=r"no recording fits .*drop one"):
        corpora.catalogue().select(collection="music", label="snare")


def test_values_of_an_unknown_column():
    with pytest.raises(ValueError, match=r"need one of the columns collection, .*got 'colour'"):
        corpora.catalogue().values("colour")


def test_index_beyond_the_end(small):
    with pytest.raises(IndexError):
        read_manifest(small)[3]


def test_two_recordings_of_one_name(small):
    catalogue = read_manifest(small)
    with pytest.raises(ValueError, match="came twice: speech/one"):
        Catalogue([*catalogue, catalogue["speech/one"]])


@pytest.mark.parametrize("sample_rate", [0, -8000])
def test_load_at_an_impossible_sample_rate(sample_rate):
    with pytest.raises(ValueError, match="sample_rate"):
        corpora.load("speech/en/digits/7", sample_rate=sample_rate)


def test_verify_names_what_is_missing_and_what_is_altered(small):
    catalogue = read_manifest(small)
    catalogue.verify()
    (small / "speech" / "one.flac").unlink()
    with soundfile.SoundFile(small / "speech" / "two.flac") as file:
        samples = file.read(dtype="float32")
    samples[100] += 0.25
    write(small / "speech" / "two.flac", Clip(samples, 8000), overwrite=True)
    with pytest.raises(ValueError, match=r"missing: \['speech/one'\], altered: \['speech/two'\]"):
        catalogue.verify()


def test_load_of_a_file_that_is_gone(small):
    recording = read_manifest(small)["speech/one"]
    recording.path.unlink()
    with pytest.raises(FileNotFoundError, match=r"one\.flac"):
        recording.load()


def test_load_of_a_truncated_file(small):
    recording = read_manifest(small)["speech/one"]
    whole = recording.path.read_bytes()
    recording.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"one\.flac has been altered; .*git restore data"):
        recording.load()


def test_an_altered_file_is_noticed_once_a_process(small):
    recording = read_manifest(small)["speech/one"]
    clip = Clip(np.zeros(4000), 8000)
    write(recording.path, clip, overwrite=True)
    for _ in range(2):  # a failure is not remembered as a success
        with pytest.raises(ValueError, match=r"one\.flac has been altered; .*git restore data"):
            recording.load()
    unaltered = read_manifest(small)["speech/two"]
    unaltered.load()
    write(unaltered.path, clip, overwrite=True)
    assert unaltered.load().peak == 0


def test_course_data_names_the_folder(small, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(small))
    assert data_folder() == small.resolve()
    assert len(corpora.catalogue()) == 3
    monkeypatch.delenv("COURSE_DATA")
    assert len(corpora.catalogue()) > 3


def test_a_wrong_course_data_is_a_mistake_and_nothing_else_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"COURSE_DATA names .*nowhere.*; set COURSE_DATA"):
        corpora.catalogue()


def test_the_data_folder_is_the_checkouts_then_the_installed_packages(small, tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(catalogue, "installed_data", lambda: small)
    monkeypatch.setattr(catalogue, "checkout", lambda: tmp_path)
    mine = tmp_path / "data"
    mine.mkdir()
    assert data_folder() == small.resolve()  # a checkout without data
    shutil.copy(small / "manifest.csv", mine)
    assert data_folder() == mine.resolve()
    monkeypatch.setattr(catalogue, "checkout", lambda: None)
    assert data_folder() == small.resolve()


@pytest.mark.parametrize("installed", [None, Path("damaged")])
def test_with_no_data_at_all_the_error_names_all_three(tmp_path, monkeypatch, installed):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(catalogue, "checkout", lambda: None)
    monkeypatch.setattr(catalogue, "installed_data", lambda: installed)
    with pytest.raises(FileNotFoundError) as error:
        corpora.catalogue()
    for place in ("COURSE_DATA", "checkout", "pip install audio-generation-course-data"):
        assert place in str(error.value)
    assert "\n" not in str(error.value)


def test_a_manifest_with_other_columns(small):
    text = (small / "manifest.csv").read_text(encoding="utf-8")
    (small / "manifest.csv").write_text(text.replace("licence", "license"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"need the columns path, .*'license'"):
        read_manifest(small)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.5000", "half", "half"),
        ("0.5000", "nan", "need seconds strictly between 0 and inf, got nan"),
        ("0.5000", "inf", "need seconds strictly between 0 and inf, got inf"),
        ("0.5000", "-1", "need seconds strictly between 0 and inf, got -1"),
        (",8000,", ",-1,", "need sample_rate of at least 1, got -1"),
        (",8000,", ",8e3,", "8e3"),
        (",8000", "", "need 12 values"),
        (",test\n", ",test,more\n", "need 12 values"),
        (",test\n", ",banana\n", "need a split out of train, validation, test, got 'banana'"),
        (",three,", ",th\0ree,", r"need printable text for text, got 'th\\x00ree'"),
        ("speech/three.flac", "/etc/three.flac", "path below the data folder, .*'/etc/three.flac'"),
        ("speech/three.flac", "../three.flac", "path below the data folder"),
        ("speech/three.flac", "speech/../../three.flac", "path below the data folder"),
        ("speech/three.flac", "..\\three.flac", "path below the data folder"),
        ("speech/three.flac", "C:/three.flac", "path below the data folder"),
        ("speech/three.flac", "", "path below the data folder, .* got ''"),
        ("speech/three.flac", ".", "path below the data folder, .* got '.'"),
    ],
)
def test_a_damaged_row(small, old, new, said):
    text = (small / "manifest.csv").read_text(encoding="utf-8")
    head, row, rest = text.partition(
        next(line for line in text.splitlines(True) if "three" in line)
    )
    assert old in row
    harmed = head + row.replace(old, new) + rest
    (small / "manifest.csv").write_text(harmed, encoding="utf-8", newline="\n")
    with pytest.raises(ValueError, match=f"is damaged: row that ends in line 3: .*{said}.*restore"):
        read_manifest(small)


def test_a_manifest_that_was_cut_short_anywhere_in_its_last_row(small):
    whole = (small / "manifest.csv").read_bytes()
    last = whole.rstrip(b"\n").rindex(b"\n") + 1
    for length in range(last + 1, len(whole.rstrip(b"\n"))):
        (small / "manifest.csv").write_bytes(whole[:length])
        with pytest.raises(ValueError, match="is damaged: row that ends in line 4: "):
            read_manifest(small)


@pytest.mark.parametrize("content", [b"\xff\xfe", b'"open'])
def test_a_manifest_that_is_no_text(small, content):
    with (small / "manifest.csv").open("ab") as file:
        file.write(content)
    with pytest.raises(ValueError, match=r"is damaged: .*restore the data folder"):
        read_manifest(small)


def test_an_empty_manifest(tmp_path):
    (tmp_path / "manifest.csv").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="need the columns"):
        read_manifest(tmp_path)


def test_write_manifest_measures(small):
    with open(small / "manifest.csv", encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert row["seconds"] == "0.5000"
    assert row["sample_rate"] == "8000"
    assert len(row["sha256"]) == 64


def test_a_copied_data_folder_reads_the_same(small, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("copy") / "data"
    shutil.copytree(small, elsewhere)
    here, there = read_manifest(small), read_manifest(elsewhere)
    for mine, other in zip(here, there, strict=True):
        assert np.array_equal(mine.load().samples, other.load().samples)
