// A hole put before a model that only answers, and what of its answer is code. The server puts the model's own template around
// it, so the answer's block is the model's to begin.
import { fencedCode, fenceFor } from '../candidates/answer/fences';
import { placedCode } from '../candidates/answer/placed';
import { indentUnitNear } from '../candidates/indentation';
import { question } from '../infill/prompt';
import type { FillRequest } from './backend';

export function chatPrompt({ before, selected, after, language, instruction }: FillRequest): string {
  return question({ before, selected, after, language, instruction });
}

/** The code that was asked for, as it stands in its place; undefined where there is none, or where it breaks off and is no draft. */
export function codeIn(answer: string, request: FillRequest, isDraft: boolean): string | undefined {
  const { before, selected, after, language, instruction = '' } = request;
  const fence = fenceFor(before, selected, after, instruction);
  // A model may take a shorter fence than the one that it is shown.
  const asked = { language, original: selected, isWhole: true, isDraft };
  const code = fencedCode(answer, { ...asked, fence }) ?? fencedCode(answer, { ...asked, fence: '```' });
  if (code === undefined) return undefined;
  const unit = indentUnitNear(before + selected + after, before.length);
  return placedCode(code, { before, original: selected, after, unit });
}
