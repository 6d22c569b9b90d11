import numpy as np
import pytest
import torch

from training.data.packing import load_packed
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import END, HOLE, MASK, SPECIAL_IDS, SPECIAL_TOKENS
from training.eval.fim import infill_left_to_right
from training.model.config import ModelConfig, RowRecipe
from training.model.decoder import Decoder
from training.rows.canvas import IGNORE, FinishedRow
from training.rows.fim import FimRow
from training.rows.row_source import RowSource, collate
from training.rows.schedule import Noise
from training.run.loss import losses_of
from training.tests.conftest import Data

PREFIX = np.array([20, 21, 22, 23, 24, 25])
SUFFIX = np.array([40, 41, 42])
ANSWER = np.array([30, 31])
LONGER = np.array([24, 25, 30, 31])


def sample(ceiling: float = 1.0) -> FimRow:
    row = FimRow(Noise(ceiling=ceiling, weighted=False), np.random.default_rng(0))
    row.add_sample(PREFIX, 2, SUFFIX, [(6, ANSWER), (4, LONGER)])
    return row


def seen_by(row: FinishedRow, place: int) -> list[int]:
    return [int(row.ids[key]) for key in np.flatnonzero(row.visible[place])]


def places(row: FinishedRow, token: int) -> list[int]:
    return [int(place) for place in np.flatnonzero(row.ids == token)]


def test_suffix_is_numbered_before_the_prefix_and_neither_sees_the_other() -> None:
    row = sample().finish()
    assert row.positions[:6].tolist() == [3, 4, 5, 6, 7, 8]
    assert row.positions[6:9].tolist() == [0, 1, 2]
    assert seen_by(row, 5) == PREFIX.tolist()
    assert seen_by(row, 8) == SUFFIX.tolist()


def test_an_answer_sees_the_text_before_it_the_suffix_and_itself_and_goes_on_where_the_prefix_ends() -> None:
    row = sample().finish()
    first, second = places(row, SPECIAL_IDS[HOLE])
    assert row.positions[first : first + 3].tolist() == [9, 10, 11]
    assert row.positions[second : second + 5].tolist() == [7, 8, 9, 10, 11]
    assert seen_by(row, first + 1) == [*PREFIX.tolist(), *SUFFIX.tolist(), SPECIAL_IDS[HOLE], 30]
    # The longer answer begins at the fifth token: it must not see what it has to say.
    assert seen_by(row, second) == [*PREFIX[:4].tolist(), *SUFFIX.tolist(), SPECIAL_IDS[HOLE]]


def test_the_hole_token_predicts_the_first_token_and_the_last_one_the_end() -> None:
    row = sample().finish()
    first, second = places(row, SPECIAL_IDS[HOLE])
    assert row.targets[first : first + 3].tolist() == [30, 31, SPECIAL_IDS[END]]
    assert row.targets[second : second + 5].tolist() == [24, 25, 30, 31, SPECIAL_IDS[END]]
    # Of the prefix its header is not predicted, and no stream predicts another one's first token.
    assert row.targets[:6].tolist() == [IGNORE, 22, 23, 24, 25, IGNORE]
    assert row.targets[6:9].tolist() == [41, 42, IGNORE]


def test_blind_answers_do_not_see_the_suffix() -> None:
    row = sample().finish(blind=True)
    first, _ = places(row, SPECIAL_IDS[HOLE])
    assert seen_by(row, first) == [*PREFIX.tolist(), SPECIAL_IDS[HOLE]]
    assert seen_by(row, 8) == SUFFIX.tolist()


def test_a_noisy_block_is_shifted_by_one_and_sees_itself_in_both_directions() -> None:
    row = FimRow(Noise(ceiling=1.0, weighted=False), np.random.default_rng(0))
    middle = row.add_sample(PREFIX, 2, SUFFIX, [(4, LONGER)])[0]
    row.add_noisy_block(middle, 1, 4)
    finished = row.finish()
    block = np.flatnonzero(finished.canvas)
    places = [25, 30, 31, SPECIAL_IDS[END]]
    masked = finished.ids[block] == SPECIAL_IDS[MASK]
    assert masked.any()
    assert np.array_equal(finished.ids[block][~masked], np.array(places)[~masked])
    # Behind the hole token (at the place of the prefix's fifth token) and the first token.
    assert finished.positions[block].tolist() == [9, 10, 11, 12]
    assert finished.targets[block].tolist() == [
        *(place if hidden else IGNORE for place, hidden in zip(places[1:], masked[1:], strict=True)),
        IGNORE,
    ]
    seen = seen_by(finished, int(block[0]))
    assert seen == [*PREFIX[:4].tolist(), *SUFFIX.tolist(), SPECIAL_IDS[HOLE], 24, *finished.ids[block].tolist()]


