/** Runs a generator to its end, as if nobody else had anything to do. */
export function drive<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
