// What a reader of data files tells of a text.

export interface DataFaults {
  /** Places where the text is none of its language. */
  readonly errors: number;
  /** Keys that a map has already. */
  readonly declaredTwice: number;
}

export interface DataReader {
  /** Undefined where the text is too long, or nested too deep. */
  readonly faults: (text: string) => DataFaults | undefined;
  /** Whether it goes on behind a fault, so that faults can be counted. */
  readonly goesOn: boolean;
}
