"""The diffusion stage's rows: how much of them is canvas."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training.data.packing import load_packed
from training.data.tokenizer import load_tokenizer
from training.model.config import RowRecipe
from training.rows.row_source import RowSource
from training.rows.schedule import Noise
from training.run.train import parse, settings_of
from training.tests.conftest import Data
from training.tests.test_resume import new_trainer


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_canvases_take_their_share_of_a_row_and_no_more(data: Data, share: float) -> None:
    recipe = RowRecipe(canvas_share=share)
    source = RowSource(load_packed(data.packed, "train"), load_tokenizer(data.tokenizer), 256, seed=1, recipe=recipe)
    rows = [source.canvas_row(number, Noise(1.0, True)) for number in range(12)]
    counts = [int(row.canvas.sum()) for row in rows]
    assert max(counts) <= share * 256
    # A row of few holes has no more than some eight maskings of each block.
    assert sum(counts) > 0.6 * share * 256 * len(rows)


def test_a_resumed_run_keeps_its_recipe_unless_told_otherwise(data: Data, tmp_path: Path) -> None:
    earlier = replace(new_trainer(data).settings, rows=RowRecipe(canvas_share=0.5, rename=0.1))
    kept = settings_of(parse(["--run", str(tmp_path)]), "", earlier)
    assert kept.rows == earlier.rows
    changed = settings_of(parse(["--run", str(tmp_path), "--canvas-share", "0.75"]), "", earlier)
    assert changed.rows == replace(earlier.rows, canvas_share=0.75)
    mixed = settings_of(parse(["--run", str(tmp_path), "--plain-share", "0.25"]), "", earlier)
    assert mixed.rows == replace(earlier.rows, plain=0.25)


def test_plain_rows_among_canvases_are_those_of_the_first_stage(data: Data) -> None:
    packed, tokenizer = load_packed(data.packed, "train"), load_tokenizer(data.tokenizer)
    source = RowSource(packed, tokenizer, 128, seed=1, recipe=RowRecipe(plain=0.5))
    rows = [source.canvas_row(number, Noise(1.0, True)) for number in range(80)]
    # A row of canvases may happen to be without one, eight together hardly.
    eights = [range(first, first + 8) for first in range(0, 80, 8)]
    plain = [eight for eight in eights if not any(rows[number].canvas.any() for number in eight)]
    assert 1 < len(plain) < 9
    for number in (number for eight in plain for number in eight):
        first = source.next_token_batch(range(number, number + 1))
        assert torch.equal(torch.from_numpy(rows[number].ids), first.ids[0])
        assert torch.equal(torch.from_numpy(rows[number].targets), first.targets[0])
        assert rows[number].visible.sum() == 128 * 129 / 2
