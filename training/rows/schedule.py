"""The curriculum's numbers: noise levels of the diffusion stage, and the learning rate.

Sources: Stable-DiffCoder (arXiv 2601.15892) for the warm-up of the ceiling and the clipped schedule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.model.config import BLOCK

MAX_WEIGHT = 4.0
SMALLEST_RATIO = 1e-3
CEILING_START = 1e-3


@dataclass(frozen=True)
class Noise:
    """How a block is masked: `ceiling` is the largest ratio drawn; `weighted` turns the 1/ratio weight on.

    `clipped` is what `draw_mask` says; only the study turns it off.
    """

    ceiling: float
    weighted: bool
    clipped: bool = True


def noise_at(canvas_tokens: int, warmup_tokens: int, clipped: bool = True) -> Noise:
    """The ceiling rises linearly from nearly nothing to 1 over the warm-up, without weights meanwhile."""
    if canvas_tokens >= warmup_tokens:
        return Noise(ceiling=1.0, weighted=True, clipped=clipped)
    share = canvas_tokens / warmup_tokens
    return Noise(ceiling=CEILING_START + (1 - CEILING_START) * share, weighted=False, clipped=clipped)


def draw_mask(generator: np.random.Generator, noise: Noise, length: int = BLOCK) -> tuple[np.ndarray, float]:
    """Which tokens of a block are masked, (length,) bool, and the weight of their loss.

    The ratio is clipped to at least 1/length and at least one token is masked: without that, a block would
    carry no signal with a probability of 1/(length + 1). Not clipped, a block may come back without a mask, and
    the weight is bounded by nothing but the smallest ratio.
    """
    if not noise.clipped:
        ratio = max(generator.uniform(0.0, noise.ceiling), SMALLEST_RATIO)
        return generator.random(length) < ratio, 1 / ratio if noise.weighted else 1.0
    ratio = min(1.0, max(generator.uniform(0.0, noise.ceiling), 1 / length))
    masked = generator.random(length) < ratio
    if not masked.any():
        masked[generator.integers(length)] = True
    return masked, min(1 / ratio, MAX_WEIGHT) if noise.weighted else 1.0


@dataclass(frozen=True)
class LearningRate:
    """Warm-up, a constant plateau that a run can be continued on for ever, and a decay before a release.

    `decay_start` and `decay_tokens` count the clean tokens of the whole run.
    """

    warmup_tokens: int
    decay_start: int | None = None
    decay_tokens: int = 0
    floor: float = 0.02

    def rising(self, tokens: int) -> float:
        """The warm-up alone, so many tokens after the optimiser's first step."""
        return min(1.0, (tokens + 1) / max(1, self.warmup_tokens))

    def factor(self, tokens: int) -> float:
        """The share of the peak learning rate after so many clean tokens."""
        rising = self.rising(tokens)
        if self.decay_start is None or tokens < self.decay_start:
            return rising
        left = 1 - (tokens - self.decay_start) / max(1, self.decay_tokens)
        return rising * max(self.floor, left)
