"""The trained networks of the course: how they were trained, and how to get them."""

from course_lib.zoo.cards import trainings
from course_lib.zoo.publishing import examine, publish, write_card
from course_lib.zoo.recipes import RECIPES, Recipe, SpeechRecipe
from course_lib.zoo.store import card, load, names
from course_lib.zoo.trainer import Beginning, Validation, train

__all__ = [
    "RECIPES",
    "Beginning",
    "Recipe",
    "SpeechRecipe",
    "Validation",
    "card",
    "examine",
    "load",
    "names",
    "publish",
    "train",
    "trainings",
    "write_card",
]
