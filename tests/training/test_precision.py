"""Precision: bfloat16 where the machine multiplies it in hardware, kept by a run that goes on."""

import os
import subprocess
import sys

import pytest
import tiny
import torch

from course_lib.models.waveform.recurrent import RecurrentNetwork
from course_lib.training import Run, Schedule, precision, streams
from course_lib.training.checkpoints import load_run, load_tensors, save_run, save_tensors
from course_lib.training.precision import choose_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")
POOR = "this processor has no such instructions"


def processor(monkeypatch, *, instructions=True, torch_uses="AVX512", onednn=True, limit=None):
    """Pretend to have a processor with bfloat16, or one that lacks something."""
    capabilities = {"avx512_bf16": True} if instructions else {"architecture": "arm64"}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: torch_uses)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: onednn)
    if limit is None:
        monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    else:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr(precision, "_lacking", lambda device: POOR)


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(precision, "_lacking", lambda device: None)


@pytest.mark.parametrize(
    ("settings", "name", "why"),
    [
        ({}, "bfloat16", "this machine multiplies it in hardware"),
        ({"torch_uses": "AVX512_VNNI"}, "bfloat16", "hardware"),
        ({"limit": "AVX512_CORE_AMX"}, "bfloat16", "hardware"),
        ({"instructions": False}, "float32", "no AVX-512 or AMX instructions"),
        ({"torch_uses": "AVX2"}, "float32", "ATEN_CPU_CAPABILITY"),
        ({"torch_uses": "DEFAULT"}, "float32", "ATEN_CPU_CAPABILITY"),
        ({"onednn": False}, "float32", "ONEDNN_MAX_CPU_ISA"),
        ({"limit": "avx512_core"}, "float32", "ONEDNN_MAX_CPU_ISA"),
        ({"limit": "AVX512_CORE_VNNI"}, "float32", "ONEDNN_MAX_CPU_ISA"),
    ],
)
def test_auto_takes_what_the_processor_multiplies_well(monkeypatch, settings, name, why):
    processor(monkeypatch, **settings)
    chosen = choose_precision("auto", CPU)
    assert chosen.name == name
    assert why in chosen.why


def test_an_older_torch_does_not_tell(monkeypatch):
    processor(monkeypatch)
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    chosen = choose_precision("auto", CPU)
    assert chosen.name == "float32"
    assert "this torch does not tell" in chosen.why


@pytest.mark.parametrize("variable", ["ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"])
def test_a_simulated_poorer_processor_is_respected(variable):
    program = (
        "import torch\nfrom course_lib.training.precision import choose_precision\n"
        "torch.cpu.get_capabilities = lambda: {'avx512_bf16': True}\n"
        "print(choose_precision('auto', torch.device('cpu')).name)"
    )
    poorer = {**os.environ, variable: "avx2"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=poorer, capture_output=True, text=True, check=True)
    assert done.stdout == "float32\n"


@pytest.mark.parametrize(("native", "name"), [(True, "bfloat16"), (False, "float32")])
def test_a_gpu_that_emulates_is_none(monkeypatch, native, name):
    supported = {True: True, False: native}  # with emulation, every GPU says yes
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: supported[including_emulation]
    )
    assert choose_precision("auto", GPU).name == name


@pytest.mark.usefixtures("slow")
def test_bfloat16_is_refused_where_there_is_none():
    with pytest.raises(ValueError, match=f'"bfloat16", but {POOR}; take the precision "auto" or'):
        Run(RecurrentNetwork(tiny.LSTM), Schedule(2, warmup=0, precision="bfloat16"))
    assert choose_precision("float32", CPU).name == "float32"


@pytest.mark.usefixtures("fast")
def test_what_is_asked_for_is_taken():
    assert choose_precision("bfloat16", CPU) == ("bfloat16", "the schedule asks for it")
    assert choose_precision("float32", CPU) == ("float32", "the schedule asks for it")
    assert Run(RecurrentNetwork(tiny.LSTM), Schedule(2, warmup=0)).precision.name == "float32"


