// What the whole extension means by a range, an edit and a change of a text.

/** UTF-16 offsets; `end` is exclusive. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

/** `text` takes the place of what is between the offsets. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** As VS Code reports it: `length` characters at `offset` were replaced by `text`. */
export interface TextChange {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}
