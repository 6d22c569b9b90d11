"""Rounded weights: the file holds what the rounding gives, and nothing half-written is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFReader, dequantize, quantize

from training.convert.base import permuted, unpermuted
from training.release.compensate import rounded_columns
from training.release.export import export
from training.release.pack import gguf_name, pack, rounded
from training.run.checkpoint import CheckpointError, load_weights
from training.tests.conftest import Data
from training.tests.test_resume import new_trainer


@pytest.fixture
def folder(data: Data, tmp_path: Path) -> Path:
    out = tmp_path / "exported"
    export(new_trainer(data).checkpoint(), data.tokenizer, out)
    return out


def test_rows_of_queries_go_into_the_order_that_the_file_has_and_come_back() -> None:
    rows = np.arange(48, dtype=np.float32).reshape(16, 3)
    assert not np.array_equal(permuted(rows, 2), rows)
    assert np.array_equal(unpermuted(permuted(rows, 2), 2), rows)


@pytest.mark.parametrize(("mlp", "rest"), [("Q4_1", "Q8_0"), ("Q4_0", "Q4_0"), ("F16", "F16")])
def test_the_file_gives_back_what_the_rounding_gives(folder: Path, tmp_path: Path, mlp: str, rest: str) -> None:
    file = pack(folder, tmp_path / "packed", mlp, rest)
    tensors = load_weights(folder).tensors
    wanted = rounded(tensors, mlp, rest)
    found = {tensor.name: tensor for tensor in GGUFReader(file).tensors}
    assert found.keys() == {gguf_name(name) for name in tensors}
    for name, values in wanted.items():
        tensor = found[gguf_name(name)]
        assert tensor.tensor_type.name == ("F32" if values.dim() < 2 else mlp if ".mlp." in name else rest)
        # This shape has query norms: its rows stay in order.
        assert np.array_equal(dequantize(tensor.data, tensor.tensor_type), values.numpy())
    difference = max(float((wanted[name] - tensors[name]).abs().max()) for name in tensors)
    assert (difference < 1e-3) == (mlp == "F16")


def test_a_run_can_go_on_from_what_was_packed(data: Data, tmp_path: Path) -> None:
    folder = tmp_path / "exported"
    checkpoint = new_trainer(data).checkpoint()
    checkpoint.progress.tokens = 12_345
    export(checkpoint, data.tokenizer, folder)
    weights = load_weights(folder)
    pack(folder, tmp_path / "packed", "Q4_1", "Q8_0")
    again = load_weights(tmp_path / "packed")
    assert (again.model, again.tokenizer, again.progress) == (weights.model, weights.tokenizer, weights.progress)
    assert again.progress.tokens == 12_345
    wanted = rounded(weights.tensors, "Q4_1", "Q8_0")
    assert again.tensors.keys() == wanted.keys()
    assert all(torch.equal(again.tensors[name], values) for name, values in wanted.items())


def test_packed_rows_of_queries_are_put_back_into_order(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "models" / "coder"
    weights = load_weights(folder)
    assert not weights.model.query_key_norm
    repacked = pack(folder, tmp_path / "again", "Q4_1", "Q8_0")
    queries = "layers.0.self_attn.q_proj.weight"
    again = load_weights(repacked.parent).tensors[queries]
    assert torch.equal(again, weights.tensors[queries])


def test_the_folder_is_whole_but_for_its_weights(folder: Path, tmp_path: Path) -> None:
    pack(folder, tmp_path / "packed", "Q4_1", "Q8_0")
    names = {path.name for path in folder.iterdir()} - {"model.safetensors"} | {"model.gguf"}
    assert {path.name for path in (tmp_path / "packed").iterdir()} == names


def test_a_failed_write_leaves_no_weights(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        (tmp_path / "packed" / "model.gguf.part").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.release.pack.write_gguf", full)
    with pytest.raises(OSError, match="No space"):
        pack(folder, tmp_path / "packed", "Q4_1", "Q8_0")
    assert not list((tmp_path / "packed").glob("model.gguf*"))


def test_what_is_no_exported_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint folder"):
        pack(tmp_path, tmp_path / "packed", "Q4_1", "Q8_0")
    assert not (tmp_path / "packed").exists()


def test_the_command_measures_the_roundings_on_held_out_rows(folder: Path, data: Data) -> None:
    command = [sys.executable, "-m", "training.release.pack", "--folder", str(folder), "--held", str(data.packed)]
    ran = subprocess.run([*command, "--length", "128"], capture_output=True, text=True, check=True)
    rows = [line.split("|")[1:-1] for line in ran.stdout.splitlines()[2:]]
    assert rows[0][0].strip() == "as exported"
    exact, halves = float(rows[0][3]), float(rows[1][3])
    assert torch.isclose(torch.tensor(exact), torch.tensor(halves), rtol=0.02)
    sizes = [float(row[2]) for row in rows[1:]]
    assert sizes[0] > sizes[1] > sizes[3] >= sizes[5]


def test_errors_of_a_rounding_are_made_up_for_by_columns_that_see_the_same() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(48, 96, generator=generator)
    # Inputs that lie near a space of few dimensions: one column can do much of what another one does.
    inputs = torch.randn(400, 12, generator=generator) @ torch.randn(12, 96, generator=generator)
    inputs += 0.1 * torch.randn(400, 96, generator=generator)
    kind = GGMLQuantizationType.Q4_1
    plain = torch.from_numpy(dequantize(quantize(weights.numpy(), kind), kind))
    packed = rounded_columns(weights, inputs.T @ inputs)
    made_up = torch.from_numpy(dequantize(packed, kind))
    assert packed.shape == quantize(weights.numpy(), kind).shape
    assert float((made_up - weights).abs().max()) < 1.0
    error = [float(((values - weights) @ inputs.T).norm()) for values in (plain, made_up)]
    assert error[1] < 0.5 * error[0]
    assert weights.equal(torch.randn(48, 96, generator=torch.Generator().manual_seed(0))), "they are left as they are"


def test_a_compensated_file_has_the_same_blocks(data: Data, folder: Path, tmp_path: Path) -> None:
    plain = pack(folder, tmp_path / "plain", "Q4_1", "Q8_0")
    made_up = pack(folder, tmp_path / "made-up", "Q4_1", "Q8_0", data.packed)
    assert made_up.stat().st_size == plain.stat().st_size
    tensors = load_weights(folder).tensors
    for before, after in zip(GGUFReader(plain).tensors, GGUFReader(made_up).tensors, strict=True):
        assert (before.name, before.tensor_type) == (after.name, after.tensor_type)
        is_mlp = "ffn_" in before.name and "norm" not in before.name
        assert np.array_equal(before.data, after.data) != is_mlp, before.name
    name = "layers.0.mlp.down_proj.weight"
    values = next(tensor for tensor in GGUFReader(made_up).tensors if tensor.name == gguf_name(name))
    assert float(np.abs(dequantize(values.data, values.tensor_type) - tensors[name].numpy()).max()) < 0.1
    with pytest.raises(CheckpointError, match="--compensate rounds to Q4_1"):
        pack(folder, tmp_path / "other", "Q4_0", "Q8_0", data.packed)
