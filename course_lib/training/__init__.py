"""Training: one loop, one for games of two, batches cut from recordings, checkpoints, teams."""

from course_lib.training.adversarial import (
    AdversarialRun,
    AdversarialSchedule,
    AdversarialStep,
    adversarial_steps,
    run_of,
)
from course_lib.training.batches import crops, streams
from course_lib.training.distributed import Team
from course_lib.training.loop import Run, Schedule, Step, best_device, training_steps

__all__ = [
    "AdversarialRun",
    "AdversarialSchedule",
    "AdversarialStep",
    "Run",
    "Schedule",
    "Step",
    "Team",
    "adversarial_steps",
    "best_device",
    "crops",
    "run_of",
    "streams",
    "training_steps",
]
