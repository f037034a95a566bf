"""What `course doctor` looks at: a line each, what to do, and never a traceback."""

import shutil
import sys
from pathlib import Path

import pytest
import soundfile

from course_lib import zoo
from course_lib.editions import doctor
from course_lib.editions.doctor import EXTRAS, LOOKS, Finding, examine, free_memory


@pytest.fixture(scope="module")
def findings():
    return {finding.name: finding for finding in examine()}


def test_everything_is_looked_at_once(findings):
    assert list(findings) == [*LOOKS, *(f"extra [{extra}]" for extra in EXTRAS)]
    assert all("\n" not in f.told + f.advice for f in findings.values())


@pytest.mark.parametrize(
    "name", ["Python", "processor", "torch", "Jupyter", "recordings", "networks"]
)
def test_what_the_tests_need_is_here(findings, name):
    assert findings[name].state == "well"


def test_networks_are_counted(findings):
    assert findings["networks"].told.startswith(f"{len(zoo.names())} with weights")


def _alone(monkeypatch, name):
    monkeypatch.setattr(doctor, "LOOKS", {name: LOOKS[name]})
    monkeypatch.setattr(doctor, "EXTRAS", {})
    (finding,) = examine()
    return finding


def test_altered_weights_are_named(monkeypatch):
    monkeypatch.setattr(doctor, "sha256", lambda path: "0" if "gru-speech" in str(path) else "1")
    monkeypatch.setattr(doctor.zoo, "card", lambda name: {"weights": {"sha256": "1"}}, raising=True)
    finding = _alone(monkeypatch, "networks")
    assert finding.state == "broken"
    assert finding.told.endswith("['gru-speech']")
    assert "git restore data/zoo" in finding.advice


def test_without_data_the_way_to_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    finding = _alone(monkeypatch, "networks")
    assert finding.state == "broken"
    assert str(tmp_path) in finding.told
    assert "COURSE_DATA" in finding.advice


def test_a_full_disk_is_broken(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 8, 2**30))
    finding = _alone(monkeypatch, "disk")
    assert (finding.state, finding.advice[:9]) == ("broken", "make room")


def test_little_memory_is_broken(monkeypatch):
    monkeypatch.setattr(doctor, "free_memory", lambda: 2**30)
    assert _alone(monkeypatch, "memory").state == "broken"
    monkeypatch.setattr(doctor, "free_memory", lambda: None)
    assert _alone(monkeypatch, "memory").state == "well"


def test_memory_is_read_where_linux_tells_it(tmp_path):
    status = tmp_path / "meminfo"
    assert free_memory(status) is None
    status.write_text("MemTotal: 9 kB\nMemAvailable:    3 kB\n")
    assert free_memory(status) == 3072
    status.write_text("MemTotal: 9 kB\n")
    assert free_memory(status) is None


def test_a_library_that_writes_no_mp3_is_broken(monkeypatch):
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"FLAC": "", "OGG": ""})
    finding = _alone(monkeypatch, "sound files")
    assert finding.state == "broken"
    assert finding.told.endswith("writes no MP3")


def test_another_torch_is_told_and_is_no_fault(monkeypatch):
    monkeypatch.setattr(doctor.torch, "__version__", "2.9.1")
    finding = _alone(monkeypatch, "torch")
    assert finding.state == "well"
    assert "made with 2.13.0" in finding.told
    assert finding.advice


def test_what_few_need_may_be_missing(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert _alone(monkeypatch, "Chromium").state == "missing"
    monkeypatch.setattr(doctor, "LOOKS", {})
    monkeypatch.setattr(doctor, "EXTRAS", {"site": ("sphinx",), "recogniser": ("numpy", "absent")})
    monkeypatch.setattr(doctor, "find_spec", lambda name: name if name == "numpy" else None)
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))
    assert list(examine()) == [
        Finding("extra [site]", "missing", "no sphinx", "needs Python 3.12 or newer"),
        Finding(
            "extra [recogniser]",
            "missing",
            "no absent",
            "pip install 'audio-generation-course[recogniser]' where you need it",
        ),
    ]


def test_the_torch_of_the_stored_outputs_is_the_one_that_is_pinned():
    pinned = (Path(__file__).parents[2] / "constraints.txt").read_text().split()
    assert f"torch=={doctor.STORED_WITH}" in pinned