@pytest.mark.parametrize("asked", ["half", None, True])
def test_other_precisions_are_refused(asked):
    with pytest.raises(ValueError, match=f"out of auto, float32, bfloat16, got {asked!r}"):
        Schedule(2, warmup=0, precision=asked)


@pytest.mark.usefixtures("fast")
def test_products_are_taken_in_the_precision_of_the_run():
    for name in ("float32", "bfloat16"):
        found = []

        class Product(torch.nn.Module):
            def __init__(self, found):
                super().__init__()
                self.weight = torch.nn.Parameter(torch.ones(2, 2))
                self.found = found

            def loss(self, batch, carry=None):
                product = self.weight @ self.weight
                self.found.append(str(product.dtype))
                return product.float().sum(), None

        run = Run(Product(found), Schedule(1, warmup=0, precision=name))
        batches = streams(tiny.sounds(), length=60, size=2, seed=1, gap=5)
        list(run.steps(batches))
        assert found == [f"torch.{name}"]


def begun(path, monkeypatch, lacking):
    """Save the beginning of a run on a machine that lacks something, or nothing."""
    monkeypatch.setattr(precision, "_lacking", lambda device: lacking)
    run = Run(RecurrentNetwork(tiny.LSTM), Schedule(4, warmup=0, precision="auto"))
    save_run(path, run)


@pytest.mark.parametrize(
    ("then", "now", "name", "why"),
    [
        (None, None, "bfloat16", "the run began in it"),
        (POOR, None, "float32", "the run began in it"),
        (POOR, POOR, "float32", "the run began in it"),
        (None, POOR, "float32", f"the run began in bfloat16, but {POOR}"),
    ],
)
def test_a_run_keeps_its_precision_where_it_can(tmp_path, monkeypatch, then, now, name, why):
    begun(tmp_path / "run", monkeypatch, then)
    monkeypatch.setattr(precision, "_lacking", lambda device: now)
    run = Run(RecurrentNetwork(tiny.LSTM), Schedule(4, warmup=0, precision="auto"))
    load_run(tmp_path / "run", run)
    assert run.precision == (name, why)


def test_a_run_returns_to_its_precision(tmp_path, monkeypatch):
    """By way of a machine without bfloat16, and back to one that has it."""
    begun(tmp_path / "run", monkeypatch, None)
    for lacking, name in ((POOR, "float32"), (None, "bfloat16")):
        monkeypatch.setattr(precision, "_lacking", lambda device, lacking=lacking: lacking)
        run = Run(RecurrentNetwork(tiny.LSTM), Schedule(4, warmup=0, precision="auto"))
        load_run(tmp_path / "run", run)
        assert run.precision.name == name
        save_run(tmp_path / "run", run)
        assert load_tensors(tmp_path / "run")[1]["precision"] == "bfloat16"


@pytest.mark.usefixtures("slow")
def test_checkpoints_without_a_precision_go_on_as_the_schedule_says(tmp_path):
    run = Run(RecurrentNetwork(tiny.LSTM), Schedule(4, warmup=0))
    save_run(tmp_path / "run", run)
    tensors, about = load_tensors(tmp_path / "run")
    del about["precision"]
    save_tensors(tmp_path / "run", tensors, about)
    load_run(tmp_path / "run", run)
    assert run.precision.name == "float32"


@pytest.mark.parametrize("name", ["half", "auto", None, 7])
def test_a_checkpoint_with_another_precision_is_none(tmp_path, name):
    run = Run(RecurrentNetwork(tiny.LSTM), Schedule(4, warmup=0))
    save_run(tmp_path / "run", run)
    tensors, about = load_tensors(tmp_path / "run")
    save_tensors(tmp_path / "run", tensors, {**about, "precision": name})
    with pytest.raises(ValueError, match="need a checkpoint of a run, but"):
        load_run(tmp_path / "run", run)
