// What a line takes a model of the catalogue, as it is said.
import assert from 'node:assert/strict';
import { catalogue } from '../../../engine/hub/catalogue';
import { secondsText } from '../../../engine/hub/speed';

/** In the form of a pattern. */
export function timeOf(model: string, what: 'oneLine' | 'tenLines'): string {
  const seconds = catalogue().find(({ id }) => id === model)?.speed?.[what];
  assert.ok(seconds !== undefined, model);
  return secondsText(seconds).replace('.', '\\.');
}
