"""Reference inference for cached canvases: what the engine must reproduce, in the plainest form.

Prefix and suffix are encoded once, apart from each other. Each block is denoised against their keys, the most
confident position first; an end is allowed only where everything to its left is committed. An answer that comes to
its bound without an end is cut where, to the causal head, the text behind it follows best. The engine's choice among
several answers is fitted to it there, and no part of this.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from training.data.vocabulary import END, MASK, SPECIAL_IDS, SPECIAL_TOKENS
from training.model.config import BLOCK, GAP, MAX_BLOCKS, ModelConfig
from training.model.decoder import Decoder, Memory

_END_ID = SPECIAL_IDS[END]
_MASK_ID = SPECIAL_IDS[MASK]
JOIN_TOKENS = 6
"""Tokens of the suffix that an end is judged by."""
STAY = 0.5
"""Nats for each token that stays: the likeliest text is too short a text."""
_BATCH = 16


@dataclass(frozen=True)
class Answer:
    """What was filled in: tokens without the end, the probability of each commit, and the denoise steps."""

    tokens: list[int]
    probabilities: list[float]
    steps: int
    ended: bool


def load_model(folder: Path) -> Decoder:
    """Loads a checkpoint folder in fp32; raises KeyError or RuntimeError where it is not one of ours."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Decoder(ModelConfig.from_checkpoint(config))
    tensors = load_file(folder / "model.safetensors")
    model.load_state_dict({name.removeprefix("model."): tensor.float() for name, tensor in tensors.items()})
    return model.eval()


@torch.no_grad()
def encode_context(model: Decoder, prefix: list[int], suffix: list[int]) -> Memory:
    """Keys and values of both sides; the prefix carries its header, and may not be empty."""
    _, memory = model.remember(torch.tensor([prefix]), None, None, None)
    if suffix:
        positions = len(prefix) + GAP + torch.arange(len(suffix))[None]
        memory = Memory.joined(memory, model.remember(torch.tensor([suffix]), positions, None, None)[1])
    return memory


@torch.no_grad()
def infill(
    model: Decoder,
    prefix: list[int],
    suffix: list[int],
    length: int | None = None,
    max_blocks: int = MAX_BLOCKS,
) -> Answer:
    """Fills the hole between prefix and suffix greedily, one token a step.

    With `length` the number of tokens is given (at most one block); otherwise the model chooses it.
    """
    answer = _denoise(model, prefix, suffix, length, max_blocks)
    if length is not None or answer.ended or not suffix or len(answer.tokens) < 2:
        return answer
    scores = torch.tensor(end_scores(model, prefix, answer.tokens, suffix))
    cut = 1 + int((scores + STAY * torch.arange(len(scores))).argmax())
    return Answer(answer.tokens[:cut], answer.probabilities[:cut], answer.steps, answer.ended)


@torch.no_grad()
def end_scores(model: Decoder, prefix: list[int], tokens: list[int], suffix: list[int]) -> list[float]:
    """For k = 1 … len(tokens): ln p(first k tokens and the beginning of the suffix | prefix), by the causal head."""
    behind = suffix[:JOIN_TOKENS]
    _, memory = model.remember(torch.tensor([prefix[:-1]]), None, None, None)
    past, width = len(prefix) - 1, 1 + len(tokens) + len(behind)
    visible = torch.ones(width, past + width, dtype=torch.bool).tril(past)[None, None]
    places = past + torch.arange(width)[None]
    scores: list[float] = []
    for first in range(1, len(tokens) + 1, _BATCH):
        counts = range(first, min(first + _BATCH, len(tokens) + 1))
        rows = torch.zeros(len(counts), width, dtype=torch.int64)
        for row, count in zip(rows, counts, strict=True):
            row[: 1 + count + len(behind)] = torch.tensor([prefix[-1], *tokens[:count], *behind])
        wide = Memory(
            [(key.expand(len(rows), -1, -1, -1), value.expand(len(rows), -1, -1, -1)) for key, value in memory.layers]
        )
        hidden, _ = model.remember(rows, places.expand(len(rows), -1), visible, wide)
        chances = model.logits(hidden[:, :-1]).float().log_softmax(-1).gather(-1, rows[:, 1:, None])[..., 0]
        scores += [float(line[: count + len(behind)].sum()) for line, count in zip(chances, counts, strict=True)]
    return scores


def _denoise(model: Decoder, prefix: list[int], suffix: list[int], length: int | None, max_blocks: int) -> Answer:
    memory = encode_context(model, prefix, suffix)
    tokens: list[int] = []
    probabilities: list[float] = []
    steps = 0
    for block in range(max_blocks):
        positions = len(prefix) + block * BLOCK + torch.arange(BLOCK)[None]
        ids = torch.full((1, BLOCK), _MASK_ID)
        if length is not None:
            ids[0, length:] = _END_ID
        chances = [1.0] * BLOCK
        while bool((ids == _MASK_ID).any()):
            hidden, _ = _look(model, ids, positions, memory)
            place, token, chance = most_confident(model.logits(hidden)[0], ids[0], length is not None)
            chances[place] = chance
            ids[0, place] = token
            if token == _END_ID:
                ids[0, place:] = _END_ID
            steps += 1
        answer = ids[0].tolist()
        if _END_ID in answer:
            cut = answer.index(_END_ID)
            return Answer(tokens + answer[:cut], probabilities + chances[: cut + 1], steps, True)
        tokens += answer
        probabilities += chances
        memory = Memory.joined(memory, _look(model, ids, positions, memory)[1])
    return Answer(tokens, probabilities, steps, False)


def _look(model: Decoder, ids: Tensor, positions: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
    """A block sees the whole memory and itself in both directions."""
    seen = memory.layers[0][0].shape[2] + ids.shape[1]
    return model.remember(ids, positions, torch.ones(1, 1, ids.shape[1], seen, dtype=torch.bool), memory)


def most_confident(logits: Tensor, ids: Tensor, length_known: bool) -> tuple[int, int, float]:
    """Place, token and probability of the next commit; logits (block, vocabulary).

    The end keeps its share of the probability where it is not allowed yet: a place that is probably behind the
    end must look unsure, or it would be filled with rubbish before the end is reached.
    """
    logits = logits.float().clone()
    ends = logits[:, _END_ID].clone()
    logits[:, : len(SPECIAL_TOKENS)] = -1e9
    masked = ids == _MASK_ID
    if length_known:
        chances = logits.softmax(-1)
    else:
        logits[:, _END_ID] = ends
        chances = logits.softmax(-1)
        allowed = torch.arange(len(ids)) == int(masked.int().argmax())
        chances[~allowed, _END_ID] = 0.0
    best, tokens = chances.max(-1)
    place = int((best * masked).argmax())
    return place, int(tokens[place]), float(best[place])
