"""Bounds of the noise schedule and of the learning rate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from training.model.config import BLOCK
from training.rows.schedule import MAX_WEIGHT, LearningRate, Noise, draw_mask, noise_at


def test_the_ceiling_rises_without_weights_and_then_weights_are_on() -> None:
    levels = [noise_at(tokens, 1000) for tokens in range(0, 1000, 100)]
    assert levels[0].ceiling == pytest.approx(1e-3)
    assert all(a.ceiling < b.ceiling for a, b in pairwise(levels))
    assert not any(level.weighted for level in levels)
    assert noise_at(1000, 1000) == Noise(ceiling=1.0, weighted=True)
    assert noise_at(0, 0) == Noise(ceiling=1.0, weighted=True)


@pytest.mark.parametrize("ceiling", [1e-3, 0.3, 1.0])
def test_every_block_carries_a_signal_and_its_weight_is_bounded(ceiling: float) -> None:
    generator = np.random.default_rng(0)
    for _ in range(500):
        masked, weight = draw_mask(generator, Noise(ceiling, weighted=True))
        assert masked.shape == (BLOCK,)
        assert 1 <= masked.sum() <= BLOCK
        assert 1.0 <= weight <= MAX_WEIGHT
        assert draw_mask(generator, Noise(ceiling, weighted=False))[1] == 1.0


def test_without_the_clip_some_blocks_carry_no_signal() -> None:
    generator = np.random.default_rng(0)
    drawn = [draw_mask(generator, Noise(1.0, weighted=True, clipped=False)) for _ in range(8000)]
    silent = np.mean([not masked.any() for masked, _ in drawn])
    # The integral of (1 - u)^16 over all ratios.
    assert silent == pytest.approx(1 / (BLOCK + 1), abs=0.01)
    assert max(weight for _, weight in drawn) > 20 * MAX_WEIGHT


def test_masks_reach_the_whole_range_of_ratios() -> None:
    generator = np.random.default_rng(0)
    counts = [int(draw_mask(generator, Noise(1.0, True))[0].sum()) for _ in range(2000)]
    assert min(counts) == 1
    assert max(counts) == BLOCK
    # A uniform ratio, clipped below: a mean of a little over one half.
    assert 0.48 < np.mean(counts) / BLOCK < 0.56


def test_the_learning_rate_warms_up_stays_and_decays() -> None:
    plateau = LearningRate(warmup_tokens=100)
    assert 0 < plateau.factor(0) < 0.05
    assert plateau.factor(100) == plateau.factor(10**9) == 1.0
    decay = LearningRate(warmup_tokens=100, decay_start=1000, decay_tokens=500)
    assert decay.factor(999) == 1.0
    assert decay.factor(1250) == pytest.approx(0.5)
    assert decay.factor(2000) == pytest.approx(0.02)
