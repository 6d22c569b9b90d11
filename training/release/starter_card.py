"""The card of a model of our own shape, trained from random weights."""

from __future__ import annotations

from itertools import pairwise

from training.data.vocabulary import FIRST_LANGUAGE_TOKENS
from training.model.config import BLOCK, GAP, MAX_BLOCKS
from training.release.card_parts import figures_table, sources
from training.release.facts import Facts
from training.run.checkpoint import Progress

GOOD_RUN_TOKENS = 100_000_000


def starter_card(facts: Facts) -> str:
    """Markdown; the commands in it are those that trained the model."""
    progress, run, shape, parameters = facts.progress, facts.run, facts.model, facts.parameters
    embeddings = shape.vocabulary * shape.hidden
    with_canvases = progress.canvas_stage_tokens - progress.plain_rows * run.length
    canvas_share = with_canvases / max(1, progress.tokens)
    return f"""---
license: apache-2.0
library_name: palimpsest
tags: [code, infilling, block-diffusion]
---

# Palimpsest starter model

A small block-diffusion model that fills holes in Python, TypeScript and JavaScript. It ships inside the
extension so that infilling works at once and offline.

{_warning(progress.tokens)}

| | |
|---|---|
| Parameters | {(parameters - embeddings) / 1e6:.1f}M and {embeddings / 1e6:.1f}M embeddings (tied) |
| File | {facts.weights.stat().st_size / 1e6:.1f} MB in bf16 |
| Shape | hidden {shape.hidden}, {shape.layers} layers, {shape.heads} heads of \
{shape.head_dimension}, gated MLP {shape.intermediate} |
| Vocabulary | {shape.vocabulary} (byte-level BPE) |
| Trained on | {progress.tokens / 1e6:.1f}M tokens, of which {canvas_share:.0%} in rows with canvases |
| Row length in training | {run.length} tokens: expect little from context further away |
| Stages | {_stages(progress)} |
| Steps | {progress.step} of {run.batch} rows, {progress.seconds / 3600:.1f} hours of training |

## Figures on held-out packages
{figures_table(facts.figures)}

## How it infills: cached canvases
The context is `<|bos|>`, the language token, optionally `<|file|>` base name `<|file|>`, then the prefix;
the suffix follows. Prefix, answer and suffix are tokenized apart. Prefix and suffix are causal, and
**the suffix sees only itself** (`suffix_sees_prefix` is false), so that its keys stay valid while a person types.
With a prefix of n tokens (special ones counted) at positions 0 … n−1:

- block b of the canvas ({BLOCK} tokens) takes positions n + {BLOCK}b … n + {BLOCK}b + {BLOCK - 1};
  there are at most {MAX_BLOCKS} blocks;
- suffix token i takes position n + {GAP} + i;
- a block sees the prefix, the suffix, the finished blocks before it, and itself in both directions;
- a mask predicts the token at its own place (logits are not shifted);
- `<|end|>` ends the answer and fills the rest of its block; a block without one is followed by the next;
- a finished block is run once more with its final tokens, with the same attention, before its keys are kept.

Allow `<|end|>` only where everything to its left is committed.

An answer that fills all blocks without an end is cut behind its first k tokens, k at least 1, where ln p(these tokens
and the first 6 of the suffix | prefix) + k/2 is highest by the same network read causally, without a gap. The
figures above are made so. The engine goes further: it weighs the answer against copies and against what the network,
read causally, goes on with (`docs/decisions/rescoring.md`); what that reaches stands in `docs/copying.md`.

## Data
{facts.sources or sources(FIRST_LANGUAGE_TOKENS)}
The list with versions, commits and licenses is `training/data/sources.json`; the text itself is not distributed.
Tests (capped), generated, minified, vendored and near-duplicate files and files with secrets are left out.
Held-out packages are never trained on. In {run.rows.rename:.0%} of the samples of the diffusion stage names are
exchanged for those of another file, in {run.rows.echo:.0%} a few lines stand twice, so that copying from the \
context is learnt
(since token {progress.warm_start / 1e6:.1f}M).

## Limits
It knows little beyond the idiom of common libraries, follows no instructions, has not been aligned, and may repeat
short fragments of its training text. It was trained on no other programming language. In Go, Rust, Java, C++, and C#
it copies all the same: of 250 held-out spans of 4 to 12 tokens, length unknown, it gets 10 % right to the letter by
itself, 16 % with the file to copy from, and 32 % with the package (`bench/results/infillingLanguages.md`).

## Reproduce
```
python -m training.data.corpus
python -m training.data.tokenizer
python -m training.data.packing
{_training(facts)}
```
Shares of the last stage are those at its end; `docs/decisions/training-rows.md` tells what they were before.
"""


