"""The command line: what it prints, what it returns, and that it never shows a traceback."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from course_lib import benchmarks, cli, editions
from course_lib.audio import Clip, read, write
from course_lib.benchmarks import Missing, Row, quality
from course_lib.cli.shared import read_at
from course_lib.editions.chapters import Chapter, chapters
from course_lib.editions.execute import NotebookFailed
from course_lib.evaluation import bits_per_sample
from course_lib.evaluation.showdown import Contestant
from course_lib.features import MuLaw
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.linear.ar import AR
from course_lib.models.sequence.talker import Talker

ROOT = Path(__file__).resolve().parents[2]
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
    expected = bits_per_sample(AdaptiveAR(), read_at(recording, 8000), MuLaw())
    assert float(found[1]) == pytest.approx(expected.bits, abs=0.006)


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


MISTAKES = {
    "no command": ([], "required: COMMAND; course --help says more"),
    "another command": (["dance"], "invalid choice: 'dance'"),
    "list: more": (["list", "x"], "does not know x"),
    "run: notebook": (["run", "99"], "there is no notebook 99"),
    "run: option": (["run", "--fast"], "does not know --fast"),
    "run: two outputs": (["run", "--margins", "--in-place"], "not allowed with argument"),
    "student: a file": (["student", "{file}"], "is a file"),
    "student: a pipe": (["student", "{pipe}"], "is a file"),
    "student: a device": (["student", "/dev/zero"], "is a file"),
    "student: no place": (["student", "{closed}/class"], "cannot write /proc/class"),
    "student: beneath a file": (
        ["student", "{file}/class"],
        "in.wav is a file; delete",
    ),
    "bench: group": (["bench", "--only", "xyz"], "need a group out of"),
    "bench --json: a folder": (["bench", "--json", "{tmp}"], "is a folder"),
    "bench --json: a pipe": (["bench", "--json", "{pipe}"], "is a pipe or a device"),
    "bench --json: no folder": (["bench", "--json", "{tmp}/no/rows.json"], "there is no folder"),
    "bench --json: no place": (["bench", "--json", "{closed}/rows.json"], "cannot write"),
    "zoo: more": (["zoo", "x"], "does not know x"),
    "train: network": (["train", "nothing"], "no recipe is called 'nothing'"),
    "train: steps": (["train", "gru-speech", "--steps", "0"], "need --steps of at least 1"),
    "train: steps, 2": (["train", "gru-speech", "--steps", "1e3"], "invalid int value: '1e3'"),
    "sample: model": (["sample", "nothing", "-o", "{new}"], "no model is called 'nothing'"),
    "sample: a device": (["sample", "/dev/zero", "-o", "{new}"], "no model is called"),
    "sample: no model": (["sample", "{tmp}", "-o", "{new}"], "there is no {tmp}/card.json"),
    "sample: no output": (["sample", "ar", "--from", "{file}"], "are required: -o/--output"),
    "say: text": (["say", "", "-o", "{new}"], "need"),
    "say: letters": (["say", "\udce9", "-o", "{new}"], "cannot read"),
    "say: talker": (["say", "one", "--talker", "ar", "-o", "{new}"], "no model is called 'ar'"),
    "say: vocoder": (["say", "one", "--vocoder", "x", "-o", "{new}"], "no model is called 'x'"),
    "say: seed": (["say", "one", "--seed", "-1", "-o", "{new}"], "need seed of at least 0"),
    "score: model": (["score", "wavelet", "{file}"], "no model is called 'wavelet'"),
    "score: no file": (["score", "ar"], "need a FILE"),
    "score: sentences": (["score", "talker-lstm", "--sentences", "-1"], "need --sentences of at"),
    "score: not there": (["score", "ar", "nope\udce9.wav"], "nope\\udce9.wav is not there"),
    "score: a folder": (["score", "ar", "{tmp}"], "is a folder"),
    "score: a pipe": (["score", "ar", "{pipe}"], "is a pipe or a device"),
    "score: endless": (["score", "ar", "/dev/zero"], "is a pipe or a device"),
    "score: not sound": (["score", "ar", "{text}"], "could not be read"),
    "score: order": (["score", "ar", "{file}", "--order", "1000"], "order"),
    "score: channel": (["score", "ar", "{file}", "--channel", "9" * 30], "need a channel from 0"),
}
for option, value, said in (
    ("--seconds", "-3", "need --seconds strictly between 0 and 3600, got -3"),
    ("--seconds", "nan", "need --seconds"),
    ("--seconds", "inf", "need --seconds"),
    ("--seconds", "1e9", "need --seconds"),
    ("--seconds", "1e-9", "length of at least 1"),
    ("--seconds", "three", "invalid float value: 'three'"),
    ("--seed", "-1", "need seed of at least 0"),
    ("--seed", "9" * 5000, "invalid int value"),
    ("--order", "-1", "need order of at least 0"),
    ("--order", "9" * 30, "shorten the order or pass a longer clip"),
    ("--order", "1.5", "invalid int value"),
    ("--channel", "2", "need a channel from 0"),
    ("--from", "nothing.wav", "nothing.wav is not there"),
    ("--from", "{tmp}", "is a folder"),
    ("--from", "{pipe}", "is a pipe or a device"),
    ("--from", "/dev/zero", "is a pipe or a device"),
    ("--from", "{text}", "could not be read"),
    ("--temperature", "1", "--temperature is for networks"),
    ("--volume", "11", "does not know --volume 11"),
    ("-o", "{tmp}/no/folder.wav", "there is no folder"),
    ("-o", "{closed}/out.wav", "cannot write"),
    ("-o", "{folder}", "is a folder"),
    ("-o", "{pipe}", "is a pipe or a device"),
    ("-o", "{file}", "exists already; pass --overwrite"),
    ("-o", "{tmp}/out.exe", ".wav or .flac"),
    ("-o", "{tmp}/" + "x" * 300 + ".wav", "File name too long"),
):
    arguments = ["sample", "ar", "--from", "{file}", "-o", "{new}", option, value]
    MISTAKES[f"sample {option} {value[:20]}"] = (arguments, said)
for value in ("{tmp}/no/folder.wav", "{closed}/out.wav", "{folder}", "{pipe}", "{tmp}/out.exe"):
    MISTAKES[f"say -o {value}"] = (["say", "one", "-o", value], "")


@pytest.mark.skipif(sys.platform != "linux", reason="pipes, devices and folders closed to root")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_status_2_before_the_work(
    run: Run, recording: Path, tmp_path: Path, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"tmp": tmp_path, "file": recording, "new": tmp_path / "new.wav", "closed": "/proc"}
    places |= {name: tmp_path / f"{name}.wav" for name in ("pipe", "folder", "text")}
    os.mkfifo(places["pipe"])
    places["folder"].mkdir()
    places["text"].write_text("to be or not to be", encoding="utf-8")
    if mistake.startswith(("bench --json", "sample -o", "say -o")):  # refused before any work
        for place, work in ((benchmarks, "run"), (AR, "fit"), (Talker, "say")):
            monkeypatch.setattr(place, work, None)
    arguments, said = MISTAKES[mistake]
    before = sorted(tmp_path.rglob("*"))
    status, out, err = run(*(argument.format(**places) for argument in arguments))
    assert (status, out) == (2, "")
    assert said.format(**places) in err
    assert re.fullmatch(r"course.*\n", err)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("seed", [2**63, 2**64, 2**200])
def test_seeds_beyond_64_bits_are_seeds(run: Run, recording: Path, tmp_path: Path, seed) -> None:
    arguments = ("--seconds", 0.01, "--seed", seed, "-o", tmp_path / "o.wav")
    assert run("sample", "ar", "--from", recording, *arguments)[0::2] == (0, "")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("need more,\n  got less"), 2, "course list: need more, got less\n"),
        (OSError(13, "Permission denied", "a.wav"), 2, "course list: a.wav: Permission denied\n"),
        (ModuleNotFoundError("pip install it"), 2, "course list: pip install it\n"),
        (ArithmeticError("results differ"), 1, "course list: results differ\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (KeyError("no voice 'Bob'"), 70, "course list: KeyError: no voice 'Bob'; this is a fault"),
        (KeyError(), 70, "course list: KeyError: "),
        (TypeError("not a Clip"), 70, "course list: TypeError: not a Clip; this is a fault of the"),
        (RuntimeError("two\nlines"), 70, "course list: RuntimeError: two lines; this is a fault"),
        (MemoryError(), 70, "course list: MemoryError: "),
        (ZeroDivisionError("division by zero"), 70, "course list: ZeroDivisionError: division"),
        (AssertionError(), 70, "course list: AssertionError: "),
    ],
)
def test_every_error_is_one_line(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    said: str,
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(editions.chapters, "chapters", fail)
    got, out, err = run("list")
    assert (got, out) == (status, "")
    assert err.startswith(said)
    assert err.count("\n") == bool(said)
    assert ("course --debug list ... shows where" in err) == (status == 70)
    assert cli.main(["--debug", "list"]) == status
    debugged = capsys.readouterr().err
    assert debugged.startswith("Traceback (most recent call last):\n")
    assert "in fail\n" in debugged
    assert debugged.endswith(err)


def test_brackets_in_a_file_name_are_no_markup(run: Run, recording: Path, tmp_path: Path) -> None:
    (tmp_path / "[").mkdir()
    odd = recording.rename(tmp_path / "[" / "b].wav")  # "[/b]" closes what nobody has opened
    assert run("score", "ar", odd)[0::2] == (0, "")


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash, in which $course is the command."""
    settings = {"course": f"{sys.executable} -m course_lib", **os.environ, **environment}
    settings.pop("PYTHONUNBUFFERED", None)
    return subprocess.run(["bash", "-c", line], capture_output=True, env=settings, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="bash, /dev/full, names that are any bytes")
