"""How every trained network of the course was made, a file a family."""

from course_lib.zoo.recipes.latent import LATENT, CodecRecipe, VAERecipe, VQVAERecipe
from course_lib.zoo.recipes.percussion import PERCUSSION, ClassifierRecipe, DiffusionRecipe
from course_lib.zoo.recipes.protocol import Recipe
from course_lib.zoo.recipes.speech import SPEECH, SpeechRecipe
from course_lib.zoo.recipes.talkers import TALKERS, TalkerRecipe
from course_lib.zoo.recipes.vocoders import VOCODERS, VocoderRecipe

RECIPES: dict[str, Recipe] = {**SPEECH, **TALKERS, **PERCUSSION, **VOCODERS, **LATENT}
"""Every trained network of the course, by name."""

__all__ = [
    "LATENT",
    "PERCUSSION",
    "RECIPES",
    "SPEECH",
    "TALKERS",
    "VOCODERS",
    "ClassifierRecipe",
    "CodecRecipe",
    "DiffusionRecipe",
    "Recipe",
    "SpeechRecipe",
    "TalkerRecipe",
    "VAERecipe",
    "VQVAERecipe",
    "VocoderRecipe",
]
