// A file system may be a network drive that has gone away: nothing of it is waited for without end.

/** Undefined where the promise is not fulfilled within so many milliseconds, or is rejected. */
export function inTime<T>(promise: PromiseLike<T>, millis: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(undefined), millis);
    const settled = (value?: T) => {
      clearTimeout(late);
      resolve(value);
    };
    promise.then(settled, () => settled());
  });
}
