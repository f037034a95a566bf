"""The command line: what it prints, what it returns, and that it never shows a traceback."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from course_lib import benchmarks, cli
from course_lib.audio import Clip, read, write
from course_lib.benchmarks import Missing, Row
from course_lib.evaluation import bits_per_sample
from course_lib.features import MuLaw
from course_lib.models.adaptive_ar import AdaptiveAR
from course_lib.runner.chapters import chapters
from course_lib.runner.execute import NotebookFailed

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def recording(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A second of a faintly noisy tone at 16 kHz."""
    time = np.arange(16_000) / 16_000
    samples = 0.4 * np.sin(2 * np.pi * 300 * time) + 0.01 * rng.standard_normal(16_000)
    return write(tmp_path / "in.wav", Clip(samples, 16_000))


def test_sample_writes_a_sound_that_depends_on_the_seed_alone(
    run: Run, recording: Path, tmp_path: Path
) -> None:
    def sample(seed: int, name: str) -> Clip:
        arguments = ("--seconds", 0.5, "--seed", seed, "-o", tmp_path / name)
        status, out, err = run("sample", "ar", "--from", recording, *arguments)
        assert (status, err) == (0, "")
        assert "0.5 s at 8000 Hz" in out
        assert "order 16" in out
        return read(tmp_path / name)

    first = sample(1, "a.wav")
    assert first == sample(1, "b.wav")
    assert first != sample(2, "c.wav")
    assert (first.sample_rate, len(first)) == (8000, 4000)
    assert 0 < first.peak <= 1
    spectrum = np.abs(np.fft.rfft(first.samples))
    assert np.argmax(spectrum) * 2 == pytest.approx(300, abs=40)  # bins are 2 Hz wide


def test_sample_overwrites_only_when_asked(run: Run, recording: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_text("precious", encoding="utf-8")
    arguments = ("sample", "ar", "--from", recording, "--seconds", 0.1, "-o", target)
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert "exists already; pass --overwrite" in err
    assert target.read_text(encoding="utf-8") == "precious"
    assert run(*arguments, "--overwrite", "--order", 4)[0] == 0
    assert len(read(target)) == 800


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seconds", "-3"], "need --seconds strictly between 0 and 3600, got -3"),
        (["--seconds", "nan"], "need --seconds"),
        (["--seconds", "1e9"], "need --seconds"),
        (["--seconds", "1e-9"], "length of at least 1"),
        (["--seconds", "three"], "invalid float value: 'three'"),
        (["--seed", "-1"], "need seed of at least 0"),
        (["--order", "-1"], "need order of at least 0"),
        (["--order", "99999"], "shorten the order or pass a longer clip"),
        (["--order", "1.5"], "invalid int value"),
        (["--from", "nothing.wav"], "nothing.wav"),
        (["--from", "{tmp}"], "is a folder"),
        (["--from", "{text}"], "could not be read"),
        (["-o", "{tmp}/no/folder.wav"], "there is no folder"),
        (["-o", "{tmp}/out.exe"], ".wav or .flac"),
        (["--volume", "11"], "does not know --volume 11"),
    ],
)
def test_bad_input_to_sample_is_one_line_and_status_2(
    run: Run, recording: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "notes.txt").write_text("not sound", encoding="utf-8")
    filled = [a.format(tmp=tmp_path, text=tmp_path / "notes.txt") for a in arguments]
    before = sorted(tmp_path.iterdir())
    status, out, err = run("sample", "ar", "--from", recording, "-o", tmp_path / "o.wav", *filled)
    assert (status, out) == (2, "")
    assert said in err
    assert err.splitlines()[-1].startswith("course")
    assert sorted(tmp_path.iterdir()) == before  # nothing half-written


def test_silence_is_sampled_as_silence(run: Run, tmp_path: Path) -> None:
    silence = write(tmp_path / "silence.wav", Clip(np.zeros(4000), 8000))
    target = tmp_path / "o.wav"
    assert run("sample", "ar", "--from", silence, "--seconds", 0.1, "-o", target)[0] == 0
    assert read(target).peak == 0


def test_score_prints_bits_and_nats_of_the_same_likelihood(run: Run, recording: Path) -> None:
    status, out, err = run("score", "ar", recording)
    assert (status, err) == (0, "")
    found = re.search(
        r": (\d+\.\d+) bits per sample, log-likelihood (-\d+\.\d) nats \(exact\)", out
    )
    assert found is not None
    assert "8-bit µ-law at 8000 Hz, 8000 samples" in out
    assert float(found[2]) == pytest.approx(-float(found[1]) * np.log(2) * 8000, rel=2e-3)
    expected = bits_per_sample(AdaptiveAR(), cli._read(recording, 8000), MuLaw())
    assert float(found[1]) == pytest.approx(expected.bits, abs=0.006)


