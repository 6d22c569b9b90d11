// Another Palimpsest (`palimpsest serve`, docs/server.md): everything that the engine can do, elsewhere. Its answers are read as
// anybody's: no place outside the spans that were asked for is ever written to.
import { randomUUID } from 'node:crypto';
import { FlawFinder } from '../candidates/quality/flaws';
import { indexLines, rangeAt } from '../canvas/position';
import { placeSpans } from '../canvas/spans';
import { type JsonObject, own } from '../checkpoint/json';
import { throwIfCancelled } from '../errors';
import type { Model } from '../model';
import type {
  Candidate,
  DenoiseStepEvent,
  Estimate,
  InfillParams,
  InfillResult,
  ModelDescription,
  ScoreParams,
  ScoreResult,
} from '../protocol';
import {
  acceptedOf,
  descriptionOf,
  estimateOf,
  infillOf,
  reading,
  scoreOf,
  stepOf,
} from './palimpsestMessages';
import type { ServerClient } from './serverClient';
import { brokenOff, invalidAnswer } from './serverErrors';
import { withholdSecrets } from './withheld';

type Context = NonNullable<Parameters<Model['infill']>[1]>;

/** Milliseconds between two looks whether the draft will do. */
const EVERY = 50;

/** Rejects with EngineError also where the server is none of ours. */
export async function connectPalimpsest(
  name: string,
  client: ServerClient,
  signal: AbortSignal | undefined,
): Promise<Model> {
  const answer = await client.trying('rewrite', signal, () => client.ask({ path: '/v1/models', signal }));
  const list = own(answer, 'data');
  const first: { palimpsest?: unknown } = Object(Array.isArray(list) ? list[0] : undefined);
  if (first.palimpsest === undefined)
    throw invalidAnswer(
      client.party,
      'is not a Palimpsest server. Choose another kind of server, or start one with palimpsest serve.',
    );
  const { host } = client.party;
  const described = reading(client.party, () => descriptionOf(first.palimpsest));
  const description: ModelDescription = {
    ...described,
    // The memory of this side stays here, and the server has none of it.
    copies: false,
    folder: name,
    providerReason: `It runs on ${host}. ${described.providerReason}`.trim(),
    server: { kind: 'palimpsest', host, gaps: [] },
  };
  return new PalimpsestModel(description, client);
}

class PalimpsestModel implements Model {
  /** The server knows by it which requests replace one another; it says nothing about who asks. */
  private readonly clientName = randomUUID();

  constructor(
    readonly description: ModelDescription,
    private readonly client: ServerClient,
  ) {}

  async infill(params: InfillParams, context: Context = {}): Promise<InfillResult> {
    await this.withhold(params);
    const { signal } = context;
    const body = { ...wishesOf(params), stream: true };
    const answer = await this.client.trying(params.priority, signal, () =>
      this.listen('/v1/infill', body, params, context),
    );
    throwIfCancelled(signal);
    const result = reading(this.client.party, () => infillOf(answer));
    return {
      ...result,
      candidates: result.candidates
        .map((candidate) => this.placed(candidate, params))
        .filter(({ confidence = 1 }) => confidence >= (params.gate ?? 0)),
    };
  }

  async estimate(params: InfillParams): Promise<Estimate> {
    await this.withhold(params);
    const answer = await this.client.trying('ghost', undefined, () =>
      this.client.ask({ path: '/v1/estimate', body: wishesOf(params), headers: this.headers }),
    );
    return reading(this.client.party, () => estimateOf(answer));
  }

  async score(params: ScoreParams, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ScoreResult> {
    await this.withhold(params);
    const { text, language, range, priority, interactive, withEnd } = params;
    // As the answers are, so that what is around the range is read once.
    const body = { text, language, range, priority, interactive, withEnd };
    const answer = await this.client.trying(priority, signal, () =>
      this.client.ask({ path: '/v1/score', body, signal, headers: this.headers }),
    );
    const result = reading(this.client.party, () => scoreOf(answer));
    const isInside = result.tokens.every(({ start, end }) => start <= end && end <= text.length);
    if (!isInside) throw invalidAnswer(this.client.party, 'scores tokens outside the text.');
    return result;
  }

  async dispose(): Promise<void> {
    this.client.close();
  }

  private get headers(): Readonly<Record<string, string>> {
    return { 'Palimpsest-Client': this.clientName };
  }

  private withhold({ text, fileName, language }: InfillParams | ScoreParams): Promise<void> {
    return withholdSecrets({ text, fileName, language, host: this.client.party.host });
  }

  /** The result's event. Rejects with EngineError or `Passing`. */
  private async listen(
    path: string,
    body: object,
    { requestId }: InfillParams,
    { signal, onStep, enough }: Context,
  ): Promise<JsonObject> {
    const { client } = this;
    let id: string | undefined;
    let isTold = false;
    const tell = () => {
      if (isTold || id === undefined || !enough?.()) return;
      isTold = true;
      void client
        .ask({ path: '/v1/infill/enough', body: { id }, headers: this.headers, isSilent: true })
        .catch(() => undefined);
    };
    const timer = enough === undefined ? undefined : setInterval(tell, EVERY);
    timer?.unref();
    try {
      // Each step repeats the whole span, and none is kept: their sum says nothing.
      const question = { path, body, signal, headers: this.headers, mostBytes: Number.POSITIVE_INFINITY };
      for await (const { name, data } of client.events(question)) {
        const event = client.objectOf(data);
        if (name === 'result' || name === 'whole') return event;
        if (name === 'accepted') id = reading(client.party, () => acceptedOf(event)).id;
        if (name === 'step' && onStep !== undefined) {
          const step: Omit<DenoiseStepEvent, 'requestId'> = reading(client.party, () => stepOf(event));
          onStep({ ...step, requestId });
        }
      }
    } finally {
      clearInterval(timer);
    }
    throw brokenOff(client.party);
  }

  /** The candidate in the spans that were asked for, with what this engine finds wrong with it. */
  private placed(candidate: Candidate, { text, spans, language }: InfillParams): Candidate {
    const placed = placeSpans(text, spans);
    const answered = candidate.spans;
    const fits =
      answered.length === spans.length &&
      placed.every(
        ({ index, start, end }) => answered[index]?.start === start && answered[index]?.end === end,
      );
    if (!fits) throw invalidAnswer(this.client.party, 'answers for other places than it was asked about.');
    const lines = indexLines(text);
    const texts = placed.map(({ index }) => answered[index]?.text ?? '');
    // The gate was fitted to other answers than those.
    const gate = candidate.isUnfitted ? undefined : this.description.gate;
    const finder = new FlawFinder(text, placed, gate, language);
    return {
      score: candidate.score,
      ...(candidate.confidence === undefined ? {} : { confidence: candidate.confidence }),
      ...(candidate.isUnfitted ? { isUnfitted: true } : {}),
      flaws: finder.flawsOf(texts, candidate.confidence),
      spans: answered.map(({ start, end, text: written, source }) => ({
        range: rangeAt(lines, start, end),
        start,
        end,
        text: written,
        // A path would be one of the server's own.
        ...(source === undefined || source.path !== undefined ? {} : { source: { line: source.line } }),
      })),
    };
  }
}

/** What the server is to know: the text and what is wanted of it; no paths, no other file. */
function wishesOf(params: InfillParams): object {
  const {
    requestId: _id,
    model: _model,
    document: _document,
    fileName: _fileName,
    openTexts: _openTexts,
    memory: _memory,
    events: _events,
    ...wishes
  } = params;
  return wishes;
}
