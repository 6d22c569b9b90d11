// Places in a text, and what takes their place.

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