def test_nothing_of_a_sample_is_seen_by_another() -> None:
    row = sample()
    row.add_sample(PREFIX + 30, 0, SUFFIX + 30, [(6, ANSWER + 30)])
    finished = row.finish()
    mine, theirs = finished.ids < 50, finished.ids >= 50
    theirs &= finished.ids != SPECIAL_IDS[HOLE]
    assert not finished.visible[np.ix_(np.flatnonzero(mine)[:14], np.flatnonzero(theirs))].any()


@torch.no_grad()
def test_the_clean_text_of_a_row_does_not_see_its_noisy_blocks() -> None:
    shape = ModelConfig(vocabulary=128, hidden=64, layers=2, heads=1, key_value_heads=1, intermediate=64)
    torch.manual_seed(0)
    model = Decoder(shape).eval()
    hidden = []
    for blocks in (0, 3):
        row = FimRow(Noise(ceiling=1.0, weighted=False), np.random.default_rng(0))
        middle = row.add_sample(PREFIX, 2, SUFFIX, [(6, ANSWER)])[0]
        for start in range(blocks):
            row.add_noisy_block(middle, start, 4)
        batch = collate([row.finish()])
        hidden.append(model(batch.ids, batch.positions, batch.visible)[0, :12])
    torch.testing.assert_close(hidden[0], hidden[1], rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_inference_reads_what_the_row_trains() -> None:
    shape = ModelConfig(vocabulary=128, hidden=64, layers=2, heads=1, key_value_heads=1, intermediate=64)
    torch.manual_seed(0)
    model = Decoder(shape).double().eval()
    answer = infill_left_to_right(model, PREFIX.tolist(), SUFFIX.tolist(), 4)
    assert len(answer.tokens) > 1
    row = FimRow(Noise(ceiling=1.0, weighted=False), np.random.default_rng(0))
    row.add_sample(PREFIX, 2, SUFFIX, [(6, np.array(answer.tokens))])
    batch = collate([row.finish()])
    logits = model.logits(model(batch.ids, batch.positions, batch.visible))[0]
    logits[:, : len(SPECIAL_TOKENS)] = torch.where(
        torch.arange(len(SPECIAL_TOKENS)) == SPECIAL_IDS[END], logits[:, : len(SPECIAL_TOKENS)], -1e9
    )
    first = int((batch.ids[0] == SPECIAL_IDS[HOLE]).nonzero()[0])
    for step, probability in enumerate(answer.probabilities):
        chances = logits[first + step].softmax(-1)
        assert float(chances.max()) == pytest.approx(probability, rel=1e-5)


def test_most_answers_are_short(data: Data) -> None:
    recipe = RowRecipe(kind="fim", plain=0.0, canvas_share=0.0, rename=0.0, echo=0.0)
    source = RowSource(load_packed(data.packed, "train"), load_tokenizer(data.tokenizer), 256, seed=1, recipe=recipe)
    rows = [source.canvas_row(number, Noise(1.0, False)) for number in range(24)]
    ends = [np.flatnonzero(row.targets == SPECIAL_IDS[END]) for row in rows]
    lengths = np.concatenate([end - places(row, SPECIAL_IDS[HOLE]) for row, end in zip(rows, ends, strict=True)])
    assert len(lengths) > 60
    assert np.median(lengths) <= 16
    assert (lengths > 30).any()


@torch.no_grad()
def test_a_token_of_an_answer_counts_twice() -> None:
    torch.manual_seed(0)
    model = Decoder(ModelConfig(vocabulary=128, hidden=64, layers=1, heads=1, key_value_heads=1, intermediate=64))
    losses = losses_of(model, collate([sample().finish()]))
    targets = collate([sample().finish()])
    answers, all_of_them = int(targets.middle.sum()), int((targets.targets >= 0).sum())
    rest = (float(losses.next_token) * all_of_them - float(losses.middle) * answers) / (all_of_them - answers)
    wanted = (2 * answers * float(losses.middle) + (all_of_them - answers) * rest) / (all_of_them + answers)
    assert float(losses.total) == pytest.approx(wanted, rel=1e-5)
    assert float(losses.total) != pytest.approx(float(losses.next_token), rel=1e-5)


@pytest.mark.parametrize("layers", [1, 3])
def test_shapes_without_query_key_norms_have_none(layers: int) -> None:
    shape = ModelConfig(
        vocabulary=64, hidden=64, layers=layers, heads=1, key_value_heads=1, intermediate=64, query_key_norm=False
    )
    names = [name for name, _ in Decoder(shape).named_parameters()]
    assert not any("q_norm" in name or "k_norm" in name for name in names)
    assert ModelConfig.from_checkpoint(shape.to_checkpoint(64)) == shape
