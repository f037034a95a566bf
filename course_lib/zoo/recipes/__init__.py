"""How every trained network of the course was made, a file a family."""

from course_lib.zoo.recipes.codec_talkers import CODEC_TALKERS, CodecTalkerRecipe
from course_lib.zoo.recipes.latent import LATENT, CodecRecipe, VAERecipe, VQVAERecipe
from course_lib.zoo.recipes.percussion import PERCUSSION, ClassifierRecipe, DiffusionRecipe
from course_lib.zoo.recipes.protocol import Recipe
from course_lib.zoo.recipes.speech import SPEECH, SpeechRecipe
from course_lib.zoo.recipes.talkers import TALKERS, TalkerRecipe
from course_lib.zoo.recipes.vocoders import VOCODERS, VocoderRecipe

RECIPES: dict[str, Recipe] = {
    **SPEECH,
    **TALKERS,
    **PERCUSSION,
    **VOCODERS,
    **LATENT,
    **CODEC_TALKERS,
}
"""Every trained network of the course, by name."""

__all__ = [
    "CODEC_TALKERS",
    "LATENT",
    "PERCUSSION",
    "RECIPES",
    "SPEECH",
    "TALKERS",
    "VOCODERS",
    "ClassifierRecipe",
    "CodecRecipe",
    "CodecTalkerRecipe",
    "DiffusionRecipe",
    "Recipe",
    "SpeechRecipe",
    "TalkerRecipe",
    "VAERecipe",
    "VQVAERecipe",
    "VocoderRecipe",
]
