/** The offset at which each line of a text begins (UTF-16 code units), lines as the editor counts them. */
export function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ index, 0: end }) => index + end.length)];
}
