"""Networks that predict a waveform sample by sample: recurrent networks and WaveNet."""

from course_lib.models.waveform.recurrent import (
    RecurrentConfig,
    RecurrentNetwork,
)
from course_lib.models.waveform.wavenet import (
    MelCondition,
    MelUpsampler,
    Queues,
    WaveNet,
    WaveNetConfig,
    dilated_stack,
    sample_naively,
    sample_with_queues,
)

__all__ = [
    "MelCondition",
    "MelUpsampler",
    "Queues",
    "RecurrentConfig",
    "RecurrentNetwork",
    "WaveNet",
    "WaveNetConfig",
    "dilated_stack",
    "sample_naively",
    "sample_with_queues",
]
