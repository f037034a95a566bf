"""The trained models of the course: how they were trained, and how to get them."""

from course_lib.zoo.recipes import RECIPES, Recipe
from course_lib.zoo.store import card, load, names, publish
from course_lib.zoo.trainer import Beginning, Validation, train

__all__ = [
    "RECIPES",
    "Beginning",
    "Recipe",
    "Validation",
    "card",
    "load",
    "names",
    "publish",
    "train",
]
