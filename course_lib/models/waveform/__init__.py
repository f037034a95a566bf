"""Networks that predict a waveform sample by sample: recurrent, linear, WaveNet, LPCNet."""

from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.convolutions import dilated_stack
from course_lib.models.waveform.linear_recurrence import (
    LinearRecurrenceConfig,
    LinearRecurrentNetwork,
)
from course_lib.models.waveform.lpcnet import LPCNet, LPCNetConfig
from course_lib.models.waveform.mel import MelCondition, MelUpsampler
from course_lib.models.waveform.queues import Queues, sample_naively, sample_with_queues
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet

__all__ = [
    "LPCNet",
    "LPCNetConfig",
    "LinearRecurrenceConfig",
    "LinearRecurrentNetwork",
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
