"""Batches that are built ahead are the batches that would have been built in place."""

from __future__ import annotations

import torch

from training.run.supply import Direct, Prefetcher, open_source
from training.tests.conftest import Data
from training.tests.test_resume import new_trainer


def test_batches_built_ahead_are_the_same_and_follow_a_changed_plan(data: Data) -> None:
    trainer = new_trainer(data)
    wanted = (data.packed, "train", data.tokenizer, 64, 3)
    direct, ahead = Direct(open_source(*wanted)), Prefetcher(1, *wanted)
    try:
        for jump in (0, 1, 1, 1, 1, 4, 1):
            trainer.progress.rows += 2 * jump
            trainer.progress.tokens += 128 * jump
            trainer.progress.canvas_stage_tokens = max(0, trainer.progress.tokens - 3 * 128)
            mine, theirs = ahead.next(trainer.plan), direct.next(trainer.plan)
            assert torch.equal(mine.ids, theirs.ids)
            assert torch.equal(mine.targets, theirs.targets)
            assert (mine.visible is None) == (theirs.visible is None)
    finally:
        ahead.close()


def test_the_plan_foresees_the_border_between_the_stages(data: Data) -> None:
    trainer = new_trainer(data)
    foreseen = [trainer.plan(ahead) for ahead in range(8)]
    taken = []
    for _ in range(8):
        taken.append(trainer.plan(0))
        trainer.step()
    assert foreseen == taken
    assert [noise is None for _, noise in taken] == [True] * 3 + [False] * 5
