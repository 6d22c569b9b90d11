// A client of the servers behind a balancer: what becomes of its requests, and how their steps arrive.
import { progress } from '../harness';
import type { Place } from './places';

/** `refused`: 429 or 503, to be tried again. `cut`: steps without a result at their end. `lost`: anything else that is no answer. */
export type Outcome = 'answered' | 'refused' | 'cut' | 'lost';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly isStream: boolean;
  readonly retryAfter: string | null;
}

type Where = Pick<Place, 'text' | 'at'> & { readonly language?: string; readonly length?: number };

const MAX_TOKENS = 16;

export async function outcomeOf(ask: () => Promise<Answer>): Promise<Outcome> {
  try {
    const { status, text, isStream } = await ask();
    if (status === 429 || status === 503) return 'refused';
    if (status !== 200) return lost(`${status} ${text.slice(0, 200)}`);
    if (!isStream) return Array.isArray(JSON.parse(text).candidates) ? 'answered' : lost(text);
    return /^event: result$/m.test(text) ? 'answered' : 'cut';
  } catch (error) {
    // A connection that ends in the middle of an answer is an answer that was cut.
    return error instanceof CutError ? 'cut' : lost(String(error));
  }
}

function lost(why: string): Outcome {
  progress(`lost: ${why}`);
  return 'lost';
}

class CutError extends Error {}

/** Requests that an engine has answered. */
export async function countsOf(url: string, token: string): Promise<number> {
  const page = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } });
  const lines = (await page.text()).matchAll(/^palimpsest_requests_total\{route="\/v1\/infill".*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

export class Asker {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  get(place: string, token = this.token): Promise<Response> {
    return fetch(this.url + place, { headers: token === '' ? {} : { Authorization: `Bearer ${token}` } });
  }

  post(place: string, client: string, body: object): Promise<Response> {
    return fetch(this.url + place, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${this.token}`,
        'Content-Type': 'application/json',
        'Palimpsest-Client': client,
      },
      body: JSON.stringify(body),
    });
  }

  async infill(
    client: string,
    { text, at, length = 0, ...more }: Where,
    options: { readonly stream?: boolean; readonly seed?: number } = {},
  ): Promise<Answer> {
    const spans = [{ start: at, end: at + length }];
    const response = await this.post('/v1/infill', client, {
      text,
      spans,
      maxTokens: MAX_TOKENS,
      ...more,
      ...options,
    });
    const { status, headers } = response;
    const answer = { status, isStream: options.stream === true, retryAfter: headers.get('retry-after') };
    try {
      return { ...answer, text: await response.text() };
    } catch {
      throw new CutError();
    }
  }

  /**
   * Denoise steps of a request that takes a hundred of them, and the time from the first to the last as they arrive. `isEnough`: asks for
   * the draft at the first one; `status` is that request's.
   */
  async steps(
    client: string,
    { text, at, length = 0 }: Where,
    isEnough = false,
  ): Promise<{ readonly count: number; readonly millis: number; readonly status: number | undefined }> {
    const response = await this.post('/v1/infill', client, {
      ...{ text, spans: [{ start: at, end: at + length }], stream: true, candidates: 1 },
      ...{ rule: 'top-k', copying: 'off', strength: 1 },
    });
    const times: number[] = [];
    let [pending, status, id] = ['', undefined as number | undefined, ''];
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      pending += decoder.decode(piece as Uint8Array, { stream: true });
      const events = pending.split('\n\n');
      pending = events.pop() ?? '';
      for (const event of events) {
        if (event.startsWith('event: accepted')) id = JSON.parse(event.slice(event.indexOf('{'))).id;
        if (!event.startsWith('event: step')) continue;
        times.push(performance.now());
        if (isEnough && times.length === 1)
          status = (await this.post('/v1/infill/enough', client, { id })).status;
      }
    }
    return { count: times.length, millis: (times.at(-1) ?? 0) - (times[0] ?? 0), status };
  }
}