def _training(facts: Facts) -> str:
    """The commands that trained: another one where the run began again, went back to its first stage, or decayed."""
    progress, settings = facts.progress, facts.run
    spans = _spans(progress)
    ends = {end for stage, _, end in spans if stage == "canvas"}
    last, last_begin, _ = spans[-1] if spans else ("next-token", 0, 0)
    decayed = dict(progress.decays)
    if progress.decay_start:
        decayed[progress.decay_start] = progress.decay_tokens
    again = {begin + tokens for begin, tokens in progress.decays}
    borders = sorted({*ends, progress.warm_start, *decayed, *again, progress.tokens} - {0})
    lines, run = [], "RUN"
    for begin, end in pairwise([0, *borders]):
        plain = max((stop for stage, _, stop in spans if stage == "next-token" and stop <= end), default=end)
        words = [f"python -m training.run.train --size {settings.size} --seed {settings.seed}"]
        words.append(f"--next-token-tokens {plain} --noise-warmup-tokens {settings.noise_warmup_tokens}")
        if last == "canvas" and end > last_begin:
            words.append(f"--canvas-share {settings.rows.canvas_share}")
            words.extend([f"--plain-share {settings.rows.plain}"] if settings.rows.plain else [])
        if begin in decayed:
            words.append(f"--decay-tokens {decayed[begin]}")
            words.append(f"--run {run}-decayed --start-from {run}/checkpoint-N.pt")
        else:
            earlier, run = run, f"{run}-on" if begin in again else run
            words.append(f"--run {run} --until-tokens {end}")
            words.extend([f"--start-from {earlier}-decayed/checkpoint-N.pt"] if begin in again else [])
            if begin and begin == progress.warm_start:
                # Its optimiser was lost: what was left were the exported weights.
                lines.append("python -m training.release.export --run RUN --out warm")
                words.append("--start-from warm  # in a new RUN")
        lines.append(" ".join(words))
    return "\n".join([*lines, "python -m training.release.export --run NEWEST --out models/starter"])


def _spans(progress: Progress) -> list[tuple[str, int, int]]:
    """Each stage that the run was in, from and to which of its tokens."""
    ends = [*(begin for _, begin in progress.stages[1:]), progress.tokens]
    return [(stage, begin, end) for (stage, begin), end in zip(progress.stages, ends, strict=False)]


def _stages(progress: Progress) -> str:
    """Which stage the run was in, up to which of its tokens."""
    names = {"next-token": "next token", "canvas": "diffusion"}
    return ", ".join(f"{names[stage]} to {end / 1e6:.1f}M" for stage, _, end in _spans(progress))


def _warning(tokens: int) -> str:
    if tokens >= GOOD_RUN_TOKENS:
        return f"It has seen {tokens / 1e6:.0f}M tokens. Most of what it answers is still wrong to the letter."
    return (
        f"**This is an early checkpoint: {tokens / 1e6:.1f}M tokens, of the {GOOD_RUN_TOKENS / 1e6:.0f}M and more "
        "that a model of this size needs. It shows that everything works; its answers are mostly wrong.**"
    )
