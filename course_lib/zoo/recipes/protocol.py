"""What a recipe answers, whatever its network is: training and publishing ask nothing else."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from course_lib.core import Batches
from course_lib.corpora import Catalogue
from course_lib.training import Schedule


class Recipe(Protocol):
    """Everything that a training run depends on, beside the recordings themselves.

    A frozen dataclass: its fields are written into the checkpoint and the card.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def configuration(self) -> Any:
        """The network's configuration, of a kind in `zoo.networks`."""

    @property
    def schedule(self) -> Schedule:
        """How long and how fast."""

    @property
    def validate_every(self) -> int:
        """Steps between two looks at the validation recordings."""

    @property
    def begins_with(self) -> str | None:
        """The trained network whose weights are the first ones, or None."""

    @property
    def unit(self) -> str:
        """What `validate` counts."""

    def build(self) -> Any:
        """Return the untrained network."""

    def batches(self, network: Any) -> Batches:
        """Return what the network learns from."""

    def recordings(self) -> Catalogue:
        """Return the recordings that it learns from, for the card."""

    def validate(self, network: Any) -> float:
        """Return how the network does on the validation recordings; lower is better."""

    def examine(self, network: Any) -> dict[str, Any]:
        """Return what the card says of the test recordings, as JSON can hold it."""

    def describe(self, network: Any) -> str:
        """Return in a sentence what the network is and what it can do."""

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
