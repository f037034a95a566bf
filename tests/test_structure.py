"""The house is in order: every module has its tests, and nothing has outgrown its room."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "course_lib"
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*.py")
    if not path.name.startswith("__")
)

TESTED_ELSEWHERE = {
    "applications/singing.py": "applications/test_lpc.py",
    "benchmarks/ar.py": "applications/test_lossless.py",
    "benchmarks/measure.py": "benchmarks/test_benchmarks.py",
    "cli/benches.py": "cli/test_entry.py",
    "cli/course.py": "cli/test_entry.py",
    "cli/models.py": "cli/test_networks.py",
    "cli/sampling.py": "cli/test_networks.py",
    "cli/scoring.py": "cli/test_networks.py",
    "cli/shared.py": "cli/test_networks.py",
    "cli/speaking.py": "cli/test_networks.py",
    "cli/training.py": "cli/test_networks.py",
    "core/protocols.py": "test_contract.py",
    "corpora/splits.py": "corpora/test_data.py",
    "editions/site/conf.py": "browser/test_site.py",
    "evaluation/sets.py": "evaluation/test_generation.py",
    "kernels/adaptive.py": "models/linear/test_adaptive_ar.py",
    "kernels/kalman.py": "kernels/test_arma.py",
    "kernels/lattice.py": "applications/test_lpc.py",
    "kernels/states.py": "models/states/test_gaussians.py",
    "models/diffusion/configuration.py": "models/diffusion/test_sounds.py",
    "models/diffusion/scoring.py": "models/diffusion/test_sounds.py",
    "models/latent/convolutions.py": "models/latent/test_vqvae.py",
    "models/linear/diagnostics.py": "models/linear/test_arma.py",
    "models/linear/estimation.py": "models/linear/test_arma.py",
    "models/linear/exact_likelihood.py": "models/linear/test_arma.py",
    "models/linear/forecast.py": "models/linear/test_arma.py",
    "models/linear/innovations.py": "models/linear/test_ar.py",
    "models/linear/linear_gaussian.py": "models/linear/test_arima.py",
    "models/linear/moments.py": "models/linear/test_arma.py",
    "models/linear/state_space.py": "kernels/test_arma.py",
    "models/sequence/aloud.py": "models/sequence/test_talker.py",
    "models/sequence/code_head.py": "models/sequence/test_codec_talker.py",
    "models/sequence/coded.py": "models/sequence/test_codec_talker.py",
    "models/sequence/configuration.py": "models/sequence/test_talker.py",
    "models/sequence/frames.py": "models/sequence/test_talker.py",
    "models/sequence/spoken.py": "models/sequence/test_talker.py",
    "models/waveform/cells.py": "models/waveform/test_recurrent.py",
    "models/waveform/configuration.py": "models/waveform/test_wavenet.py",
    "models/waveform/convolutions.py": "models/waveform/test_wavenet.py",
    "models/waveform/mel.py": "models/waveform/test_wavenet.py",
    "models/waveform/queues.py": "models/waveform/test_wavenet.py",
    "teaching/exercises/registry.py": "teaching/test_exercises.py",
    "text/pieces.py": "text/test_reading.py",
    "text/words.py": "text/test_reading.py",
    "training/distributed.py": "zoo/test_trainer.py",
    "zoo/exams/speech.py": "zoo/test_store.py",
    "zoo/hits.py": "zoo/exams/test_percussion.py",
    "zoo/networks.py": "zoo/test_store.py",
    "zoo/prompts.py": "zoo/test_store.py",
    "zoo/publishing.py": "zoo/test_store.py",
    "zoo/recipes/latent.py": "zoo/exams/test_latent.py",
    "zoo/recipes/percussion.py": "zoo/exams/test_percussion.py",
    "zoo/recipes/protocol.py": "zoo/test_new_kind.py",
    "zoo/recipes/speech.py": "zoo/test_store.py",
    "zoo/exams/codec_talkers.py": "zoo/test_coded.py",
    "zoo/recipes/codec_talkers.py": "zoo/test_coded.py",
    "zoo/recipes/talkers.py": "zoo/exams/test_talkers.py",
    "zoo/recipes/vocoders.py": "zoo/exams/test_vocoders.py",
    "zoo/records.py": "zoo/test_trainer.py",
}
"""Modules a test file of their own, and the file that tests each."""

OF_THEIR_OWN = {
    "browser/test_lab.py",
    "browser/test_pages.py",
    "browser/test_site.py",
    "benchmarks/test_benchmarks.py",
    "cli/test_networks.py",
    "core/test_results_of_checks.py",
    "corpora/test_data.py",
    "models/test_scales.py",
    "teaching/test_exercises.py",
    "teaching/test_import.py",
    "zoo/exams/test_talkers.py",
    "zoo/test_new_kind.py",
}
"""Tests of what several modules do together."""

CELLS = {"models/waveform/cells.py", "teaching/exercises/chapter_08.py"}
"""Where functions take the arguments of torch.nn's, in that order."""

LINES, BODY = 450, 60


def defined(module: str) -> set[str]:
    """Return the names that a module gives to constants, functions, classes and methods."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    found = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {n.id for each in targets for n in ast.walk(each) if isinstance(n, ast.Name)}
    return {name.strip("_") for name in found}


def test_every_module_has_its_tests():
    def own(module: str) -> Path:
        return ROOT / "tests" / Path(module).with_name(f"test_{Path(module).name}")

    lacking = {name for name in MODULES if not own(name).is_file()}
    chapters = {name for name in lacking if name.startswith("teaching/exercises/chapter_")}
    assert lacking - chapters == set(TESTED_ELSEWHERE)  # test_exercises.py walks the chapters
    for module, file in TESTED_ELSEWHERE.items():
        words = set(re.findall(r"\w+", (ROOT / "tests" / file).read_text(encoding="utf-8")))
        assert words & defined(module), f"{file} speaks of nothing that {module} defines"


def test_every_test_file_has_its_module():
    for path in (ROOT / "tests").glob("*/**/test_*.py"):
        inside = path.relative_to(ROOT / "tests")
        module = inside.with_name(inside.name.removeprefix("test_")).as_posix()
        assert module in MODULES or inside.as_posix() in OF_THEIR_OWN, f"{inside} tests no module"


@pytest.mark.parametrize("module", MODULES)
def test_no_file_outgrows_its_room(module):
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LINES


def bodies(tree: ast.AST):
    """Yield each function's name and the lines of its body, without documentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            first = node.body[1:] if documented else node.body
            if first:
                yield node.name, first[-1].end_lineno - first[0].lineno + 1


@pytest.mark.parametrize("module", MODULES)
def test_a_body_fits_a_screen(module):
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    long = {name: lines for name, lines in bodies(tree) if lines > BODY}
    assert not long


@pytest.mark.parametrize("module", MODULES)
def test_arguments_past_the_fifth_have_names(module):
    """But for the compiled loops, and for cells, which take what torch.nn's take."""
    if module.startswith("kernels/") or module in CELLS:
        return
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    places = {f.name: [a.arg for a in (*f.args.posonlyargs, *f.args.args)] for f in functions}
    assert not {n for n, a in places.items() if len([x for x in a if x not in ("self", "cls")]) > 5}


def test_contributing_names_every_package():
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = told.split("```")[3].splitlines()
    named = {word for line in table for word in line[:28].replace("|", " ").split()}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert named == packages
    families = {path.parent.name for path in (PACKAGE / "models").glob("*/__init__.py")}
    (row,) = [line for line in table if "families:" in line]
    assert {name.strip() for name in row.split("families:")[1].split(",")} == families
