"""README says what is true: its program runs, its map fits the notebooks, its files exist."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from course_lib import corpora
from course_lib.audio import Clip, read
from course_lib.cli import main
from course_lib.editions.chapters import chapters
from course_lib.features.pitch import track_pitch

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHAPTERS = {chapter.number: chapter for chapter in chapters()}
PLANNED = [f"{number:02d}" for number in range(19)]


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of the map in a text, by chapter number."""
    lines = re.findall(r"^\| (\d\d) \| (.+) \|$", text, re.MULTILINE)
    return {number: [cell.strip() for cell in rest.split("|")] for number, rest in lines}


def plain(name: str) -> str:
    """Return a chapter's name without the link around it."""
    return re.sub(r"\[(.+)\]\(.+\)", r"\1", name)


def programs() -> list[str]:
    return re.findall(r"^```python\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_first_program_has_ten_lines_at_most() -> None:
    assert len([line for line in programs()[0].splitlines() if line]) <= 10


def test_the_programs_write_the_sounds_they_promise(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(programs())],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("AR(order 16, stable")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"noise_with_a_voice.wav", "robot.wav", "number.wav", "snare.wav"}
    noise, robot = read(tmp_path / "noise_with_a_voice.wav"), read(tmp_path / "robot.wav")
    assert (noise.duration, noise.sample_rate) == (3.0, 8000)
    assert noise.peak == pytest.approx(0.9, abs=1e-4)
    prompt = corpora.load("speech/en/tt-weasels", sample_rate=8000)
    assert low_share(noise) == pytest.approx(low_share(prompt), abs=0.1)
    assert np.nanmedian(track_pitch(robot)) == pytest.approx(110, rel=0.01)
    number = read(tmp_path / "number.wav")
    assert 2.5 < number.duration < 8  # eight words
    assert 120 < np.nanmedian(track_pitch(number)) < 260  # of a woman
    snare = read(tmp_path / "snare.wav")
    assert snare.sample_rate == 16_000
    assert snare.peak > 0.1
    assert snare.cut(0, 0.2).rms > 10 * snare.cut(0.8, 1.0).rms  # struck, and gone


def low_share(clip: Clip) -> float:
    """Return the share of the power in the lowest quarter of the band."""
    power = np.abs(np.fft.rfft(clip.samples)) ** 2
    return float(power[: len(power) // 4].sum() / power.sum())


def test_the_map_agrees_with_the_notebooks() -> None:
    table = rows(README)
    assert list(table) == PLANNED
    for number, (name, _, minutes) in table.items():
        if number in CHAPTERS:
            assert name.endswith(f"](notebooks/{CHAPTERS[number].path.name})")
            assert minutes == str(CHAPTERS[number].describe()[1]), number
        else:
            assert minutes == "later", number
            assert name == plain(name), number


def test_notebook_00_shows_the_same_map() -> None:
    cells = nbformat.read(CHAPTERS["00"].path, as_version=4).cells
    own = rows("\n".join(cell.source for cell in cells))
    assert list(own) == PLANNED
    for number, (name, _, status) in own.items():
        assert status == ("here" if number in CHAPTERS else "later"), number
        assert plain(name) == plain(rows(README)[number][0])


def test_every_file_that_it_names_exists() -> None:
    paths = re.findall(r"\]\(([^)#:]+)\)", README)
    paths += re.findall(r"`((?:data|assets|\.ci|\.github)/[^` ]*)`", README)
    paths += re.findall(r"(?:--from|score ar) (data/\S+\.flac)", README)
    paths += [name for name in ("constraints.txt", "environment.yml") if name in README]
    assert len(paths) > 10
    for path in paths:
        assert (ROOT / path).exists(), path


def test_every_command_that_it_names_exists(capsys: pytest.CaptureFixture[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE)
    assert {"run", "test", "lab", "help"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    commands = re.findall(r"`course (\w+)", README)
    module = re.findall(r"-m course_lib (\w+) +# and: (.+)$", README, re.MULTILINE)
    commands += [module[0][0], *module[0][1].split(", ")]
    assert {"run", "sample", "score", "student"} <= set(commands)
    for command in commands:
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0, command


def test_its_picture_is_small_and_drawn_by_its_script(tmp_path: Path) -> None:
    picture, fresh = ROOT / "assets" / "voice.png", tmp_path / "voice.png"
    assert picture.stat().st_size <= 100_000
    subprocess.run([sys.executable, str(picture.with_suffix(".py")), str(fresh)], check=True)
    stored, drawn = (np.asarray(Image.open(path).convert("L"), float) for path in (picture, fresh))
    assert stored.shape == drawn.shape
    assert np.corrcoef(stored.ravel(), drawn.ravel())[0, 1] > 0.95  # fonts may differ


def test_the_picture_of_a_page_is_shown_and_small() -> None:
    assert "(assets/page.png)" in README
    assert (ROOT / "assets" / "page.png").stat().st_size <= 120_000
