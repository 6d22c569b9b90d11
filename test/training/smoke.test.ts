// Training end to end: a few files → tokenizer → both stages → checkpoint folder, and then the engine infills with it
// as the reference does. The Python that scripts/test.mjs has set up is in PALIMPSEST_TRAINING_PYTHON.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import { Infiller } from '../../engine/infill/infiller';
import type { CellEvent, InfillParams, ModelDescription } from '../../engine/protocol';
import { DecoderSession } from '../../engine/runtime/session';

const ROOT = path.resolve(__dirname, '..', '..');

interface Answer {
  readonly text: string;
  readonly probabilities: readonly number[];
}
interface Infilled {
  readonly text: string | undefined;
  readonly cells: readonly CellEvent[];
}
interface Reference {
  readonly prefix: string;
  readonly span: string;
  readonly suffix: string;
  readonly open: Answer;
  readonly known: Answer;
  readonly in_place: string;
}

describe('training, from files to the engine’s answer', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-training-'));
  let reference: Reference;
  let checkpoint: Checkpoint;
  let session: DecoderSession;
  let inPlace: Checkpoint;
  let inPlaceSession: DecoderSession;

  before(async () => {
    const python = process.env['PALIMPSEST_TRAINING_PYTHON'];
    assert.ok(python, 'Run this through `npm test -- training`, which sets Python up.');
    const out = path.join(folder, 'checkpoint');
    const masks = path.join(folder, 'in-place');
    const answer = path.join(folder, 'answer.json');
    const { status, stderr } = spawnSync(
      python,
      ['-m', 'training.smoke', '--out', out, '--in-place', masks, '--answer', answer, '--minutes', '0.5'],
      { cwd: ROOT, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    reference = JSON.parse(fs.readFileSync(answer, 'utf8')) as Reference;
    checkpoint = await openCheckpoint(out);
    session = await sessionOf(checkpoint);
    inPlace = await openCheckpoint(masks);
    inPlaceSession = await sessionOf(inPlace);
  });
  after(async () => {
    await session?.dispose();
    await inPlaceSession?.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function sessionOf(of: Checkpoint): Promise<DecoderSession> {
    const graph = await buildGraph(
      of,
      { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 8 },
      { cacheFolder: path.join(folder, 'cache') },
    );
    return DecoderSession.create(graph, of.shape, { provider: 'cpu', threads: 1 });
  }

  /** The best candidate's text, and the cells after the last step. */
  async function infilled(
    facts: Checkpoint,
    params: Partial<InfillParams>,
    by: DecoderSession = session,
  ): Promise<Infilled> {
    const description: ModelDescription = {
      folder: facts.folder,
      name: facts.name,
      family: facts.family.id,
      familyTitle: facts.family.title,
      parameters: facts.parameters,
      contextLength: facts.shape.contextLength,
      provider: 'cpu',
      providerReason: 'named',
      attention: 'plain',
      precision: 'fp32',
      storedPrecision: facts.storedDtype,
      takesInstruction: false,
      remarks: facts.remarks,
    };
    const infiller = new Infiller(facts, description, by);
    const { prefix, suffix } = reference;
    let cells: readonly CellEvent[] = [];
    try {
      const { candidates } = await infiller.infill(
        {
          requestId: 1,
          model: '',
          priority: 'rewrite',
          text: prefix + suffix,
          spans: [{ start: prefix.length, end: prefix.length }],
          language: 'python',
          maxTokens: 16,
          temperature: 0,
          rule: 'top-k',
          copying: 'off',
          ...params,
        },
        {
          onStep: (event) => {
            cells = event.cells;
          },
        },
      );
      return { text: candidates[0]?.spans[0]?.text, cells };
    } finally {
      infiller.dispose();
    }
  }

  test('told the length, the engine fills in what the reference fills in', async () => {
    const fixed: Checkpoint = { ...checkpoint, family: { ...checkpoint.family, length: { kind: 'fixed' } } };
    const { prefix, span, suffix, known } = reference;
    const { cells } = await infilled(fixed, {
      text: prefix + span + suffix,
      spans: [{ start: prefix.length, end: prefix.length + span.length }],
    });
    assert.equal(cells.length, 16);
    assert.equal(cells.map((cell) => cell.text).join(''), known.text);
    for (const [index, { confidence }] of cells.entries()) {
      assert.ok(Math.abs(confidence - (known.probabilities[index] ?? Number.NaN)) < 1e-4);
    }
  });

  test('with the length open, the engine comes to the reference’s answer', async () => {
    const { text } = await infilled(checkpoint, {});
    assert.equal(text?.trim(), reference.open.text.trim());
  });

  test('trained with masks in place, it is a family that denoises in place, and fills in what the reference does', async () => {
    assert.deepEqual(inPlace.family.infill, { kind: 'in-place', bos: true, eos: false });
    assert.equal(inPlace.family.length.kind, 'expand-delete');
    const fixed: Checkpoint = { ...inPlace, family: { ...inPlace.family, length: { kind: 'fixed' } } };
    const { prefix, span, suffix } = reference;
    const { cells } = await infilled(
      fixed,
      { text: prefix + span + suffix, spans: [{ start: prefix.length, end: prefix.length + span.length }] },
      inPlaceSession,
    );
    assert.equal(cells.length, 16);
    assert.equal(cells.map((cell) => cell.text).join(''), reference.in_place);
  });

  test('the folder says how much context the model was trained with', () => {
    assert.equal(checkpoint.family.window, 128);
  });
});
