"""What the base reads and what the masks draft: two forward passes over one row, and how drafts are judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from training.adapter.low_rank import Adapter
from training.adapter.rows import DraftBatch
from training.model.decoder import Decoder, Memory

Loss = Literal["base", "token"]
CHUNK = 512
"""Masks whose logits are held at once: with 150,000 tokens each takes 0.6 MB, several times over."""


@torch.no_grad()
def read(model: Decoder, batch: DraftBatch) -> tuple[Tensor, Memory]:
    """The base's own pass over the real tokens: hidden states (batch, n, hidden), and keys and values.

    No real token sees a mask. So this is the causal path to the bit, and as nothing in it is trained, no gradient goes
    through it: of a step's work, only the masks' part is done backwards.
    """
    return model.remember(batch.ids, batch.positions, batch.seen_by_text(), None)


def draft(model: Decoder, adapter: Adapter, batch: DraftBatch, memory: Memory) -> Tensor:
    """The pass over all groups' masks behind what was read: hidden states, (batch, groups · masks, hidden)."""
    positions = batch.mask_positions()
    with adapter.on(torch.ones_like(positions, dtype=torch.bool)):
        return model.remember(torch.zeros_like(positions), positions, batch.seen_by_masks(), memory)[0]


@dataclass(frozen=True)
class Judged:
    """Of some masks: loss in nats, the drafts, and the base's own choices there, (masks,) each."""

    loss: Tensor
    drafts: Tensor
    choices: Tensor


def judged(model: Decoder, drafted: Tensor, causal: Tensor, targets: Tensor, loss: Loss) -> Iterator[Judged]:
    """Judges masks, CHUNK at a time, by their hidden states, those of the causal rows there, and the text's tokens.

    `base` is the divergence of the drafted distribution from the causal row's (distillation). It is the default: a
    draft is kept if it equals the base's choice, whatever a person wrote there, and a distribution says more than one
    token, at no cost, since the rows have been read anyway. `token` is the cross-entropy of the text's own token.
    """
    for hidden, wanted, target in zip(*(t.split(CHUNK) for t in (drafted, causal, targets)), strict=True):
        logits = model.logits(hidden).float()
        with torch.no_grad():
            base = model.logits(wanted).float()
        if loss == "token":
            each = functional.cross_entropy(logits, target, reduction="none")
        else:
            each = functional.kl_div(
                logits.log_softmax(-1), base.log_softmax(-1), reduction="none", log_target=True
            ).sum(-1)
        yield Judged(each, logits.argmax(-1), base.argmax(-1))


@torch.no_grad()
def own_text(model: Decoder, hidden: Tensor, batch: DraftBatch) -> Tensor:
    """Whether the text up to each mask's position is what the base would have written, (batch, groups, masks) bool.

    So it always is in use. Elsewhere no mask can know what was written instead, since it does not see it.
    """
    shape = batch.known.shape
    # What the base chooses behind the last token that the masks see, and behind the tokens that they do not see.
    before = torch.cat([batch.anchors[..., None], batch.places().view(shape)[..., :-1]], -1).flatten(1)
    choices = torch.cat([model.logits(part).argmax(-1) for part in gathered(hidden, before).split(CHUNK)])
    written = batch.ids.gather(1, batch.places())
    return (choices.view(shape) == written.view(shape)).cumprod(-1).bool()


@dataclass(frozen=True)
class Measure:
    """On held-out rows: the loss in nats a mask, and how many tokens a pass writes.

    `tokens` is 1 (the base's own) and the drafts before the first that is not the base's choice, on average over groups
    of which every mask has a token to predict. `own_tokens` is the same for text that the base writes itself, as in
    use: each draft's chance to be kept, if those before it are, at the places where `own_text` holds. The former is too
    low, the latter perhaps too high: places where the base writes what a person did are the easier ones.
    """

    loss: float
    tokens: float
    own_tokens: float


@torch.no_grad()
def measure(model: Decoder, adapter: Adapter, batches: list[DraftBatch], loss: Loss) -> Measure:
    """Judges all groups of some rows."""
    losses, hits, own = [], [], []
    for rows in batches:
        batch = rows.to(model.embed_tokens.weight.device)
        hidden, memory = read(model, batch)
        drafted = draft(model, adapter, batch, memory).flatten(0, 1)
        causal = gathered(hidden, batch.places())
        results = list(judged(model, drafted, causal, batch.targets().flatten(), loss))
        losses.append(torch.cat([result.loss for result in results])[batch.known.flatten()])
        whole = batch.known.all(-1)
        hit = torch.cat([result.drafts == result.choices for result in results])
        hits.append(hit.view(batch.known.shape)[whole])
        own.append(own_text(model, hidden, batch)[whole])
    kept = torch.cat(hits).cumprod(-1)
    # Drafts that come to be judged: all before them are kept.
    judgeable = torch.cat(own) & functional.pad(kept[:, :-1], (1, 0), value=1).bool()
    chances = (kept * judgeable).sum(0) / judgeable.sum(0).clamp(min=1)
    mean = torch.cat(losses).double().mean()
    return Measure(float(mean), 1 + float(kept.sum(-1).double().mean()), 1 + float(chances.cumprod(0).sum()))


def gathered(hidden: Tensor, places: Tensor) -> Tensor:
    """Hidden states (batch, n, hidden) at places (batch, m): (batch · m, hidden)."""
    return hidden.gather(1, places[..., None].expand(-1, -1, hidden.shape[-1])).flatten(0, 1)
