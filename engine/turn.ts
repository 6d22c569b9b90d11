// The event loop, where work that blocks it has to let others have their turn.

/** One turn of the event loop, in which messages are read. */
export function giveTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
