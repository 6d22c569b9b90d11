// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as far as servers of models use them.

export interface StreamEvent {
  /** `message` where the server gives none. */
  readonly name: string;
  readonly data: string;
}

/** UTF-16 units of what is not yet a whole line, and of one event. */
const LONGEST = 8_000_000;

/**
 * Whole events in their order; comments are left out, and so is an event that the end cuts.
 * @param tooLong thrown where a line or an event has no end
 */
export async function* eventsIn(
  pieces: AsyncIterable<Uint8Array>,
  tooLong: () => Error,
): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let name = '';
  let data: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    rest += decoder.decode(piece, { stream: true });
    // A carriage return at the very end may be half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST) throw tooLong();
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { name: name || 'message', data: data.join('\n') };
        [name, data, length] = ['', [], 0];
        continue;
      }
      const [, field = '', value = ''] = /^([^:]*):? ?([\s\S]*)$/.exec(line) ?? [];
      if (field === 'event') name = value;
      if (field === 'data') {
        // Its line break counts too: empty lines fill the memory as well.
        length += value.length + 1;
        if (length > LONGEST) throw tooLong();
        data.push(value);
      }
    }
  }
}
