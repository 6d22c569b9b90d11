"""The network's parts against their plain definitions, and the names that a checkpoint must have."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from training.data.packing import load_packed
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import SPECIAL_IDS
from training.eval.infill import load_model
from training.model.attention import attend, bands
from training.model.config import SIZES, ModelConfig, RowRecipe
from training.model.decoder import Decoder, rotary_table, rotate
from training.model.precision import multiplies_bfloat16, working_type
from training.release.card import model_card
from training.release.export import export
from training.rows.row_source import RowSource
from training.run.checkpoint import Progress
from training.tests.conftest import Data
from training.tests.test_resume import new_trainer

CONFIG = ModelConfig(vocabulary=128, hidden=128, layers=2, heads=4, key_value_heads=2, intermediate=64)


@pytest.mark.parametrize("key_value_heads", [4, 2])
def test_attention_with_a_mask_equals_the_fused_kernel(key_value_heads: int) -> None:
    torch.manual_seed(0)
    query = torch.randn(2, 4, 9, 64, dtype=torch.float64)
    key, value = (torch.randn(2, key_value_heads, 13, 64, dtype=torch.float64) for _ in range(2))
    visible = torch.rand(2, 1, 9, 13) < 0.5
    visible[..., 0] = True
    fused = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=visible, enable_gqa=True)
    assert torch.allclose(attend(query, key, value, bands(visible, 2, 9, 4, torch.float64)), fused, atol=1e-12)


def test_attention_in_two_bands_equals_the_fused_kernel() -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 4, 40, 64, dtype=torch.float64) for _ in range(3))
    visible = torch.ones(2, 1, 40, 40, dtype=torch.bool).tril()
    visible[:, :, :24, :24] = visible[:, :, 24:] = True
    sight = bands(visible, 2, 40, 4, torch.float64)
    assert [tuple(bias.shape) for bias in sight] == [(8, 24, 24), (8, 16, 40)]
    fused = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)
    assert torch.allclose(attend(query, key, value, sight), fused, atol=1e-12)


def test_fewer_key_heads_see_the_same_behind_a_mask_and_in_bands() -> None:
    torch.manual_seed(0)
    query = torch.randn(2, 4, 9, 64, dtype=torch.float64)
    key, value = (torch.randn(2, 2, 9, 64, dtype=torch.float64) for _ in range(2))
    visible = torch.rand(2, 1, 9, 9) < 0.5
    visible[:, 0].diagonal(dim1=1, dim2=2).fill_(True)
    masked, banded = (
        attend(query, key, value, visible),
        attend(query, key, value, bands(visible, 2, 9, 4, torch.float64)),
    )
    assert torch.allclose(masked, banded, atol=1e-12)


def test_causal_attention_equals_the_fused_kernel() -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 4, 9, 64, dtype=torch.float64) for _ in range(3))
    fused = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    assert torch.allclose(attend(query, key, value, bands(None, 2, 9, 4, torch.float64)), fused, atol=1e-12)


def test_rotary_scores_depend_on_the_distance_alone() -> None:
    torch.manual_seed(0)
    query, key = (torch.randn(1, 1, 1, 64, dtype=torch.float64) for _ in range(2))

    def score(at: int, other: int) -> float:
        turned = [
            rotate(tensor, rotary_table(torch.tensor([[place]]), CONFIG, torch.float64))
            for tensor, place in ((query, at), (key, other))
        ]
        return float((turned[0] * turned[1]).sum())

    assert score(10, 3) == pytest.approx(score(1010, 1003), abs=5e-3)
    assert score(10, 3) != pytest.approx(score(10, 4), abs=5e-2)


def test_context_logits_do_not_depend_on_what_comes_later() -> None:
    torch.manual_seed(0)
    model = Decoder(CONFIG).double().eval()
    ids = torch.randint(20, 128, (1, 12))
    changed = ids.clone()
    changed[0, 8:] = 20
    with torch.no_grad():
        assert torch.equal(model(ids)[0, :8], model(changed)[0, :8])


def test_an_exported_folder_loads_again_and_has_the_expected_names(data: Data, tmp_path: Path) -> None:
    trainer = new_trainer(data)
    trainer.step()
    export(trainer.checkpoint(), data.tokenizer, tmp_path, averaged=False)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        names = set(file.keys())
        assert str(file.get_tensor("model.norm.weight").dtype) == "torch.bfloat16"
    parts = ("self_attn.q_proj", "self_attn.k_norm", "mlp.down_proj", "post_attention_layernorm", "input_layernorm")
    assert {"model.embed_tokens.weight", "model.norm.weight"} <= names
    assert {f"model.layers.1.{part}.weight" for part in parts} <= names
    assert len(names) == 2 + 11 * SIZES["smoke"].layers
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["palimpsest"]["attention"] == "cached-canvas"
    assert config["tie_word_embeddings"] is True

    model = load_model(tmp_path)
    rounded = {name: master.bfloat16().float() for name, master in trainer.optimiser.masters.items()}
    assert all(torch.equal(rounded[name], parameter) for name, parameter in model.named_parameters())


def test_masks_in_place_are_exported_as_a_family_of_their_own(data: Data, tmp_path: Path) -> None:
    trainer = new_trainer(data)
    checkpoint = trainer.checkpoint()
    settings = replace(checkpoint.settings, rows=RowRecipe(kind="in place"))
    export(replace(checkpoint, settings=settings), data.tokenizer, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == "qwen3"
    assert "palimpsest" not in config
    assert ModelConfig.from_checkpoint(config).hidden == settings.model.hidden
    family = json.loads((tmp_path / "palimpsest.json").read_text())
    assert family["infill"] == {"kind": "in-place", "bos": True, "eos": False}
    assert {name: SPECIAL_IDS[family["tokens"][name]] for name in ("expand", "delete")} == {"expand": 2, "delete": 3}


def test_equal_weights_are_equal_files(data: Data, tmp_path: Path) -> None:
    checkpoint = new_trainer(data).checkpoint()
    files = set()
    for number in range(6):
        export(checkpoint, data.tokenizer, tmp_path / str(number))
        files.add((tmp_path / str(number) / "model.safetensors").read_bytes())
    assert len(files) == 1


def test_widths_must_fit_blockwise_quantisation() -> None:
    with pytest.raises(ValueError, match="hidden is 100"):
        ModelConfig(hidden=100)


def test_a_row_source_with_too_few_tokens_is_refused(data: Data) -> None:
    packed = load_packed(data.packed, "held")
    with pytest.raises(ValueError, match="too few for rows"):
        RowSource(packed, load_tokenizer(data.tokenizer), len(packed.tokens), seed=0)


def test_the_card_has_the_commands_that_trained(data: Data, tmp_path: Path) -> None:
    trainer = new_trainer(data)
    export(trainer.checkpoint(), data.tokenizer, tmp_path)
    plain = model_card(trainer.checkpoint(), tmp_path, None)
    assert "Not measured" in plain
    assert "--start-from" not in plain
    trainer.progress = Progress(
        tokens=900_000,
        canvas_stage_tokens=300_000,
        warm_start=500_000,
        decay_start=800_000,
        decay_tokens=100_000,
        stages=[("next-token", 0), ("canvas", 400_000), ("next-token", 600_000), ("canvas", 800_000)],
    )
    figures = {"python (7)": {"exact %": 12.5}}
    card = model_card(trainer.checkpoint(), tmp_path, figures)
    assert "0.9M tokens, of which 33%" in card
    assert "| python (7) | 12.5 |" in card
    assert "its answers are mostly wrong" in card
    commands = [line for line in card.splitlines() if line.startswith("python -m training.run.train")]
    assert "next token to 0.4M, diffusion to 0.6M, next token to 0.8M, diffusion to 0.9M" in card
    noise = "--noise-warmup-tokens 384"
    assert [command.split("--seed 3 --next-token-tokens ")[1] for command in commands] == [
        f"400000 {noise} --run RUN --until-tokens 500000",
        f"400000 {noise} --run RUN --until-tokens 600000 --start-from warm  # in a new RUN",
        f"800000 {noise} --run RUN --until-tokens 800000",
        f"800000 {noise} --canvas-share 0.375 --decay-tokens 100000 --run RUN-decayed --start-from RUN/checkpoint-N.pt",
    ]
    trainer.progress = Progress(
        tokens=900_000, decay_start=700_000, decay_tokens=200_000, stages=[("next-token", 0), ("canvas", 400_000)]
    )
    late = model_card(trainer.checkpoint(), tmp_path, figures).splitlines()
    shared = f"{noise} --canvas-share 0.375"
    assert [line.split("tokens ", 1)[1] for line in late if line.startswith("python -m training.run.train")] == [
        f"400000 {shared} --run RUN --until-tokens 700000",
        f"400000 {shared} --decay-tokens 200000 --run RUN-decayed --start-from RUN/checkpoint-N.pt",
    ]
    trainer.progress = Progress(
        tokens=1_200_000,
        decays=[(700_000, 200_000)],
        decay_start=1_000_000,
        decay_tokens=200_000,
        stages=[("next-token", 0), ("canvas", 400_000)],
    )
    trainer.progress = replace(
        trainer.progress, canvas_stage_tokens=800_000, plain_rows=200_000 // trainer.settings.length
    )
    assert "1.2M tokens, of which 50% in rows with canvases" in model_card(trainer.checkpoint(), tmp_path, figures)
    further = model_card(trainer.checkpoint(), tmp_path, figures).splitlines()
    assert [line.split("tokens ", 1)[1] for line in further if line.startswith("python -m training.run.train")] == [
        f"400000 {shared} --run RUN --until-tokens 700000",
        f"400000 {shared} --decay-tokens 200000 --run RUN-decayed --start-from RUN/checkpoint-N.pt",
        f"400000 {shared} --run RUN-on --until-tokens 1000000 --start-from RUN-decayed/checkpoint-N.pt",
        f"400000 {shared} --decay-tokens 200000 --run RUN-on-decayed --start-from RUN-on/checkpoint-N.pt",
    ]


def test_the_card_of_a_converted_model_names_its_base(data: Data, tmp_path: Path) -> None:
    trainer = new_trainer(data)
    rows = replace(trainer.settings.rows, kind="fim", plain=0.25, canvas_share=0.0)
    trainer.settings = replace(trainer.settings, rows=rows, optimiser="adamw")
    trainer.progress = Progress(tokens=1_400_000, decay_start=400_000, decay_tokens=1_000_000)
    card = model_card(trainer.checkpoint(), tmp_path, None)
    assert "base_model: HuggingFaceTB/SmolLM2-135M-Instruct" in card
    assert "Apache-2.0" in card
    assert "Trained on | 1.40M tokens beyond the base" in card
    assert "left to right" in card
    commands = [line for line in card.splitlines() if line.startswith("python -m training.run.train")]
    assert [command.split("--next-token-tokens 0 ")[1] for command in commands] == [
        "--until-tokens 400000",
        "--until-tokens 1400000 --decay-tokens 1000000",
    ]


def test_weights_are_bf16_only_where_the_hardware_multiplies_it() -> None:
    assert not multiplies_bfloat16({"architecture": "x86_64", "avx2": True, "avx512_vnni": True, "amx_int8": True})
    assert multiplies_bfloat16({"architecture": "x86_64", "avx512_bf16": True})
    assert multiplies_bfloat16({"architecture": "arm64", "bf16": True})
    assert working_type(torch.device("cuda")) == torch.bfloat16
    here = torch.bfloat16 if multiplies_bfloat16(torch.cpu.get_capabilities()) else torch.float32
    assert working_type(torch.device("cpu")) == here


def test_a_command_starts_without_the_compiler_that_only_a_gpu_needs() -> None:
    """It takes longer to load than PyTorch itself."""
    program = "import sys, training.run.train; sys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
