// What the whole extension means by a range, an edit and a change of a text.

export type { OffsetRange, TextEdit } from '../../engine/syntax/types';

/** As VS Code reports it: `length` characters at `offset` were replaced by `text`. */
export interface TextChange {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}
