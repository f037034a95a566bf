"""The loop for two networks that learn from one another: the game of a GAN, turn by turn."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from course_lib.core import (
    Adversarial,
    Batches,
    check_count,
    check_number,
    settle,
)
from course_lib.training.distributed import Team
from course_lib.training.loop import Run, Schedule, Step


@dataclass(frozen=True)
class AdversarialSchedule(Schedule):
    """How long two networks play, and how fast each learns.

    Parameters
    ----------
    steps, learning_rate, ... : of the generator, as in `Schedule`
    turns : of the discriminator before each of the generator, each with a batch of its own
    discriminator_rate : its learning rate, as a multiple of the generator's
    alone : so many steps at first, the generator learns without an opponent, by the
        ``alone_loss`` of a game that has one
    betas : of AdamW, the memory of its means of gradients and of their squares
    averaging : memory of the running mean of the generator's weights, from 0 (none) to below 1

    References
    ----------
    Heusel et al. (2017), "GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium" (two rates); Yazıcı et al. (2019), "The unusual effectiveness of averaging in GAN
    training", eq. 2. Notebook: 10.
    """

    turns: int = 1
    discriminator_rate: float = 1.0
    alone: int = 0
    betas: tuple[float, float] = (0.5, 0.9)
    averaging: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, turns=check_count(self.turns, "turns"))
        settle(self, alone=check_count(self.alone, "alone", minimum=0))
        rate = check_number(self.discriminator_rate, "discriminator_rate", above=0)
        settle(self, discriminator_rate=rate)
        if len(self.betas) != 2:
            raise ValueError(f"need two betas, got {self.betas!r}")
        beta1, beta2 = (check_number(beta, "betas", minimum=0, below=1) for beta in self.betas)
        settle(self, betas=(beta1, beta2))
        settle(self, averaging=check_number(self.averaging, "averaging", minimum=0, below=1))


@dataclass(frozen=True)
class AdversarialStep(Step):
    """What happened in one step: the discriminator's turns, then the generator's.

    Attributes
    ----------
    loss, gradient_norm, learning_rate : of the generator
    discriminator_loss : mean over its turns; NaN while the generator learns alone
    """

    discriminator_loss: float


class AdversarialRun(Run):
    """A game that can stop after any step and go on later.

    One optimizer holds the weights of both networks. In its turn a network is given the gradient
    of its own loss by its own weights; the other has no gradient then, and stays.

    Parameters
    ----------
    model : the game
    schedule : of both networks
    team : None; a game is played in one process

    Raises
    ------
    TypeError
        For a network that is no game, or a schedule that is not for one; for a generator that is
        to learn alone and cannot.
    ValueError
        For a team.
    """

    model: Any
    schedule: AdversarialSchedule

    def __init__(
        self, model: torch.nn.Module, schedule: Schedule, team: Team | None = None
    ) -> None:
        if team is not None:
            raise ValueError("need one process for a game of two networks; pass --devices 1")
        if not isinstance(schedule, AdversarialSchedule):
            raise TypeError(f"need an AdversarialSchedule, got {type(schedule).__name__}")
        if schedule.alone and not hasattr(model, "alone_loss"):
            raise TypeError(
                f"need a game with an alone_loss for {schedule.alone} steps alone, got "
                f"{type(model).__name__}; pass alone=0"
            )
        super().__init__(model, schedule)

    def _check(self, model: torch.nn.Module) -> None:
        if not isinstance(model, Adversarial):
            raise TypeError(
                f"need a game of a generator and a discriminator, got {type(model).__name__}"
            )

    def _begin(self, model: torch.nn.Module) -> torch.optim.Optimizer:
        """Return the optimizer; a group of weights remembers how fast its network learns."""
        schedule, groups = self.schedule, []
        players = (self.model.generator, self.model.discriminator)
        for player, factor in zip(players, (1.0, schedule.discriminator_rate), strict=True):
            weights = [weight for weight in player.parameters() if weight.requires_grad]
            groups.append({"params": weights, "factor": factor})
        return torch.optim.AdamW(groups, betas=schedule.betas, weight_decay=schedule.weight_decay)

    def steps(self, batches: Batches) -> Iterator[AdversarialStep]:
        """Play from where we are to the schedule's end; yield after each step.

        Turn k of step i takes batch i * turns + k; the generator sees the last of these.

        Raises
        ------
        FloatingPointError
            Where a loss is no longer finite: the weights of the turn before still stand.
        """
        began, game, turns = time.perf_counter(), self.model, self.schedule.turns
        while self.done < self.schedule.steps:
            judged, alone = [], self.done < self.schedule.alone
            for turn in range(turns):
                batch = batches(self.done * turns + turn).to(self.device)
                if not alone:
                    loss = game.discriminator_loss(batch)
                    self._turn(game.discriminator, loss)
                    judged.append(float(loss.detach()))
            made = game.alone_loss(batch) if alone else game.generator_loss(batch)
            norm, rate = self._turn(game.generator, made)
            self._average()
            self.done += 1
            mean = sum(judged) / len(judged) if judged else math.nan
            seconds = time.perf_counter() - began
            yield AdversarialStep(self.done - 1, float(made.detach()), norm, rate, seconds, mean)

    def _turn(self, player: torch.nn.Module, loss: torch.Tensor) -> tuple[float, float]:
        """Move one network down the slope of its loss; return its gradient's norm and rate."""
        weights = [weight for weight in player.parameters() if weight.requires_grad]
        slopes = torch.autograd.grad(loss, weights)
        self.optimizer.zero_grad(set_to_none=True)
        for weight, slope in zip(weights, slopes, strict=True):
            weight.grad = slope
        return self._update(float(loss.detach()))

    @torch.no_grad()
    def _average(self) -> None:
        """Draw the kept weights towards the generator's, quickly at first."""
        memory = min(self.schedule.averaging, self.done / (self.done + 10))
        pairs = zip(self.model.kept.parameters(), self.model.generator.parameters(), strict=True)
        for kept, now in pairs:
            kept.lerp_(now, 1 - memory)


def adversarial_steps(
    model: torch.nn.Module, batches: Batches, schedule: AdversarialSchedule
) -> Iterator[AdversarialStep]:
    """Play a game of two networks, and yield an `AdversarialStep` after each step.

    ::

        for step in adversarial_steps(game, batches, AdversarialSchedule(steps=200)):
            print(step.index, step.loss, step.discriminator_loss)

    Raises
    ------
    TypeError
        For a network that is no game.
    FloatingPointError
        Where a loss is no longer finite.

    References
    ----------
    Goodfellow et al. (2014), "Generative adversarial nets", algorithm 1. Notebook: 10.
    """
    return AdversarialRun(model, schedule).steps(batches)


def run_of(model: torch.nn.Module, schedule: Schedule, team: Team | None = None) -> Run:
    """Return a run at its first step: of a game, or of a network that learns by itself."""
    kind = AdversarialRun if isinstance(model, Adversarial) else Run
    return kind(model, schedule, team)
