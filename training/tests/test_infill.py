"""Inference from the cache equals what the training row computes: same mask, same positions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.data.vocabulary import END, MASK, SPECIAL_IDS
from training.eval.infill import JOIN_TOKENS, STAY, encode_context, end_scores, infill, most_confident
from training.model.config import BLOCK, ModelConfig
from training.model.decoder import Decoder, Memory
from training.rows.canvas import Row
from training.rows.row_source import collate
from training.rows.schedule import Noise

CONFIG = ModelConfig(vocabulary=128, hidden=128, layers=2, heads=2, key_value_heads=1, intermediate=64)


def model() -> Decoder:
    torch.manual_seed(0)
    return Decoder(CONFIG).double().eval()


@torch.no_grad()
def test_the_second_block_gets_the_same_logits_from_the_cache_as_in_a_training_row() -> None:
    generator = np.random.default_rng(0)
    header, prefix, answer, suffix = (generator.integers(20, 128, count) for count in (2, 20, 24, 17))
    row = Row(Noise(1.0, True), generator)
    (hole,) = row.add_context(header, [prefix, answer, suffix], split=True)
    row.add_canvases(hole)
    finished = row.finish()
    decoder = model()
    batch = collate([finished])
    trained = decoder(batch.ids, batch.positions, batch.visible)[0]

    before = [*header.tolist(), *prefix.tolist()]
    memory = encode_context(decoder, before, suffix.tolist())
    for block, ids in ((0, torch.from_numpy(answer[:BLOCK])), (1, torch.from_numpy(finished.ids[-BLOCK:]))):
        positions = len(before) + block * BLOCK + torch.arange(BLOCK)[None]
        seen = torch.ones(1, 1, BLOCK, memory.layers[0][0].shape[2] + BLOCK, dtype=torch.bool)
        hidden, new = decoder.remember(ids[None], positions, seen, memory)
        memory = Memory.joined(memory, new)
    assert torch.allclose(hidden[0], trained[-BLOCK:], atol=1e-10)


def test_an_answer_never_holds_special_tokens_and_respects_a_given_length() -> None:
    decoder = model()
    free = infill(decoder, [5, 7, 30, 31], [40, 41], max_blocks=2)
    assert all(token >= 18 for token in free.tokens)
    assert SPECIAL_IDS[END] not in free.tokens
    assert SPECIAL_IDS[MASK] not in free.tokens
    assert 1 <= len(free.tokens) <= 2 * BLOCK
    known = infill(decoder, [5, 7, 30, 31], [40, 41], length=5)
    assert len(known.tokens) == 5
    assert len(infill(decoder, [5, 7, 30, 31], [40, 41], length=BLOCK, max_blocks=1).tokens) == BLOCK
    assert known.steps == 5


def test_a_place_behind_the_end_is_not_filled_before_the_end_is_reached() -> None:
    logits = torch.zeros(BLOCK, CONFIG.vocabulary)
    logits[0, 40] = 6.0
    logits[1:, SPECIAL_IDS[END]] = 20.0
    logits[1:, 50] = 10.0
    ids = torch.full((BLOCK,), SPECIAL_IDS[MASK])
    assert most_confident(logits, ids, length_known=False)[:2] == (0, 40)
    ids[0] = 40
    assert most_confident(logits, ids, length_known=False)[:2] == (1, SPECIAL_IDS[END])


@torch.no_grad()
def test_an_answer_ends_where_the_text_behind_it_follows_best() -> None:
    decoder = model()
    generator = np.random.default_rng(3)
    prefix, tokens, suffix = (generator.integers(20, 128, count).tolist() for count in (9, 20, 11))
    wanted = []
    for count in range(1, len(tokens) + 1):
        whole = [*prefix, *tokens[:count], *suffix[:JOIN_TOKENS]]
        chances = decoder.logits(decoder(torch.tensor([whole])))[0].log_softmax(-1)
        following = range(len(prefix), len(whole))
        wanted.append(sum(float(chances[place - 1, whole[place]]) for place in following))
    assert end_scores(decoder, prefix, tokens, suffix) == pytest.approx(wanted, abs=1e-4)
    answer = infill(decoder, prefix, suffix, max_blocks=1)
    assert not answer.ended
    scores = end_scores(decoder, prefix, answer.tokens, suffix)
    worth = [score + STAY * count for count, score in enumerate(scores, 1)]
    assert worth[-1] == max(worth)
    assert len(answer.probabilities) == len(answer.tokens) < BLOCK
