"""The baselines do what their names say, and cases never show their answer."""

from __future__ import annotations

import numpy as np
import torch

from training.data.corpus import read_documents
from training.data.tokenizer import load_tokenizer
from training.eval.baselines import copy_nearest, next_token_only
from training.eval.evaluate import Score, draw_cases, selections, token_spans
from training.model.config import SIZES
from training.model.decoder import Decoder
from training.tests.conftest import Data


def test_copying_prefers_the_place_where_the_suffix_agrees() -> None:
    #          a  b  c  X  Y  d        a  b  c  P  Q  e
    prefix = [30, 31, 32, 50, 51, 40, 30, 31, 32, 60, 61, 41, 30, 31, 32]
    assert copy_nearest(prefix, [40], 2) == [50, 51]
    assert copy_nearest(prefix, [41], 2) == [60, 61]
    assert copy_nearest(prefix, [99], 2) == [60, 61]
    assert copy_nearest([1, 2, 3], [4], 2) == []


def test_next_token_only_equals_a_forward_pass_without_memory() -> None:
    torch.manual_seed(0)
    model = Decoder(SIZES["smoke"]).eval()
    prefix = [5, 7, 100, 200, 300]
    tokens = next_token_only(model, prefix, 4)
    with torch.no_grad():
        for _ in range(4):
            logits = model.logits(model(torch.tensor([prefix])))[0, -1]
            logits[:18] = -1e9
            prefix = [*prefix, int(logits.argmax())]
    assert tokens == prefix[5:]


def test_cases_come_from_one_place_of_the_text(data: Data) -> None:
    tokenizer = load_tokenizer(data.tokenizer)
    documents = list(read_documents(data.packed.parent / "corpus" / "held.jsonl.gz"))
    for kind in (token_spans, selections):
        for case in draw_cases(documents, kind, tokenizer, 20, context=64):
            whole = "".join(tokenizer.decode(part) for part in (case.prefix, case.answer, case.suffix))
            assert any(whole.strip("\ufffd") in document.text for document in documents)
            assert len(case.prefix) <= 64
            assert len(case.suffix) <= 64
    first, second = (list(draw_cases(documents, token_spans, tokenizer, 5, 64)) for _ in range(2))
    assert first == second
    assert all(4 <= len(case.answer) <= 12 for case in first)


def test_scores_are_percentages_of_equal_texts(data: Data) -> None:
    tokenizer = load_tokenizer(data.tokenizer)
    score = Score()
    right, wrong = tokenizer.encode("return x").ids, tokenizer.encode("!!").ids
    score.add(right, right, tokenizer)
    score.add(wrong, right, tokenizer)
    row = score.row()
    assert row["exact %"] == row["first token %"] == 50.0
    assert np.isclose(row["edit similarity %"], 50.0)
