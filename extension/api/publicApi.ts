// The door for other extensions and agents: the same engine, the same rules about what may be read, nothing on the screen
// and nothing edited.
import { type CancellationToken, Uri, workspace } from 'vscode';
import type { ReadyEngine } from '../../engine/rpc/readyEngine';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import type { EngineSupervisor } from '../engine/supervisor';
import type { Surroundings } from '../memory/surroundings';
import { type Exclusions, sayExclusion } from '../privacy/exclusions';
import { judged } from '../rewrite/judge';
import { applyEdits, inOrder } from '../text/edits';
import { excerptAround } from '../text/excerpt';
import type { InfillAnswer, InfillRequest, PalimpsestApi, ScoreAnswer, ScoreRequest } from './palimpsest';
import { ApiError, checkInfill, checkLanguage, checkScore, checkText, fieldsOf, invalid } from './requests';

export interface DoorServices {
  readonly engine: EngineSupervisor;
  readonly exclusions: Exclusions;
  readonly surroundings: Surroundings;
  readonly syntax: Pick<SyntaxTrees, 'ask'>;
}

interface Source {
  readonly uri: Uri;
  readonly text: string;
  readonly language: string | undefined;
  /** What decides whether it may be read: a caller's word does not make another language of a document. */
  readonly languageId: string;
}

export class Door implements Pick<PalimpsestApi, 'infill' | 'score'> {
  constructor(private readonly services: DoorServices) {}

  /** `interactive`: a person waits, so that a slow model takes in less; else the answer is the same on every machine. */
  async infill(
    request: InfillRequest,
    token?: CancellationToken,
    interactive = false,
  ): Promise<InfillAnswer> {
    const source = await this.sourceOf(request);
    const { spans, ...options } = checkInfill(request, source.text.length);
    const { text, base } = excerptAround(source.text, spans);
    const moved = spans.map(({ start, end, locked }) => ({
      start: start - base,
      end: end - base,
      ...(locked === undefined
        ? {}
        : { locked: locked.map((one) => ({ start: one.start - base, end: one.end - base })) }),
    }));
    let isModelUnfitted = false;
    const result = await this.ask(token, ({ client, model }, signal) => {
      isModelUnfitted = model.gate === undefined;
      return client.infill(
        {
          model: model.folder,
          text,
          spans: moved,
          fileName: source.uri.path,
          ...(source.language === undefined ? {} : { language: source.language }),
          ...options,
          ...this.services.surroundings.of(source.uri, source.text),
          priority: 'background',
          interactive,
        },
        { signal },
      );
    });
    const answers = result.candidates.map(({ isUnfitted = isModelUnfitted, ...candidate }) => ({
      ...candidate,
      texts: candidate.spans.map((span) => span.text),
      ...(isUnfitted ? { isUnfitted } : {}),
    }));
    const old = spans.map(({ start, end }) => ({ start, end, old: source.text.slice(start, end) }));
    const marked = await judged(this.services.syntax, source, old, answers);
    return {
      model: result.model,
      provider: result.provider,
      millis: result.millis,
      candidates: answers.map((candidate) => {
        const quality = marked.find(({ texts }) => texts === candidate.texts)?.quality;
        const placed = candidate.spans.map((span) => ({
          start: span.start + base,
          end: span.end + base,
          text: span.text,
        }));
        return {
          score: candidate.score,
          ...(candidate.confidence === undefined ? {} : { confidence: candidate.confidence }),
          ...(quality === undefined ? {} : { quality }),
          spans: placed,
          text: applyEdits(source.text, inOrder(placed)),
        };
      }),
    };
  }

  async score(request: ScoreRequest, token?: CancellationToken): Promise<ScoreAnswer> {
    const source = await this.sourceOf(request);
    const { range } = checkScore(request, source.text.length);
    const { model, method, millis, tokens } = await this.ask(token, (engine, signal) =>
      engine.client.score(
        {
          model: engine.model.folder,
          text: source.text,
          fileName: source.uri.path,
          ...(source.language === undefined ? {} : { language: source.language }),
          ...(range === undefined ? {} : { range }),
          priority: 'background',
        },
        { signal },
      ),
    );
    return { model, method, millis, tokens };
  }

  private async sourceOf(request: unknown): Promise<Source> {
    const { uri, text, language } = fieldsOf(request);
    if (uri !== undefined && !(uri instanceof Uri)) throw invalid('`uri` is a vscode.Uri.');
    if (uri === undefined && text === undefined) throw invalid('The request has a `uri`, a `text`, or both.');
    const asked = checkLanguage(language);
    const source =
      uri !== undefined && text === undefined
        ? await documentAt(uri, asked)
        : {
            uri: uri ?? Uri.from({ scheme: 'untitled', path: 'text' }),
            text: checkText(text),
            language: asked,
            languageId: asked ?? 'plaintext',
          };
    const { exclusions } = this.services;
    const why = await exclusions.whyText(source, source.text);
    if (why !== undefined) throw new ApiError('excluded', sayExclusion(why));
    return source;
  }

  private async ask<T>(
    token: CancellationToken | undefined,
    work: (engine: ReadyEngine, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    if (token?.isCancellationRequested) controller.abort();
    const listening = token?.onCancellationRequested(() => controller.abort());
    const { signal } = controller;
    try {
      return await this.services.engine.use((engine) => work(engine, signal), { signal, revive: true });
    } finally {
      listening?.dispose();
    }
  }
}

async function documentAt(uri: Uri, asked: string | undefined): Promise<Source> {
  try {
    const document = await workspace.openTextDocument(uri);
    const { languageId } = document;
    return { uri, text: checkText(document.getText()), language: asked ?? languageId, languageId };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`${uri.toString()} cannot be read: ${reason}`);
  }
}