def test_score_answers_bad_input(run: Run, recording: Path, tmp_path: Path) -> None:
    assert run("score", "ar", tmp_path / "none.wav")[0] == 2
    assert run("score", "wavelet", recording)[0] == 2
    assert run("score", "ar", recording, "--order", 1000)[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["run", "--fast"], ["run", "--margins", "--in-place"], ["list", "x"]],
)
def test_bad_usage_is_status_2(run: Run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith("course")


def test_a_stereo_file_needs_a_channel(run: Run, recording: Path, tmp_path: Path) -> None:
    clip = read(recording)
    stereo = tmp_path / "stereo.wav"
    soundfile.write(stereo, np.stack([np.zeros(len(clip)), clip.samples], 1), clip.sample_rate)
    status, _, err = run("score", "ar", stereo)
    assert status == 2
    assert "has 2 channels" in err
    right = run("score", "ar", stereo, "--channel", 1)[1]
    assert right.split(":")[1] == run("score", "ar", recording)[1].split(":")[1]


def test_score_takes_a_file_that_overshoots_when_resampled(run: Run, tmp_path: Path) -> None:
    square = np.sign(np.sin(2 * np.pi * 150 * np.arange(8000) / 16000 + 0.1))
    loud = write(tmp_path / "loud.wav", Clip(square, 16000))
    status, out, err = run("score", "ar", loud)
    assert status == 0
    assert "scaled from a peak of 1." in err
    assert "bits per sample" in out


def test_a_closed_pipe_is_met_in_silence() -> None:
    command = [sys.executable, "-m", "course_lib", "list"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait() == 141


def test_list_names_every_chapter(run: Run) -> None:
    status, out, _ = run("list")
    assert status == 0
    assert [line[:2] for line in out.splitlines()] == [chapter.number for chapter in chapters()]
    assert "minutes)" in out


def test_an_unknown_notebook_is_answered_with_those_that_exist(run: Run) -> None:
    status, _, err = run("run", "99")
    assert status == 2
    assert f"there is no notebook 99; there are {chapters()[0].stem}" in err


def test_a_failed_notebook_is_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from course_lib.runner import course

    def fail(*chapters: object, **settings: object) -> None:
        raise NotebookFailed("00_a.ipynb, cell 3: ValueError: no")

    monkeypatch.setattr(course, "run_course", fail)
    number = chapters()[0].number
    assert run("run", number) == (1, "", "course run: 00_a.ipynb, cell 3: ValueError: no\n")


def test_ctrl_c_is_status_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "chapters", interrupted)
    assert run("list") == (130, "", "interrupted\n")


def test_students_get_copies_and_keep_their_own(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "class"
    status, out, _ = run("student", folder)
    assert status == 0
    assert out.count("new   ") == len(chapters())
    (mine, *_) = sorted(folder.glob("*.ipynb"))
    mine.write_text("mine", encoding="utf-8")
    status, out, _ = run("student", folder)
    assert out.count("kept  ") == len(chapters())
    assert mine.read_text(encoding="utf-8") == "mine"
    assert run("student", mine)[0] == 2
    assert run("student", chapters()[0].path.parent)[0] == 2


def test_lab_opens_the_learners_copies_and_passes_options_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from course_lib.runner import lab

    opened = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "open_lab", lambda *arguments: opened.append(arguments) or 0)
    assert run("lab", "--no-browser", "--port", "8889")[0] == 0
    assert opened == [(Path("workspace"), ["--no-browser", "--port", "8889"])]
    assert len(list((tmp_path / "workspace").glob("*.ipynb"))) == len(chapters())


@pytest.fixture
def _two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(group: str) -> Iterator[Row | Missing]:
        yield Row("sorting", 6.5, 5.0, "peer 1.0", 0.25, 1.625, "s")
        yield Row("size", 1.07, 1.05, "peer 1.0", 107_000, 100_000, "bytes", at_most=True)
        yield Missing("other", "absent", "absent is not installed")

    monkeypatch.setattr(benchmarks, "run", rows)


@pytest.mark.usefixtures("_two_rows")
def test_bench_prints_a_table_and_writes_json(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("bench", "--only", "ar", "--json", tmp_path / "rows.json")
    assert status == 0
    assert re.search(r"sorting.*0\.25 s.*1\.62 s.*6\.50.*≥ 5 ✓.*peer 1\.0", out)
    assert re.search(r"size.*107,000 bytes.*1\.07.*≤ 1\.05 ✗", out)
    assert "absent is not installed" in out
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in rows] == ["sorting", "size"]
    assert all(set(row) >= {"name", "ratio", "goal", "peer"} for row in rows)
    assert (rows[0]["ratio"], rows[0]["goal"], rows[0]["peer"]) == (6.5, 5.0, "peer 1.0")


def test_bench_answers_bad_input_before_it_measures(run: Run, tmp_path: Path) -> None:
    status, _, err = run("bench", "--json", tmp_path / "no" / "rows.json")
    assert status == 2
    assert "no folder" in err
    assert "is a folder" in run("bench", "--json", tmp_path)[2]
    status, _, err = run("bench", "--only", "xyz")
    assert status == 2
    assert "need a group out of" in err


def test_a_comparison_that_disagrees_is_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(group: str) -> Iterator[Row]:
        raise ArithmeticError("results differ")
        yield

    monkeypatch.setattr(benchmarks, "run", rows)
    assert run("bench")[0::2] == (1, "course bench: results differ\n")


def test_the_command_is_quick_to_start() -> None:
    heavy = {"torch", "matplotlib", "librosa", "statsmodels", "numba", "scipy", "nbformat", "rich"}
    program = (
        "import sys, course_lib.cli as cli; cli.main(['list']); "
        f"print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stderr.decode().strip() == "[]"


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "course_lib"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"usage: course" in done.stderr
