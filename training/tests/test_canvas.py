"""The one property that everything rests on: no canvas sees its own answer, by whatever path."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from training.data.vocabulary import END, MASK, SPECIAL_IDS
from training.model.config import BLOCK, GAP, ModelConfig
from training.model.decoder import Decoder
from training.rows.canvas import FinishedRow, Hole, Row
from training.rows.row_source import collate
from training.rows.schedule import Noise

HEADER = np.array([5, 7])
NOISE = Noise(ceiling=1.0, weighted=True)
CONFIG = ModelConfig(vocabulary=128, hidden=64, layers=2, heads=1, key_value_heads=1, intermediate=64)


def build(parts: list[list[int]], split: bool) -> tuple[FinishedRow, list[Hole]]:
    row = Row(NOISE, np.random.default_rng(0), trailing_end=0.5)
    holes = row.add_context(HEADER, [np.array(part, dtype=np.int64) for part in parts], split)
    for hole in holes:
        row.add_canvases(hole)
    return row.finish(), holes


def tokens(generator: np.random.Generator, count: int) -> list[int]:
    return generator.integers(20, 128, count).tolist()


@pytest.fixture(params=["split", "joined"])
def case(request: pytest.FixtureRequest) -> tuple[bool, list[list[int]]]:
    generator = np.random.default_rng(1)
    split = request.param == "split"
    lengths = (12, 20, 15) if split else (12, 20, 15, 5, 9, 40, 6)
    return split, [tokens(generator, length) for length in lengths]


def outputs(row: FinishedRow) -> torch.Tensor:
    torch.manual_seed(0)
    model = Decoder(CONFIG).double().eval()
    batch = collate([row])
    with torch.no_grad():
        return model.logits(model(batch.ids, batch.positions, batch.visible))[0]


def test_changing_an_answer_changes_nothing_that_its_own_first_block_sees(
    case: tuple[bool, list[list[int]]],
) -> None:
    split, parts = case
    row, holes = build(parts, split)
    hole = holes[-1]
    # Fully masked first block: then nothing of the answer may reach it.
    first = np.flatnonzero(row.canvas & (row.positions == hole.position))
    noisy = next(start for start in first if (row.targets[start : start + BLOCK] >= 0).any())
    block = noisy + np.arange(BLOCK)
    ids = row.ids.copy()
    ids[block] = SPECIAL_IDS[MASK]
    before = outputs(replace(row, ids=ids))[block]
    changed = ids.copy()
    answer = np.arange(hole.begin, hole.end)
    changed[answer] = 20 + (changed[answer] + 1) % 100
    later = np.flatnonzero(row.canvas & (row.positions >= hole.position) & (row.positions < hole.position + GAP))
    later = np.setdiff1d(later, block)
    changed[later] = 20 + (changed[later] + 1) % 100
    after = outputs(replace(row, ids=changed))[block]
    assert torch.equal(before, after)


def test_a_later_block_sees_the_finished_block_before_it(case: tuple[bool, list[list[int]]]) -> None:
    split, parts = case
    row, holes = build(parts, split)
    hole = holes[0]
    start = hole.position + BLOCK
    second = np.flatnonzero(row.canvas & (row.positions >= start) & (row.positions < start + BLOCK))[:BLOCK]
    finished = np.flatnonzero(row.canvas & (row.positions >= hole.position) & (row.positions < start))[:BLOCK]
    assert (row.targets[finished] < 0).all()
    before = outputs(row)[second]
    changed = row.ids.copy()
    changed[finished] = 20 + (changed[finished] + 1) % 100
    assert not torch.allclose(before, outputs(replace(row, ids=changed))[second])


def test_every_canvas_sees_all_context_but_its_answer(case: tuple[bool, list[list[int]]]) -> None:
    split, parts = case
    row, holes = build(parts, split)
    context = ~row.canvas
    for hole in holes:
        for query in np.flatnonzero(
            row.canvas & (row.positions >= hole.position) & (row.positions < hole.position + GAP)
        ):
            seen = np.flatnonzero(row.visible[query] & context)
            wanted = np.setdiff1d(np.flatnonzero(context), np.arange(hole.begin, hole.end))
            assert np.array_equal(seen, wanted)


def test_context_is_causal_and_a_split_suffix_sees_only_itself() -> None:
    generator = np.random.default_rng(2)
    parts = [tokens(generator, 10), tokens(generator, 4), tokens(generator, 8)]
    for split in (True, False):
        row, (hole,) = build(parts, split)
        suffix = np.arange(hole.end, hole.end + 8)
        assert not row.visible[: hole.end + 8, row.canvas].any()
        assert not np.triu(row.visible[: hole.end + 8, : hole.end + 8], 1).any()
        assert row.visible[suffix, 0].any() != split
        assert not row.visible[np.ix_(suffix, np.arange(hole.begin, hole.end))].any()


def test_positions_hide_the_length_of_the_answer() -> None:
    generator = np.random.default_rng(3)
    for length in (0, 1, 15, 16, 127):
        parts = [tokens(generator, 10), tokens(generator, length), tokens(generator, 8)]
        row, (hole,) = build(parts, True)
        assert hole.position == 12
        assert row.positions[hole.end] == 12 + GAP
        assert row.positions[row.canvas].min() == 12
        assert hole.blocks == (length + 1 + BLOCK - 1) // BLOCK


def test_the_last_block_holds_an_end_and_only_ends_after_it() -> None:
    row, (hole,) = build([[30] * 5, [40] * 16, [50] * 5], True)
    last = np.flatnonzero(row.canvas)[-BLOCK:]
    truth = np.where(row.targets[last] >= 0, row.targets[last], row.ids[last])
    assert hole.blocks == 2
    assert (truth == SPECIAL_IDS[END]).all()
    assert row.weights[last][1:] == pytest.approx(0.5 * row.weights[last][0])


def test_an_answer_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        build([[30] * 5, [40] * GAP, [50] * 5], True)


def test_samples_of_one_row_do_not_see_each_other() -> None:
    row = Row(NOISE, np.random.default_rng(0), trailing_end=0.5)
    for _ in range(2):
        for hole in row.add_context(HEADER, [np.full(6, 30), np.full(3, 40), np.full(6, 50)], split=True):
            row.add_canvases(hole)
    finished = row.finish()
    size = len(finished.ids) // 2
    assert not finished.visible[:size, size:].any()
    assert not finished.visible[size:, :size].any()
