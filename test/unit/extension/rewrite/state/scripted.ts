// A rewrite of one span, and what may happen to it.
import assert from 'node:assert/strict';
import { EngineError } from '../../../../../engine/errors';
import { begin, decide } from '../../../../../extension/rewrite/state/machine';
import type { RewriteEvent, RewriteState } from '../../../../../extension/rewrite/state/transitions';
import type { Span } from '../../../../../extension/rewrite/state/types';

export const spans: readonly Span[] = [{ start: 4, end: 7, old: 'old' }];
export const answered = (...texts: readonly string[]): RewriteEvent => ({
  kind: 'answered',
  spans,
  candidates: texts.map((text) => ({ texts: [text] })),
});
export const poor = (...texts: readonly string[]): RewriteEvent => ({
  kind: 'answered',
  spans,
  candidates: texts.map((text) => ({
    texts: [text],
    quality: { mark: 'poor', reasons: ['does-not-parse'] },
  })),
});
export const changed = (offset: number, text: string): RewriteEvent => ({
  kind: 'changed',
  isTurn: false,
  changes: [{ offset, length: 0, text }],
  text: `now with ${text} at ${offset}`,
});
export const accept: RewriteEvent = { kind: 'accept', text: 'the document' };
export const applied = (done: boolean, text = 'the document'): RewriteEvent => ({
  kind: 'applied',
  done,
  text,
});
export const failed: RewriteEvent = {
  kind: 'failed',
  error: new EngineError('out-of-memory', 'It is too much.'),
};
export const lost: RewriteEvent = { kind: 'failed', error: new EngineError('engine-exited', 'It is gone.') };

export function after(...events: readonly RewriteEvent[]): {
  state: RewriteState;
  effects: readonly string[];
} {
  let { state, effects } = begin(spans, { seed: 0 });
  for (const event of events) ({ state, effects } = decide(state, event));
  return { state, effects: effects.map(({ kind }) => kind) };
}
export const reviewIn = (state: RewriteState) =>
  state.kind === 'reviewing' ? state.review : assert.fail(state.kind);
