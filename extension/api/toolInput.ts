// What a language model hands to the tool, with the errors of this API. Pure.

import type { LineRange, ToolInput } from '../../engine/tools/toolInput';
import { offsetsOf as offsetsIn, readToolInput } from '../../engine/tools/toolInput';
import { checkedAs } from './requests';

export { diffOf, type ToolInput } from '../../engine/tools/toolInput';

export function checkInput(input: unknown): ToolInput {
  return checkedAs(readToolInput, input);
}

/** UTF-16 offsets. Without columns whole lines are meant, their indentation and line end left out. */
export function offsetsOf(text: string, range: LineRange): ReturnType<typeof offsetsIn> {
  return checkedAs(() => offsetsIn(text, range), undefined);
}