@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("$course list >&-", 0, b""),
        ("$course list 2>&-", 0, b""),
        ("$course list <&-", 0, b""),
        ("$course list <&- >&- 2>&-", 0, b""),
        ("$course score ar nope.wav 2>&-", 2, b""),
        ("$course score ar nope.wav 2>/dev/full", 2, b""),
        ("$course list >/dev/full", 2, b"course list: cannot write the output: No space left on"),
        ("$course --help >/dev/full", 2, b"course: cannot write the output: No space left on"),
        (r"$course score ar $'nope\xe9.wav'", 2, rb"course score: .*nope\\udce9\.wav is not there"),
        ("$course list | true; exit ${PIPESTATUS[0]}", 141, b""),
    ],
)
def test_streams_that_are_closed_full_or_gone(line: str, status: int, said: bytes) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for environment in ({}, ascii_only):
        done = shell(line, **environment)
        assert done.returncode == status
        assert re.fullmatch(said + b".*\n" if said else b"", done.stderr)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_any_bytes_name_a_file(recording: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    recording.rename(odd)
    line = r"cd $folder; $course sample ar --from $'caf\xe9.wav' --seconds 0.1 -o $'\xe9.flac'"
    done = shell(line, folder=str(tmp_path), LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\udce9.flac: 0.1 s at 8000 Hz" in done.stdout
    assert len(read(odd.with_name(os.fsdecode(b"\xe9.flac")))) == 800


def test_list_names_every_chapter(run: Run) -> None:
    status, out, _ = run("list")
    assert status == 0
    assert [line[:2] for line in out.splitlines()] == [chapter.number for chapter in chapters()]
    assert "minutes)" in out


def test_failed_notebooks_are_listed_and_status_1(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from course_lib.editions import course

    calls = []

    def fail(chosen: list[Chapter], *others: object, **settings: object) -> list[NotebookFailed]:
        calls.append(settings)
        return [NotebookFailed(chapter, "cell 3: ValueError: no") for chapter in chosen[:2]]

    monkeypatch.setattr(course, "run_course", fail)
    names = [chapter.path.name for chapter in chapters()]
    lines = [f"course run: {name}, cell 3: ValueError: no\n" for name in names]
    assert run("run") == (1, "", "".join(lines[:2]))
    assert run("run", chapters()[3].number, "--stop-early", "--in-place") == (1, "", lines[3])
    assert calls == [
        {"pages": ROOT / "build" / "html", "stop_early": False},
        {"pages": None, "stop_early": True},
    ]


def test_since_a_revision_only_what_changed_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from course_lib.editions import changes, course

    ran: list[list[Chapter]] = []
    monkeypatch.setattr(
        course, "run_course", lambda chosen, *others, **more: ran.append(chosen) or []
    )
    monkeypatch.setattr(changes, "chapters_since", lambda revision, course: course[3:5])
    assert run("run", "--since", "main") == (0, "changed: 03, 04\n", "")
    monkeypatch.setattr(changes, "chapters_since", lambda revision, course: [])
    assert run("run", "--since", "main") == (0, "changed: no chapter\n", "")
    assert ran == [chapters()[3:5]]
    assert run("run", "03", "--since", "main")[0] == 2


def test_pages_in_another_place_are_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from course_lib.editions import course

    monkeypatch.setattr(course, "run_course", lambda *chapters, **settings: [])
    monkeypatch.setattr(course, "pages_folder", lambda: tmp_path)
    assert run("run") == (0, f"{ROOT} is read-only; the pages go into {tmp_path}\n", "")


@pytest.mark.parametrize("arguments", [["list"], ["run"], ["student"], ["lab"]])
def test_one_copy_of_the_course_does_not_run_in_the_folder_of_another(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "course_lib" / "editions").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert f"belongs to the course in {ROOT}, and the current folder to another" in err
    assert err.count("\n") == 1


def test_help_tells_every_exit_status(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    statuses = out[out.index("Exit status:") :]
    assert re.findall(r"\b\d+\b", statuses) == ["0", "1", "2", "70", "130", "141"]


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
    from course_lib.editions import lab

    opened = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "open_lab", lambda *given, **more: opened.append((*given, more)) or 0)
    status, out, _ = run("lab", "--no-browser", "--port", "8889")
    assert status == 0
    assert f"your copies are in {tmp_path / 'workspace'}\n" in out
    first = {"notebook": "00_start_here.ipynb"}
    assert opened == [(Path("workspace"), ["--no-browser", "--port", "8889"], first)]
    assert len(list((tmp_path / "workspace").glob("*.ipynb"))) == len(chapters())
    run("lab")  # opens as it was left
    assert opened[1] == (Path("workspace"), [], {"notebook": None})


def test_the_doctors_findings_are_a_line_each_and_status_1_where_one_is_broken(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from course_lib.editions import doctor

    found = [
        doctor.Finding("torch", "well", "2.13.0"),
        doctor.Finding("Chromium", "missing", "none", "not needed"),
        doctor.Finding("disk", "broken", "full", "make room"),
    ]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    status, out, _ = run("doctor")
    assert status == 1
    lines = ["✓ torch 2.13.0", "○ Chromium none: not needed", "✗ disk full: make room"]
    assert [" ".join(line.split()) for line in out.splitlines()] == lines
    del found[2]
    assert run("doctor")[0] == 0


def test_the_site_is_built_and_packed_where_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from course_lib.editions import chapters as places
    from course_lib.editions.site import build

    done: list[tuple[str, Path]] = []
    monkeypatch.setattr(places, "build_folder", lambda: tmp_path)
    monkeypatch.setattr(build, "check_tools", lambda: None)
    monkeypatch.setattr(build, "build_site", lambda course, folder: done.append(("site", folder)))
    monkeypatch.setattr(build, "pack_site", lambda folder, target: done.append(("zip", target)))
    assert run("site") == (0, f"open {tmp_path / 'site' / 'index.html'}\n", "")
    assert run("site", "--zip")[0] == 0
    packed = tmp_path / "audio-generation-course.zip"
    assert done == [("site", tmp_path / "site")] * 2 + [("zip", packed)]


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
    assert {row["group"] for row in rows} == {"ar"}
    assert all(row["machine"] and "commit" in row for row in rows)
    assert (rows[0]["ratio"], rows[0]["goal"], rows[0]["peer"]) == (6.5, 5.0, "peer 1.0")


@pytest.mark.usefixtures("_two_rows")
def test_bench_brings_a_stored_table_up_to_date_group_by_group(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.json"

    def stored() -> list[tuple[str, str]]:
        return [(row["group"], row["name"]) for row in json.loads(path.read_bytes())]

    assert run("bench", "--only", "mel", "--json", path)[0] == 0
    assert run("bench", "--only", "ar", "--json", path)[0] == 0
    both = [("ar", "sorting"), ("ar", "size"), ("mel", "sorting"), ("mel", "size")]
    assert stored() == both

    def rows(group: str) -> Iterator[Row]:
        if group != "ar":
            raise ArithmeticError("results differ")
        yield Row("searching", 6.5, 5.0, "peer 1.0", 0.25, 1.625, "s")

    monkeypatch.setattr(benchmarks, "run", rows)
    assert run("bench", "--json", path)[0] == 1  # what was measured before the failure is kept
    assert stored() == [("ar", "searching"), *both[2:]]


def test_bench_quality_brings_a_stored_table_up_to_date_block_by_block(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    path, title = tmp_path / "quality.json", "a short block"
    hiss = [Clip(0.1 * rng.standard_normal(4000), 8000) for _ in range(3)]

    def block(models: list[str] | None = None, **_: object) -> quality.Block:
        names = models or ["the line", "another line"]
        judged = [Contestant(name, lambda _: AdaptiveAR(), None, len(title)) for name in names]
        return quality.Block(title, judged, hiss, hiss)

    monkeypatch.setattr(quality, "BLOCKS", {"speech": block, "voices": block})
    assert run("bench", "quality", "--only", "voices", "--draws", "2", "--json", path)[0] == 0
    title = "another title"
    assert run("bench", "quality", "--only", "speech", "--draws", "2", "--json", path)[0] == 0
    stored = json.loads(path.read_bytes())
    assert [(name, block["title"]) for name, block in stored.items()] == [
        ("speech", "another title"),
        ("voices", "a short block"),
    ]
    some = ("bench", "quality", "--only", "voices", "--models", "the line", "--json", path)
    status, _, err = run(*some)  # the title has changed: other clips
    assert status == 2
    assert "holds voices of other clips" in err
    assert json.loads(path.read_bytes()) == stored
    title = "a short block"
    assert run(*some)[0] == 0
    rows = json.loads(path.read_bytes())["voices"]["results"]
    assert [row["name"] for row in rows] == ["another line", "the line"]
    assert rows[0] == stored["voices"]["results"][1]  # as it was
    assert "need --only with --models" in run("bench", "quality", "--models", "the line")[2]


@pytest.mark.parametrize("table", [[], ["quality"]])
def test_bench_keeps_a_file_of_something_else(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: list[str]
) -> None:
    monkeypatch.setattr(benchmarks, "run", lambda group: pytest.fail("it measured"))
    for text in ("notes", "7", '[{"name": "x"}]', '{"speech": {"title": "x"}}'):
        path = tmp_path / "notes.json"
        path.write_text(text, encoding="utf-8")
        status, out, err = run("bench", *table, "--json", path)
        assert (status, out) == (2, "")
        assert "holds something else than this table; name another file" in err
        assert path.read_text(encoding="utf-8") == text


def test_bench_answers_bad_input_before_it_measures(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "long").mkdir()
    unwritable = tmp_path / "long" / ("x" * 300)
    monkeypatch.setattr(benchmarks, "run", lambda group: pytest.fail("it measured"))
    status, out, err = run("bench", "--json", unwritable)
    assert (status, out) == (2, "")
    assert f"cannot write {unwritable}: " in err
    assert list((tmp_path / "long").iterdir()) == []


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
    assert done.stderr.startswith(b"course: the following arguments are required: COMMAND")
