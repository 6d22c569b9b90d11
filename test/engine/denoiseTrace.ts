// Two requests of a tiny model, the second of which meets the first one's cache: the tokens of every step, and the answers. What one
// device gives, another must give, too.
import { Infiller } from '../../engine/infill/infiller';
import type { InfillParams, ModelDescription, ProviderName } from '../../engine/protocol';
import type { FixtureModel } from './fixtureModel';

const text =
  'def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result\n';
const start = text.indexOf('result += value');

export interface DenoiseTrace {
  readonly steps: readonly string[];
  readonly results: readonly (readonly (readonly string[])[])[];
}

export async function denoiseTrace(
  model: FixtureModel,
  provider: ProviderName,
  options: Partial<InfillParams>,
): Promise<DenoiseTrace> {
  const { checkpoint, session } = model;
  const description: ModelDescription = {
    folder: checkpoint.folder,
    name: checkpoint.name,
    family: checkpoint.family.id,
    familyTitle: checkpoint.family.title,
    parameters: checkpoint.parameters,
    contextLength: checkpoint.shape.contextLength,
    provider,
    providerReason: '',
    attention: 'plain',
    precision: 'fp32',
    storedPrecision: checkpoint.storedDtype,
    takesInstruction: false,
    remarks: [],
  };
  const infiller = new Infiller(checkpoint, description, session);
  const steps: string[] = [];
  const results = [];
  for (const shift of [0, 1]) {
    const result = await infiller.infill(
      {
        requestId: shift,
        model: 'fixture',
        priority: 'rewrite',
        text: 'x\n'.repeat(shift) + text,
        language: 'python',
        spans: [{ start: start + 2 * shift, end: start + 2 * shift + 'result += value'.length }],
        maxTokens: 24,
        ...options,
      },
      {
        onStep: (step) =>
          steps.push(`${step.candidate}:${step.cells.map((cell) => `${cell.state}${cell.text}`).join('|')}`),
      },
    );
    results.push(result.candidates.map((candidate) => candidate.spans.map((span) => span.text)));
  }
  infiller.dispose();
  return { steps, results };
}
