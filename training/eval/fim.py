"""Reference inference for a converted model: left to right behind both sides, in the plainest form.

Everything is read again for every token; the engine, which keeps keys and values, must say the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.data.vocabulary import END, HOLE, SPECIAL_IDS, SPECIAL_TOKENS
from training.eval.infill import Answer
from training.model.decoder import Decoder

_END_ID = SPECIAL_IDS[END]
_HOLE_ID = SPECIAL_IDS[HOLE]


@torch.no_grad()
def score_left_to_right(model: Decoder, prefix: list[int], suffix: list[int], answer: list[int]) -> list[float]:
    """ln p of each token of an answer, and of the end behind it, read behind both sides."""
    scores = _logits(model, prefix, suffix, answer).log_softmax(-1)
    return [float(row[token]) for row, token in zip(scores, [*answer, _END_ID], strict=True)]


def _logits(model: Decoder, prefix: list[int], suffix: list[int], tokens: list[int]) -> Tensor:
    """Scores behind the hole token and each of the tokens, (1 + tokens, vocabulary); of special tokens only the end."""
    ids = torch.tensor([[*suffix, *prefix, _HOLE_ID, *tokens]])
    front, count = len(suffix), ids.shape[1]
    visible = torch.ones(count, count, dtype=torch.bool).tril()
    # The prefix does not see the suffix, which is in front of it; the answer sees both.
    visible[front : front + len(prefix), :front] = False
    hidden = model(ids, torch.arange(count)[None], visible[None, None])
    logits = model.logits(hidden[0, front + len(prefix) :]).float()
    ends = logits[:, _END_ID].clone()
    logits[:, : len(SPECIAL_TOKENS)] = -1e9
    logits[:, _END_ID] = ends
    return logits


@torch.no_grad()
def infill_left_to_right(model: Decoder, prefix: list[int], suffix: list[int], most: int) -> Answer:
    """Fills the hole greedily with up to `most` tokens; the prefix carries its header, and may not be empty."""
    tokens: list[int] = []
    probabilities: list[float] = []
    while len(tokens) < most:
        chances = _logits(model, prefix, suffix, tokens)[-1].softmax(-1)
        token = int(chances.argmax())
        probabilities.append(float(chances[token]))
        if token == _END_ID:
            return Answer(tokens, probabilities, len(probabilities), True)
        tokens.append(token)
    return Answer(tokens, probabilities, len(probabilities), False)
