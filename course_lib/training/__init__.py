"""Training: one loop, batches cut from recordings, checkpoints."""

from course_lib.training.batches import crops, streams
from course_lib.training.loop import Run, Schedule, Step, best_device, training_steps

__all__ = ["Run", "Schedule", "Step", "best_device", "crops", "streams", "training_steps"]
