// Ghost text at the cursor. It is silent when it fails, gives up for real when the typing goes on, and never asks twice
// for what it knows.
import {
  type CancellationToken,
  type InlineCompletionContext,
  InlineCompletionItem,
  InlineCompletionTriggerKind,
  type Position,
  Range,
  type TextDocument,
} from 'vscode';
import { toEngineError } from '../../engine/errors';
import { type EngineSupervisor, isCrash } from '../engine/supervisor';
import type { Exclusions } from '../privacy/exclusions';
import { type GhostSettings, ghostSettings } from '../settings';
import { excerptAround } from '../text/excerpt';
import { rangeOf } from '../text/ranges';
import { GhostCache, type Remembered } from './cache';
import { AdaptiveDelay } from './delay';
import { offersOf, textsOf } from './offer';
import type { OpenTexts } from './openTexts';
import { refusalOf } from './position';

interface GhostLog {
  debug(message: string): void;
}

export interface GhostServices {
  readonly engine: EngineSupervisor;
  readonly exclusions: Exclusions;
  readonly openTexts: OpenTexts;
  readonly isSnoozed: () => boolean;
  readonly log: GhostLog;
}

/** What the person can go through; the editor asks for them only when somebody does. */
const CANDIDATES = 3;

interface Request {
  readonly document: TextDocument;
  readonly before: string;
  readonly after: string;
  readonly isAsked: boolean;
  readonly settings: GhostSettings;
  readonly token: CancellationToken;
}

export class GhostText {
  private readonly cache = new GhostCache();
  private readonly delay = new AdaptiveDelay();

  constructor(private readonly services: GhostServices) {}

  async provide(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    token: CancellationToken,
  ): Promise<InlineCompletionItem[]> {
    const isAsked = context.triggerKind === InlineCompletionTriggerKind.Invoke;
    const settings = ghostSettings(document);
    if (!isAsked && (settings.onlyWhenAsked || this.services.isSnoozed())) return [];
    const text = document.getText();
    const offset = document.offsetAt(position);
    // The widget's choice stands in the line as if it were typed: what is offered must go on from there.
    const chosen = context.selectedCompletionInfo;
    const from = chosen === undefined ? offset : document.offsetAt(chosen.range.start);
    const before = text.slice(0, from) + (chosen?.text ?? '');
    const after = text.slice(offset);
    if (refusalOf({ before, after, language: document.languageId }, { isAsked, ...settings })) return [];

    const known = await this.known({ document, before, after, isAsked, settings, token });
    if (known === undefined || token.isCancellationRequested) return [];
    if (chosen !== undefined) {
      const end = document.positionAt(offset + known.replaces);
      const range = new Range(chosen.range.start, end);
      return known.texts.map((rest) => new InlineCompletionItem(chosen.text + rest, range));
    }
    return offersOf(before, known).map(
      (offer) => new InlineCompletionItem(offer.text, rangeOf(document, offer)),
    );
  }

  forget(): void {
    this.cache.clear();
  }

  private async known(request: Request): Promise<Remembered | undefined> {
    const { document, before, after, isAsked, settings, token } = request;
    const place = { document: document.uri.toString(), before, after };
    const known = this.cache.find(place);
    if (known !== undefined && (known.isFull || !isAsked)) return known;

    this.delay.asked(performance.now());
    // Git is asked while the keys come to rest.
    const mayRead = this.services.exclusions.whyText(document, before + after);
    if (!isAsked && !(await rest(this.delay.wait(settings.delay), token))) return undefined;
    if ((await mayRead) !== undefined || token.isCancellationRequested) return undefined;
    const answers = await this.ask(request);
    if (answers === undefined) return undefined;
    // What was seen before stays the first: going through candidates must not change the one that is shown.
    const texts = textsOf([...(known?.replaces === 0 ? known.texts : []), ...answers], after);
    this.cache.add(place, texts, isAsked);
    return { typed: 0, texts, replaces: 0, isFull: isAsked };
  }

  private async ask(request: Request): Promise<readonly string[] | undefined> {
    const { document, before, after, isAsked, settings, token } = request;
    const { engine, log, openTexts } = this.services;
    const controller = new AbortController();
    const listening = token.onCancellationRequested(() => controller.abort());
    const { text, base } = excerptAround(before + after, [{ start: before.length, end: before.length }]);
    const at = before.length - base;
    try {
      const others = await openTexts.near(document);
      const started = performance.now();
      const result = await engine.use(
        ({ client, model }) =>
          client.infill(
            {
              model: model.folder,
              text,
              spans: [{ start: at, end: at }],
              language: document.languageId,
              fileName: document.fileName,
              document: document.uri.toString(),
              priority: 'ghost',
              seed: 0,
              maxTokens: settings.maxTokens,
              ...(others.length > 0 ? { openTexts: others } : {}),
              ...(isAsked ? { candidates: CANDIDATES } : { gate: settings.gate }),
            },
            { signal: controller.signal },
          ),
        { signal: controller.signal },
      );
      if (!isAsked) this.delay.answered(performance.now() - started);
      return result.candidates.flatMap(({ spans: [span] }) => (span?.start === at ? [span.text] : []));
    } catch (thrown) {
      const error = toEngineError(thrown);
      // Nobody asked out loud, so nobody is told out loud; crashes are told by the status bar.
      if (!isCrash(error)) log.debug(`Ghost text: ${error.code}. ${error.message}`);
      return undefined;
    } finally {
      listening.dispose();
    }
  }
}

/** False when the typing went on. */
function rest(millis: number, token: CancellationToken): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(true), millis);
    const listening = token.onCancellationRequested(() => done(false));
    const done = (rested: boolean) => {
      clearTimeout(timer);
      listening.dispose();
      resolve(rested && !token.isCancellationRequested);
    };
    if (token.isCancellationRequested) done(false);
  });
}
