"""One measure for models of all kinds: how probable the answer is, revealed from left to right, and what they fill in.

Whatever a model sees (the left side only, or both), the chain rule gives the probability of the whole answer as a
product over its tokens, each predicted with those before it shown. So a model that predicts the next token, one with
canvases and one with masks in place are measured in the same nats a token.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.data.vocabulary import END, MASK, SPECIAL_IDS, SPECIAL_TOKENS
from training.eval.baselines import next_token_only
from training.eval.infill import encode_context, infill
from training.model.config import BLOCK
from training.model.decoder import Decoder, Memory
from training.rows.inplace import hole_logits, infill_in_place
from training.study.train import Kind

MAX_BLOCKS = 2
"""As much room as masks in place have (inplace.MAX_MASKS); the answers that are measured are shorter than one."""
_MASK_ID, _END_ID = SPECIAL_IDS[MASK], SPECIAL_IDS[END]


@dataclass(frozen=True)
class Filler:
    """A model and how it infills."""

    model: Decoder
    kind: Kind

    def fill(self, prefix: list[int], suffix: list[int], length: int | None) -> list[int] | None:
        """The answer's tokens; None where this kind cannot choose a length."""
        if self.kind == "next token":
            return None if length is None else next_token_only(self.model, prefix, length)
        if self.kind == "in place":
            return infill_in_place(self.model, prefix, suffix, length)
        return infill(self.model, prefix, suffix, length=length, max_blocks=MAX_BLOCKS).tokens

    @torch.no_grad()
    def nats(self, prefix: list[int], answer: list[int], suffix: list[int]) -> float:
        """Mean −log p of the answer's tokens, left to right, its length (below a block) being known."""
        if self.kind == "next token":
            hidden = self.model(torch.tensor([[*prefix, *answer[:-1]]]))
            scores = self.model.logits(hidden)[0, len(prefix) - 1 :].float()
        elif self.kind == "in place":
            shown = [[*answer[:place], *[_MASK_ID] * (len(answer) - place)] for place in range(len(answer))]
            scores = _diagonal(hole_logits(self.model, prefix, shown, suffix))
        else:
            scores = _diagonal(self._canvas_logits(prefix, answer, suffix))
        scores[:, : len(SPECIAL_TOKENS)] = -1e9
        return float(torch.nn.functional.cross_entropy(scores, torch.tensor(answer)))

    def _canvas_logits(self, prefix: list[int], answer: list[int], suffix: list[int]) -> Tensor:
        count = len(answer)
        ends = [_END_ID] * (BLOCK - count)
        ids = torch.tensor([[*answer[:place], *[_MASK_ID] * (count - place), *ends] for place in range(count)])
        memory = encode_context(self.model, prefix, suffix)
        shared = Memory([(k.expand(count, -1, -1, -1), v.expand(count, -1, -1, -1)) for k, v in memory.layers])
        positions = (len(prefix) + torch.arange(BLOCK))[None].expand(count, -1)
        seen = torch.ones(1, 1, BLOCK, memory.layers[0][0].shape[2] + BLOCK, dtype=torch.bool)
        hidden, _ = self.model.remember(ids, positions, seen, shared)
        return self.model.logits(hidden).float()


def _diagonal(logits: Tensor) -> Tensor:
    """Row i's scores at place i: what is predicted for the first token that is not shown."""
    places = torch.arange(len(logits))
    return logits[places, places].clone()
