"""An adapter drafts by masks, leaves the base as it was, learns, survives a kill, and is read back from its folder."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from training.adapter import export, train
from training.adapter.base import FrozenBase, open_base
from training.adapter.checkpoint import load_adapter, require_same_base, require_same_run
from training.adapter.drafting import draft, measure, own_text, read
from training.adapter.export import export_adapter
from training.adapter.low_rank import MASK_EMBEDDING, PROJECTIONS, Adapter
from training.adapter.packing import DataError, open_splits, pack_texts, packed_folder, texts_of
from training.adapter.rows import DraftBatch, DraftRows, RowShape
from training.adapter.tokens import fim_order
from training.adapter.trainer import AdapterSettings, AdapterState, AdapterStep, AdapterTrainer
from training.convert.base import BaseError
from training.convert.tiny import LAYERS, TEXT, write_tiny_base
from training.model.decoder import Decoder
from training.run.checkpoint import CheckpointError

CPU = torch.device("cpu")
KINDS = ("llama", "qwen2")
SHAPE = RowShape(length=64, masks=3, groups=6)


def tiny(folder: Path, kind: str = "qwen2") -> Path:
    path = folder / f"tiny-{kind}.gguf"
    write_tiny_base(path, architecture=kind, pre={"llama": "smollm"}.get(kind, kind))
    return path


def opened(folder: Path, kind: str = "qwen2") -> tuple[FrozenBase, Decoder]:
    base = open_base(tiny(folder, kind))
    return base, base.decoder(CPU, torch.float32)


def stirred(model: Decoder, projections: tuple[str, ...] = tuple(PROJECTIONS)) -> Adapter:
    """An adapter that does something."""
    adapter = Adapter(model, 4, 2.0, projections, seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in adapter.weights.values():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.1)
    return adapter


def batch_of(ids: torch.Tensor, anchors: list[int], masks: int) -> DraftBatch:
    """One causal piece a row."""
    count, length = ids.shape
    places = torch.tensor([anchors]).expand(count, -1)
    return DraftBatch(
        ids=ids,
        samples=torch.zeros_like(ids),
        positions=torch.arange(length).expand(count, -1),
        anchors=places,
        known=places[..., None] + torch.arange(2, masks + 2) < length,
    )


def random_batch() -> DraftBatch:
    return batch_of(torch.randint(0, 300, (2, 40), generator=torch.Generator().manual_seed(2)), [0, 9, 30, 38], 3)


def settings_of(base: FrozenBase, **changed: object) -> AdapterSettings:
    known = {"base": base.name, "files": base.files, "model": base.model, "rank": 4, "scale": 2.0, "seed": 3}
    rest = {"projections": tuple(PROJECTIONS), "rows": SHAPE, "batch": 2, "loss": "base", "warmup_tokens": 128}
    return AdapterSettings(**{**known, **rest, **changed})


def packed(base: FrozenBase, folder: Path) -> Path:
    texts = {"train": [TEXT * 4] * 12, "held": [TEXT * 4] * 6}
    pack_texts(texts, base.tokenizer, folder / "packed")
    return folder / "packed"


class TestBase:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_folder_computes_what_the_file_does(self, tmp_path: Path, kind: str) -> None:
        base, model = opened(tmp_path, kind)
        assert base.model.attention_bias is (kind == "qwen2")
        folder = tmp_path / "folder"
        folder.mkdir()
        names = {name: name if name == "lm_head.weight" else f"model.{name}" for name in base.tensors}
        save_file(
            {names[name]: tensor.contiguous() for name, tensor in base.tensors.items()}, folder / "model.safetensors"
        )
        shape = base.model
        config = {
            **{"model_type": kind, "vocab_size": shape.vocabulary, "hidden_size": shape.hidden},
            **{
                "num_hidden_layers": shape.layers,
                "num_attention_heads": shape.heads,
                "tie_word_embeddings": shape.tied,
            },
            **{"num_key_value_heads": shape.key_value_heads, "intermediate_size": shape.intermediate},
            **{"rms_norm_eps": shape.norm_epsilon, "rope_theta": 10_000.0, "max_position_embeddings": shape.positions},
        }
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        with pytest.raises(BaseError, match=r"has no tokenizer\.json"):
            open_base(folder)
        base.tokenizer.save(str(folder / "tokenizer.json"))
        again = open_base(folder)
        assert again.model == base.model
        assert list(again.files) == ["model.safetensors"]
        ids = random_batch().ids
        assert torch.equal(again.decoder(CPU, torch.float32)(ids), model(ids))
        for name, value in (("rope_scaling", {"rope_type": "yarn"}), ("model_type", "gemma"), ("mlp_bias", True)):
            (folder / "config.json").write_text(json.dumps({**config, name: value}), encoding="utf-8")
            with pytest.raises(BaseError, match="is not supported"):
                open_base(folder)

    def test_biases_and_the_head_take_part(self, tmp_path: Path) -> None:
        base, model = opened(tmp_path)
        ids = random_batch().ids
        before = model.logits(model(ids))
        assert model.lm_head is not None
        for parameter in (model.layers[1].self_attn.k_proj.bias, model.lm_head.weight):
            kept = parameter.clone()
            parameter.mul_(-1.0)
            assert not torch.allclose(model.logits(model(ids)), before)
            parameter.copy_(kept)
        assert torch.equal(model.logits(model(ids)), before)
        assert torch.equal(base.tensors["layers.0.self_attn.q_proj.bias"], model.layers[0].self_attn.q_proj.bias)

    def test_text_comes_back_as_it_was(self, tmp_path: Path) -> None:
        for kind in KINDS:
            tokenizer = open_base(tiny(tmp_path, kind)).tokenizer
            assert tokenizer.decode(tokenizer.encode(TEXT).ids) == TEXT
            assert (fim_order(tokenizer) is None) is (kind == "llama")

    @pytest.mark.parametrize("content", [None, b"", b"GGUF"])
    def test_what_is_no_base_is_refused_with_a_sentence(self, tmp_path: Path, content: bytes | None) -> None:
        if content is not None:
            (tmp_path / "base.gguf").write_bytes(content)
        with pytest.raises(BaseError, match=r"(get it again|give a \.gguf file)"):
            open_base(tmp_path / "base.gguf")

    def test_another_architecture_is_refused(self, tmp_path: Path) -> None:
        write_tiny_base(tmp_path / "base.gguf", architecture="gpt2")
        with pytest.raises(BaseError, match="architecture gpt2"):
            open_base(tmp_path / "base.gguf")


class TestGate:
    @pytest.mark.parametrize("kind", KINDS)
    def test_without_masks_the_logits_are_the_bases_to_the_bit(self, tmp_path: Path, kind: str) -> None:
        base, model = opened(tmp_path, kind)
        ids = random_batch().ids
        expected = base.decoder(CPU, torch.float32)(ids)
        adapter = stirred(model)
        assert torch.equal(model(ids), expected)
        with adapter.on(torch.zeros_like(ids, dtype=torch.bool)):
            assert torch.equal(model(ids), expected)
        with adapter.on(torch.ones_like(ids, dtype=torch.bool)):
            assert not torch.allclose(model(ids), expected)
        assert torch.equal(model.logits(model(ids)), model.logits(expected))

    def test_it_begins_as_nothing_but_the_mean_embedding(self, tmp_path: Path) -> None:
        base, model = opened(tmp_path)
        adapter = Adapter(model, 4, 2.0, ("q", "down"), seed=0)
        mean = base.tensors["embed_tokens.weight"].mean(0)
        assert torch.equal(adapter.weights[MASK_EMBEDDING], mean)
        assert len(adapter.weights) == 1 + LAYERS * 2 * 2
        ids = random_batch().ids
        with adapter.on(torch.ones_like(ids, dtype=torch.bool)):
            drafted = model(ids)
        plain = base.decoder(CPU, torch.float32)
        plain.embed_tokens.weight.data = mean.expand_as(plain.embed_tokens.weight).clone()
        assert torch.equal(drafted, plain(ids))

    @pytest.mark.parametrize("kind", KINDS)
    def test_two_passes_compute_what_one_pass_over_text_and_masks_does(self, tmp_path: Path, kind: str) -> None:
        _, model = opened(tmp_path, kind)
        adapter, batch = stirred(model), random_batch()
        hidden, memory = read(model, batch)
        drafted = draft(model, adapter, batch, memory)
        count, length = batch.ids.shape
        masks = batch.mask_positions().shape[1]
        visible = torch.zeros(count, 1, length + masks, length + masks, dtype=torch.bool)
        visible[:, :, :length, :length] = torch.ones(length, length, dtype=torch.bool).tril()
        visible[:, :, length:] = batch.seen_by_masks()
        gate = functional.pad(torch.zeros_like(batch.ids, dtype=torch.bool), (0, masks), value=True)
        with adapter.on(gate):
            positions = torch.cat([batch.positions, batch.mask_positions()], 1)
            whole = model(functional.pad(batch.ids, (0, masks)), positions, visible)
        assert torch.allclose(whole[:, :length], hidden, atol=1e-5)
        assert torch.allclose(whole[:, length:], drafted, atol=1e-5)

    def test_masks_of_other_groups_are_not_seen(self, tmp_path: Path) -> None:
        _, model = opened(tmp_path)
        adapter, batch = stirred(model), random_batch()
        _, memory = read(model, batch)
        before = draft(model, adapter, batch, memory).unflatten(1, (4, 3))
        # The third group stands elsewhere, and its second mask is another token.
        moved = replace(batch, anchors=torch.tensor([[0, 9, 21, 38]]).expand(2, -1))
        after = draft(model, adapter, moved, memory).unflatten(1, (4, 3))
        assert [torch.equal(before[:, group], after[:, group]) for group in range(4)] == [True, True, False, True]

        def other(_: torch.nn.Module, __: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
            return torch.cat([output[:, :7], -output[:, 7:8], output[:, 8:]], 1)

        handle = model.embed_tokens.register_forward_hook(other)
        after = draft(model, adapter, batch, memory).unflatten(1, (4, 3))
        handle.remove()
        changed = ~torch.isclose(before, after).all(-1).all(0)
        assert changed.int().tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 1], [0, 0, 0]]

    def test_masks_see_no_text_behind_their_place(self, tmp_path: Path) -> None:
        _, model = opened(tmp_path)
        adapter, batch = stirred(model), random_batch()
        before = draft(model, adapter, batch, read(model, batch)[1]).unflatten(1, (4, 3))
        later = replace(batch, ids=torch.cat([batch.ids[:, :31], batch.ids[:, 31:].flip(1)], 1))
        after = draft(model, adapter, later, read(model, later)[1]).unflatten(1, (4, 3))
        same = torch.isclose(before, after, atol=1e-6).all(-1).all(-1).all(0)
        assert same.tolist() == [True, True, True, False]


class TestRows:
    def test_what_masks_predict_and_where_they_stand(self) -> None:
        batch = batch_of(torch.arange(100, 110)[None], [2, 7], 3)
        assert batch.mask_positions().tolist() == [[3, 4, 5, 8, 9, 10]]
        assert batch.places().tolist() == [[3, 4, 5, 8, 9, 9]]
        assert batch.targets()[0, :4].tolist() == [104, 105, 106, 109]
        assert batch.known.tolist() == [[[True, True, True], [True, False, False]]]

    def test_rows_are_what_the_base_reads(self, tmp_path: Path) -> None:
        base = open_base(tiny(tmp_path))
        order = fim_order(base.tokenizer)
        assert order is not None
        source = open_splits(packed(base, tmp_path))["train"]
        rows = DraftRows(source, base.tokenizer, order, replace(SHAPE, length=256), seed=1)
        batch = rows.batch(range(8))
        assert torch.equal(rows.batch(range(4, 8)).ids, batch.ids[4:])
        assert torch.equal(rows.batch(range(4, 8)).anchors, batch.anchors[4:])
        holed = 0
        for ids, samples, positions, anchors, known in zip(
            batch.ids, batch.samples, batch.positions, batch.anchors, batch.known, strict=True
        ):
            for sample in range(int(samples.max()) + 1):
                piece = ids[samples == sample]
                assert positions[samples == sample].tolist() == list(range(len(piece)))
                if order.middle in piece:
                    holed += 1
                    assert piece[0] == order.prefix
                    assert piece[-1] == order.end
                    parts = [piece.tolist().index(name) for name in (order.suffix, order.middle)]
                    before, behind = piece[1 : parts[0]], piece[parts[0] + 1 : parts[1]]
                    text = torch.cat([before, piece[parts[1] + 1 : -1], behind])
                    assert base.tokenizer.decode(text.tolist()).strip("\ufffd") in TEXT * 8
            assert len(set(anchors.tolist())) == len(anchors)
            last = anchors + 1 + known.sum(-1)
            assert bool((samples[anchors] == samples[last]).all())
            assert bool((samples[anchors] >= 0).all())
        assert holed > 4
        seen = batch.seen_by_text()
        assert seen is not None
        assert bool((seen[0, 0].diagonal()).all())
        assert not bool(seen[batch.samples[:, None, :, None] != batch.samples[:, None, None, :]].any())

    def test_text_is_packed_once_and_another_bases_tokens_are_refused(self, tmp_path: Path) -> None:
        base = open_base(tiny(tmp_path))
        sources = tmp_path / "sources"
        sources.mkdir()
        for number in range(60):
            lines = [f"def area_{number}_{line}(width):\n    return width * {line}\n" for line in range(12)]
            (sources / f"module{number}.py").write_text("\n".join(lines), encoding="utf-8")
        (sources / "notes.txt").write_text(TEXT * 20, encoding="utf-8")
        assert sum(map(len, texts_of(sources).values())) == 60
        folder = packed_folder(sources, base.tokenizer, tmp_path / "run")
        assert folder == tmp_path / "run" / "packed"
        tokens = open_splits(folder)["train"].tokens
        assert tokens.dtype == np.uint32
        ends = open_splits(folder)["train"].starts[1:] - 1
        assert {int(token) for token in tokens[ends]} == {base.tokenizer.token_to_id("<|endoftext|>")}
        shutil.rmtree(sources)
        assert packed_folder(sources, base.tokenizer, tmp_path / "run") == folder
        with pytest.raises(DataError, match="tokens of another base"):
            packed_folder(folder, open_base(tiny(tmp_path, "llama")).tokenizer, tmp_path)
        (tmp_path / "empty").mkdir()
        with pytest.raises(DataError, match="no text for the split"):
            packed_folder(tmp_path / "empty", base.tokenizer, tmp_path / "other")


@pytest.mark.parametrize("loss", ["base", "token"])
def test_it_learns_to_draft_a_pattern(tmp_path: Path, loss: str) -> None:
    torch.set_num_threads(1)
    base, model = opened(tmp_path)
    pattern = torch.randperm(200, generator=torch.Generator().manual_seed(4))[:6]
    text = pattern.repeat(12)
    ids = torch.stack([text[shift : shift + 48] for shift in range(6)])
    # A base that knows the pattern, as a published one knows code.
    model.requires_grad_()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(40):
        optimiser.zero_grad()
        functional.cross_entropy(model.logits(model(ids[:, :-1])).flatten(0, 1), ids[:, 1:].flatten()).backward()
        optimiser.step()
    model.requires_grad_(False)
    batch = batch_of(ids, [12, 17, 22, 27, 33, 38], 3)
    trainer = AdapterTrainer(
        settings_of(base, batch=6, loss=loss, learning_rate=1e-2, warmup_tokens=1), model, pass_rows=4
    )
    before = measure(model, trainer.adapter, [batch], loss)
    steps = [trainer.step(batch).loss for _ in range(60)]
    after = measure(model, trainer.adapter, [batch], loss)
    assert steps[-1] < steps[0] / 2
    assert before.tokens < 1.5 < after.tokens <= 4.0
    assert after.own_tokens == pytest.approx(after.tokens, abs=0.1)
    assert after.loss < before.loss


def test_a_base_in_bf16_trains_weights_in_fp32(tmp_path: Path) -> None:
    base, model = opened(tmp_path)
    batch = random_batch()
    expected = AdapterTrainer(settings_of(base), model).step(batch)
    trainer = AdapterTrainer(settings_of(base), base.decoder(CPU, torch.bfloat16))
    report = trainer.step(batch)
    assert report.loss == pytest.approx(expected.loss, rel=0.05)
    assert {weight.dtype for weight in trainer.state().weights.values()} == {torch.float32}
    assert bool(trainer.adapter.weights["model.layers.0.self_attn.q_proj.lora_B.weight"].any())


def test_text_that_the_base_would_not_write_can_count_less(tmp_path: Path) -> None:
    base, model = opened(tmp_path)
    batch = random_batch()
    # From the eleventh token on, the first row is what the base writes.
    for place in range(11, 40):
        batch.ids[0, place] = model.logits(model(batch.ids[:1, :place])).argmax(-1)[0, -1]
    own = own_text(model, read(model, batch)[0], batch)
    assert (own | ~batch.known)[0].all(-1).tolist()[2:] == [True, True]
    assert not bool(own[1].any())
    # Masks that count for nothing have no gradient: only the first row's count.
    trainer = AdapterTrainer(settings_of(base, departed_weight=0.0), model)
    assert trainer.step(batch.parts(1)[1]).norm == 0.0
    assert trainer.step(batch).norm > 0.0


def test_passes_give_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    base, _ = opened(tmp_path)
    rows = DraftRows(open_splits(packed(base, tmp_path))["train"], base.tokenizer, fim_order(base.tokenizer), SHAPE, 1)
    steps = []
    for pass_rows in (None, 1):
        trainer = AdapterTrainer(settings_of(base, batch=3), base.decoder(CPU, torch.float32), pass_rows)
        steps.append([trainer.step(rows.batch(range(first, first + 3))) for first in (0, 3)])
    for whole, apart in zip(*steps, strict=True):
        assert apart.loss == pytest.approx(whole.loss, rel=1e-4)
        assert apart.norm == pytest.approx(whole.norm, rel=1e-3)


@dataclass(frozen=True)
class Command:
    """The two commands, run here: starting PyTorch takes longer than what they do."""

    base: FrozenBase
    folder: Path
    patch: pytest.MonkeyPatch

    def call(self, main: Callable[[], None], *options: str | Path) -> str:
        """Runs one, and gives the sentence that it ends with, if it fails."""
        self.patch.setattr(sys, "argv", ["", *map(str, options)])
        try:
            main()
        except SystemExit as error:
            return str(error)
        return ""

    def train(self, run: str, *options: str | Path) -> str:
        small = ("--rank", "4", "--masks", "3", "--groups", "6", "--length", "64", "--batch", "2", "--held-rows", "4")
        rest = ("--device", "cpu", "--float32", "--workers", "0", "--measure-steps", "2", "--warmup-tokens", "256")
        places = ("--base", self.base.path, "--data", self.folder / "packed", "--run", self.folder / run)
        return self.call(train.main, *small, *rest, *places, "--until-tokens", "768", *options)

    def export(self, run: str, *options: str | Path) -> str:
        return self.call(export.main, "--run", self.folder / run, "--out", self.folder / "adapter", *options)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    torch.set_num_threads(1)
    base = open_base(tiny(tmp_path))
    packed(base, tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield Command(base, tmp_path, monkeypatch)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def loaded(run: Path) -> AdapterState:
    found = load_adapter(run)
    assert found is not None
    return found[0]


def test_a_run_that_is_stopped_ends_with_the_weights_of_one_that_is_not(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.train("whole") == ""
    assert "tokens a forward" in capsys.readouterr().out
    step = AdapterTrainer.step

    def stopped(trainer: AdapterTrainer, batch: DraftBatch) -> AdapterStep:
        if trainer.progress.step == 2:
            signal.raise_signal(signal.SIGTERM)
        return step(trainer, batch)

    with command.patch.context() as patch:
        patch.setattr(AdapterTrainer, "step", stopped)
        assert command.train("parts") == ""
    run = command.folder / "parts"
    assert loaded(run).progress.step == 3
    # What a kill while the next one is written leaves behind.
    (run / "checkpoint-00000004.partial").write_bytes(b"half")
    assert command.train("parts") == ""
    whole, parts = loaded(command.folder / "whole"), loaded(run)
    assert whole.progress.step == parts.progress.step == 6
    assert bool(whole.weights["model.layers.1.mlp.down_proj.lora_B.weight"].any())
    assert all(torch.equal(weight, parts.weights[name]) for name, weight in whole.weights.items())
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in lines if "held_tokens" in line] == [2, 3, 4, 6]


def test_rows_of_other_processes_are_the_same(command: Command) -> None:
    assert command.train("here", "--until-tokens", "256") == ""
    assert command.train("there", "--until-tokens", "256", "--workers", "1") == ""
    here, there = (loaded(command.folder / name).weights for name in ("here", "there"))
    assert all(torch.equal(weight, there[name]) for name, weight in here.items())


def test_a_base_or_options_of_another_run_are_refused(command: Command) -> None:
    assert "There is no checkpoint" in command.export("run")
    assert command.train("run") == ""
    assert "seed 0, but 5 is asked for" in command.train("run", "--seed", "5")
    assert "--masks must lie between 1 and 16" in command.train("run", "--masks", "17")
    other = ("--base", tiny(command.folder, "llama"))
    assert "give that base with --base, or another --run folder" in command.train("run", *other)
    assert "holds other weights" in command.export("run", *other)
    assert not (command.folder / "adapter").exists()
    command.base.path.rename(command.folder / "moved.gguf")
    assert "say where tiny lies now with --base" in command.export("run")
    assert command.export("run", "--base", command.folder / "moved.gguf", "--type", "F32") == ""
    read_back, weights = (
        load_file(command.folder / "adapter" / "adapter.safetensors"),
        loaded(command.folder / "run").weights,
    )
    assert read_back.keys() == weights.keys()
    assert all(torch.equal(weight, weights[name]) for name, weight in read_back.items())
    said = json.loads((command.folder / "adapter" / "adapter.json").read_text(encoding="utf-8"))
    assert said["base"]["path"] == "../moved.gguf"
    assert said["base"]["files"] == {"moved.gguf": next(iter(command.base.files.values()))}


def test_an_exported_adapter_says_what_it_belongs_to(tmp_path: Path) -> None:
    base, model = opened(tmp_path)
    trainer = AdapterTrainer(settings_of(base, projections=("q", "v")), model)
    elsewhere = tmp_path / "deep" / "adapter"
    for out, path in ((tmp_path / "adapter", "../tiny-qwen2.gguf"), (elsewhere, "../tiny-qwen2.gguf")):
        export_adapter(trainer.state(), base.path, base.files, out)
        assert json.loads((out / "adapter.json").read_text(encoding="utf-8")) == {
            "format": 1,
            "base": {"name": "tiny", "path": path, "files": base.files},
            "rank": 4,
            "scale": 2.0,
            "masks": 3,
        }
    tensors = load_file(tmp_path / "adapter" / "adapter.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert tensors["mask_embedding"].shape == (128,)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items() if ".0." in name}
    assert shapes == {
        "model.layers.0.self_attn.q_proj.lora_A.weight": (4, 128),
        "model.layers.0.self_attn.q_proj.lora_B.weight": (128, 4),
        "model.layers.0.self_attn.v_proj.lora_A.weight": (4, 128),
        "model.layers.0.self_attn.v_proj.lora_B.weight": (64, 4),
    }


def test_what_differs_is_named(tmp_path: Path) -> None:
    base = open_base(tiny(tmp_path))
    settings = settings_of(base)
    require_same_base(tmp_path, settings, base.path, {"renamed.gguf": next(iter(base.files.values()))})
    require_same_run(tmp_path, settings, replace(settings, learning_rate=1.0, until_tokens=5))
    with pytest.raises(CheckpointError, match="with rank 4, but 8"):
        require_same_run(tmp_path, settings, replace(settings, rank=8))
    assert load_adapter(tmp_path / "none") is None
    (tmp_path / "checkpoint-00000001.pt").write_bytes(b"no checkpoint")
    with pytest.raises(CheckpointError, match="Remove it"):
        load_adapter(tmp_path)
