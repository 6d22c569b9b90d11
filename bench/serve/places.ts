// Places to fill in: in this repository's own sources, the same ones each time.
import { sourceTexts } from '../precision/rows';

export interface Place {
  readonly text: string;
  /** UTF-16 offset of the cursor: the end of a line. */
  readonly at: number;
  readonly language: string;
}

/** Lines of a text at most. */
const LINES = 300;

export function places(count: number): readonly Place[] {
  const sources = sourceTexts();
  return Array.from({ length: count }, (_, i) => {
    const { text = '', language = '' } = sources[(i * 31) % sources.length] ?? {};
    const lines = text.split('\n').slice(0, LINES);
    const line = Math.floor(lines.length * (0.3 + 0.4 * ((i * 0.618) % 1)));
    return { text: lines.join('\n'), at: lines.slice(0, line + 1).join('\n').length, language };
  });
}
