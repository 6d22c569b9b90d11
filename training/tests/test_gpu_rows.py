"""Packed masks, padding, and attention by blocks, which rows for a GPU go through, change nothing that is learnt."""

from __future__ import annotations

import torch

from training.data.packing import load_packed
from training.data.tokenizer import load_tokenizer
from training.model.attention import BLOCK_LENGTH, attend
from training.model.block_attention import by_blocks, seen_blocks
from training.model.config import ModelConfig, RowRecipe
from training.model.decoder import Decoder
from training.rows.row_source import MIDDLE_ROOM, Batch, RowSource
from training.rows.schedule import Noise
from training.run.loss import losses_of
from training.tests.conftest import Data

LENGTH = 100


def batch_of(data: Data) -> Batch:
    recipe = RowRecipe(kind="fim", plain=0.0, canvas_share=0.4, blocks=(4, 8))
    source = RowSource(load_packed(data.packed, "train"), load_tokenizer(data.tokenizer), LENGTH, 2, recipe)
    return source.canvas_batch(range(4), Noise(1.0, True))


def test_a_packed_batch_comes_back_as_it_was(data: Data) -> None:
    batch = batch_of(data)
    packed = batch.packed()
    assert batch.visible is not None and packed.visible is not None
    assert packed.visible.numel() * 7 < batch.visible.numel()
    back = packed.to(torch.device("cpu"))
    assert back.visible is not None and torch.equal(back.visible, batch.visible)
    assert torch.equal(back.targets, batch.targets)


@torch.no_grad()
def test_padding_changes_no_loss(data: Data) -> None:
    torch.manual_seed(0)
    batch = batch_of(data)
    shape = ModelConfig(vocabulary=1024, hidden=64, layers=2, heads=2, key_value_heads=1, intermediate=64)
    model = Decoder(shape)
    padded = batch.padded(BLOCK_LENGTH)
    assert padded.ids.shape[1] % BLOCK_LENGTH == 0
    assert batch.ids.shape[1] % BLOCK_LENGTH != 0
    plain, longer = losses_of(model, batch), losses_of(model, padded)
    torch.testing.assert_close(longer.total, plain.total)
    assert float(longer.canvas) > 0


@torch.no_grad()
def test_attention_by_blocks_is_attention_under_the_mask(data: Data) -> None:
    batch = batch_of(data).padded(BLOCK_LENGTH)
    assert batch.visible is not None
    rows, count = batch.ids.shape
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(rows, 4, count, 32, generator=generator)
    key, value = (torch.randn(rows, 2, count, 32, generator=generator) for _ in range(2))
    wanted = attend(query, key, value, batch.visible)
    torch.testing.assert_close(by_blocks(query, key, value, seen_blocks(batch.visible)), wanted, atol=1e-5, rtol=1e-5)


def test_noisy_blocks_have_the_lengths_of_the_recipe_and_rows_stay_short(data: Data) -> None:
    recipe = RowRecipe(kind="fim", plain=0.0, canvas_share=0.4, blocks=(4,), rename=0.0, echo=0.0)
    source = RowSource(load_packed(data.packed, "train"), load_tokenizer(data.tokenizer), 256, 2, recipe)
    rows = [source.canvas_row(number, Noise(1.0, True)) for number in range(8)]
    assert all(row.canvas.sum() % 4 == 0 for row in rows)
    assert any(row.canvas.sum() % 16 for row in rows)
    assert all(len(row.ids) - row.canvas.sum() <= MIDDLE_ROOM * 256 for row in rows)
