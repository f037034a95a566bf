"""A kind of network, how often each level occurs, and its recipe: all that a new kind takes."""

from dataclasses import dataclass

import torch

from course_lib import core, corpora, evaluation, features, training

SCHEDULE = training.Schedule(5, 0.5, warmup=1)


@dataclass(frozen=True)
class LevelsConfig:
    levels: int = 256


class Levels(torch.nn.Module):
    def __init__(self, config, *, seed):
        super().__init__()
        self.config, self.logits = config, torch.nn.Parameter(torch.zeros(config.levels))

    def loss(self, batch, carry=None):
        return -self.logits.log_softmax(0)[batch.inputs].mean(), None

    def level_log_likelihood(self, codes, encoding):
        return core.Likelihood(
            self.logits.detach().log_softmax(0)[torch.tensor(codes)].sum().item()
        )

    def sample(self, length, *, count=1, rng):
        odds = self.logits.detach().double().softmax(0).numpy()
        return features.MuLaw().decode(rng.choice(len(odds), (count, length), p=odds))


@dataclass(frozen=True)
class LevelsRecipe:
    configuration: LevelsConfig = LevelsConfig()
    schedule: training.Schedule = SCHEDULE
    validate_every, begins_with, unit = 5, None, "bits per sample"
    recordings = staticmethod(lambda: corpora.speech(language="it", split="train"))
    describe = staticmethod(lambda network: "how often each level occurs")
    headline = staticmethod(lambda found: f"{found['bits per sample']:.2f} bits per sample")

    def build(self):
        return Levels(self.configuration, seed=1)

    def batches(self, network):
        codes = [features.MuLaw().encode(each.load(8000)) for each in self.recordings()]
        return training.crops(codes, length=500, context=1, size=4, seed=1)

    def validate(self, network):
        clips = [each.load(8000) for each in corpora.speech(language="it", split="validation")]
        return evaluation.bits_per_sample(network, clips, features.MuLaw()).bits

    def examine(self, network):
        return {"bits per sample": self.validate(network)}
