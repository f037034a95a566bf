"""Training: one loop, batches cut from recordings, checkpoints, several processes."""

from course_lib.training.batches import crops, streams
from course_lib.training.distributed import Team
from course_lib.training.loop import Run, Schedule, Step, best_device, training_steps

__all__ = ["Run", "Schedule", "Step", "Team", "best_device", "crops", "streams", "training_steps"]
