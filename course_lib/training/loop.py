"""One loop for every network that learns by likelihood."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch

from course_lib.core import Batches, Trainable, check_count, check_number
from course_lib.training.distributed import Team
from course_lib.training.precision import PRECISIONS, Precision, choose_precision


@dataclass(frozen=True)
class Schedule:
    """How long to train, and how fast: AdamW, a linear warm-up, then half a cosine down to zero.

    The rate of step i is peak * (i + 1) / warmup while i < warmup, and then
    peak * (1 + cos(pi (i - warmup) / (steps - warmup))) / 2. With a restart, the cosine reaches
    zero there, and another one leads from half the peak to zero at the end.

    Parameters
    ----------
    steps : updates in all
    learning_rate : the peak
    warmup : steps that it takes to get there
    weight_decay : of the matrices; what is named a bias, and other vectors, do not decay
    clip_norm : gradients longer than this are shortened to it; infinity never clips
    precision : of matrix products: "float32"; "bfloat16"; or "auto", bfloat16 where the machine
        multiplies it in hardware and float32 elsewhere. float32 unless asked otherwise, so that
        a short run gives the same figures on every machine; long runs ask for "auto"
    restart : the step at which the rate begins again, or None

    Raises
    ------
    TypeError, ValueError
        For numbers out of range, a warm-up that is not shorter than the run, or a restart that
        is not between the warm-up and the end.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", and
    (2019), "Decoupled weight decay regularization"; Pascanu, Mikolov and
    Bengio (2013), "On the difficulty of training recurrent neural networks", algorithm 1.
    """

    steps: int
    learning_rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    restart: int | None = None

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")
        check_number(self.learning_rate, "learning_rate", above=0)
        if check_count(self.warmup, "warmup", minimum=0) >= self.steps:
            raise ValueError(
                f"need a warmup shorter than the run of {self.steps} steps, got {self.warmup}"
            )
        check_number(self.weight_decay, "weight_decay", minimum=0)
        if not self.clip_norm > 0:  # infinity will do, NaN will not
            raise ValueError(f"need a clip_norm above 0, got {self.clip_norm}")
        if self.precision not in (known := ("auto", *PRECISIONS)):
            raise ValueError(f"need a precision out of {', '.join(known)}, got {self.precision!r}")
        if self.restart is not None and not self.warmup < self.restart < self.steps:
            raise ValueError(
                f"need a restart between step {self.warmup} and {self.steps}, got {self.restart}"
            )

    def rate(self, index: int) -> float:
        """Return the learning rate of a step."""
        if index < self.warmup:
            return self.learning_rate * (index + 1) / self.warmup
        peak, first, last = self.learning_rate, self.warmup, self.restart or self.steps
        if index >= last:
            peak, first, last = peak / 2, last, self.steps
        return peak * (1 + math.cos(math.pi * (index - first) / (last - first))) / 2


@dataclass(frozen=True)
class Step:
    """What happened in one update.

    Attributes
    ----------
    index : from 0
    loss : before the update, in the unit of the network's loss
    gradient_norm : before clipping
    learning_rate : of this update
    seconds : since the run began or was resumed
    """

    index: int
    loss: float
    gradient_norm: float
    learning_rate: float
    seconds: float


class Run:
    """A training run that can stop after any step and go on later: all that a step changes.

    Parameters
    ----------
    model : the network; its weights change in place
    schedule : of the run
    team : the processes that share each batch, or None for this one alone

    Attributes
    ----------
    done : steps behind us
    precision : in which this machine multiplies matrices, and why
    began_in : the precision of the first step, which another machine may have taken
    carry : what the network handed over to its next batch

    Raises
    ------
    TypeError
        For a network without a loss.
    ValueError
        For a network without weights, or a precision that this machine does not have.
    """

    def __init__(
        self, model: torch.nn.Module, schedule: Schedule, team: Team | None = None
    ) -> None:
        self._check(model)
        if not any(True for _ in model.parameters()):
            raise ValueError(f"need a network with weights to train, got {type(model).__name__}")
        self.model = model
        self.schedule = schedule
        self.team = team
        self.done = 0
        self.carry: Any = None
        self.precision: Precision = choose_precision(schedule.precision, self.device)
        self.began_in = self.precision.name
        self.optimizer = self._begin(model)

    def _check(self, model: torch.nn.Module) -> None:
        """Refuse what this kind of run cannot train."""
        if not isinstance(model, Trainable):
            raise TypeError(f"need a network with a loss, got {type(model).__name__}")

    def _begin(self, model: torch.nn.Module) -> torch.optim.Optimizer:
        """Prepare the loss, and return the optimizer."""
        loss: Any = model.loss if self.team is None else self.team.wrapped(model)
        self._loss = loss
        decays: dict[bool, list[torch.nn.Parameter]] = {True: [], False: []}
        for name, parameter in model.named_parameters():
            decays[parameter.ndim > 1 and not name.endswith("bias")].append(parameter)
        groups = [
            {"params": decays[True], "weight_decay": self.schedule.weight_decay},
            {"params": decays[False], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, betas=(0.9, 0.98))

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.model.parameters()).device

    def steps(self, batches: Batches) -> Iterator[Step]:
        """Train from where we are to the schedule's end; yield after each update.

        Raises
        ------
        FloatingPointError
            Where the loss is no longer finite: the weights of the step before still stand.
        """
        began = time.perf_counter()
        while self.done < self.schedule.steps:
            batch = batches(self.done)
            if self.team is not None:
                batch = self.team.share(batch)
            with torch.autocast(
                self.device.type, torch.bfloat16, self.precision.name == "bfloat16"
            ):
                loss, carry = self._loss(batch.to(self.device), self.carry)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            mean = loss.detach() if self.team is None else self.team.mean(loss.detach())
            norm, rate = self._update(float(mean))
            self.carry, self.done = carry, self.done + 1
            yield Step(self.done - 1, float(mean), norm, rate, time.perf_counter() - began)

    def _update(self, loss: float) -> tuple[float, float]:
        """Change the weights; return the gradient's norm and the learning rate."""
        norm = float(
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip_norm)
        )
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise FloatingPointError(
                f"the loss of step {self.done} is {loss} and its gradient's norm {norm}; "
                "lower the learning rate or clip_norm"
            )
        rate = self.schedule.rate(self.done)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)
        self.optimizer.step()
        return norm, rate


def training_steps(model: torch.nn.Module, batches: Batches, schedule: Schedule) -> Iterator[Step]:
    """Train a network, and yield a `Step` after each update.

    ::

        for step in training_steps(model, batches, Schedule(steps=200)):
            print(step.index, step.loss)

    Raises
    ------
    TypeError
        For a network without a loss.
    FloatingPointError
        Where the loss is no longer finite.
    """
    return Run(model, schedule).steps(batches)


def best_device() -> torch.device:
    """Return the fastest device here: a CUDA GPU, or the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
