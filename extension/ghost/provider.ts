// Ghost text at the cursor, as the editor asks for it. Silent when it fails; the status bar says why there is none.
import {
  type CancellationToken,
  commands,
  type InlineCompletionContext,
  InlineCompletionItem,
  type Position,
  Range,
  type TextDocument,
  window,
} from 'vscode';
import { type EngineError, toEngineError } from '../../engine/errors';
import { BackOff } from '../../engine/ghost/backOff';
import { Wait } from '../../engine/ghost/wait';
import type { Exclusion } from '../../engine/privacy/secrets';
import { type CopySource, DEFAULT_GATE, type InfillParams } from '../../engine/protocol';
import { isCrash } from '../../engine/rpc/failures';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { setContext } from '../common/contextKeys';
import type { EngineSupervisor } from '../engine/supervisor';
import type { Surroundings } from '../memory/surroundings';
import type { Exclusions } from '../privacy/exclusions';
import { sayReading, saySteps } from '../rewrite/denoise/wait';
import { adaptsToSpeed, type GhostSettings, ghostSettings, oneAtATime } from '../settings';
import { excerptAround } from '../text/excerpt';
import { rangeOf } from '../text/ranges';
import { say } from '../ui/statusMessage';
import type { Remembered } from './cache';
import type { EditKind } from './editKind';
import { fitting } from './fitting';
import { offersOf, textsOf, visibleOf } from './offer';
import { Offered } from './offered';
import { refusalOf } from './position';
import { type GhostQuestion, GhostRequests } from './requests';
import { type Report, Seeking } from './seeking';
import { type Silence, sayWhySilent } from './silence';
import { Sources } from './sources';

interface GhostLog {
  debug(message: string): void;
}

export interface GhostServices {
  readonly engine: EngineSupervisor;
  readonly exclusions: Exclusions;
  readonly surroundings: Surroundings;
  readonly syntax: SyntaxTrees;
  readonly isSnoozed: () => boolean;
  readonly lastEdit: (document: TextDocument) => EditKind;
  /** Whether the engine has something else to do first, so that waiting says nothing about the model. */
  readonly isBusy: () => boolean;
  /** Told why there is nothing; undefined: there is something. */
  readonly silent: (why: Silence | undefined) => void;
  /** Told where the text that is offered first is copied from. */
  readonly copied: (source: CopySource | undefined, document?: TextDocument) => void;
  readonly log: GhostLog;
}

/** What the person can go through; the editor asks for them only when somebody does. */
const CANDIDATES = 3;

interface Question extends GhostQuestion {
  readonly of: TextDocument;
  readonly settings: GhostSettings;
  /** Why the file may not be read; asked once, while the keys come to rest. */
  readonly exclusion: Promise<Exclusion | undefined>;
  /** Told how far it is, where a person pressed a key for it. */
  readonly report?: Report | undefined;
}

export class GhostText {
  private readonly offered = new Offered();
  private readonly sources = new Sources();
  /** What is known of the model's speed; a wait that began with another one counts for that. */
  private backOff = new BackOff();
  private readonly requests: GhostRequests<Question>;
  /** Settings and model: what was answered before they changed counts for nothing. */
  private generation = 0;
  /** Where something of ours may be on the screen. */
  private offersIn: TextDocument | undefined;
  private readonly seeking = new Seeking();

  constructor(private readonly services: GhostServices) {
    this.requests = new GhostRequests<Question>({
      ask: (question, signal) => this.ask(question, signal),
      late: () => services.silent('late'),
    });
  }

  async provide(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    token: CancellationToken,
  ): Promise<InlineCompletionItem[]> {
    const offset = document.offsetAt(position);
    const isAsked = this.seeking.isAsked(document, offset, context.triggerKind);
    const settings = ghostSettings(document);
    // The editor asks once more by itself where nothing came of a key: why is said already.
    const isTold = !isAsked && this.seeking.hasBeenAsked(document, offset);
    const because = (why: Silence): [] => (isTold ? [] : this.nothing(why));
    if (!isAsked && settings.onlyWhenAsked) return because('on request');
    if (!isAsked && this.services.isSnoozed()) return [];
    const text = document.getText();
    // The widget's choice stands in the line as if it were typed: what is offered must go on from there.
    const chosen = choiceIn(context, text, document, offset);
    const from = chosen === undefined ? offset : document.offsetAt(chosen.range.start);
    const before = text.slice(0, from) + (chosen?.text ?? '');
    const after = text.slice(offset);
    const refusal = refusalOf({ before, after, language: document.languageId }, { isAsked, ...settings });
    if (refusal !== undefined) return because(refusal);

    const looked = { before, after, isAsked, settings, token };
    const known = isAsked
      ? await this.seeking.run(document, offset, token, (report) =>
          this.find(document, { ...looked, report }),
        )
      : await this.find(document, looked);
    if (known === undefined || token.isCancellationRequested) return [];
    if (typeof known === 'string' || !('texts' in known)) return because(known);
    const nothing = (why: Silence): [] => {
      // Who pressed a key for it looks here, and not into the status bar's hover.
      if (isAsked) say(sayWhySilent(why));
      return because(why);
    };
    const key = document.uri.toString();
    if (isAsked) this.offered.forgive();
    const visible = visibleOf(known, after);
    const texts = visible.filter((one) => !this.offered.isDismissed(key, before, one));
    this.offered.offer(key, before, texts);
    // What was answered before is offered, or not, for the same reasons as then.
    if (texts.length === 0) return nothing(visible.length > 0 ? 'dismissed' : isAsked ? 'none' : 'unsure');
    this.services.silent(undefined);
    const source = this.sources.of(key, before, texts[0] ?? '');
    this.services.copied(source, document);
    this.offersIn = document;
    // Escape is ours only where there may be something of ours to take away.
    setContext('palimpsest.offersGhostText', true);
    if (chosen !== undefined) {
      const end = document.positionAt(offset + known.replaces);
      const range = new Range(chosen.range.start, end);
      return texts.map((rest) => new InlineCompletionItem(chosen.text + rest, range));
    }
    return offersOf(before, { ...known, texts }).map(
      (offer) => new InlineCompletionItem(offer.text, rangeOf(document, offer)),
    );
  }

  /** What is offered now, or looked for, is not wanted. */
  dismiss(): void {
    this.requests.giveUp();
    this.seeking.forget();
    // What was offered before, perhaps elsewhere, is not what is given up now.
    if (!this.seeking.isUnderWay) this.offered.dismiss();
  }

  /** Who goes elsewhere does not wait any more for what they asked for by key; the editor takes it back a while later. */
  cursorMoved(document: TextDocument, position: Position): void {
    if (this.seeking.isLeft(document, document.offsetAt(position))) this.requests.giveUp();
  }

  /** The same for who goes to another file. */
  editorChanged(document: TextDocument): void {
    if (this.seeking.isOutside(document)) this.requests.giveUp();
  }

  /** A review has its own new lines where ghost text was. */
  giveWay(): void {
    this.offersIn = undefined;
  }

  /** All that was answered. What of it is on the screen goes, too, for nobody asks again before the next key. */
  forget(): void {
    const { offersIn } = this;
    this.offersIn = undefined;
    if (offersIn !== undefined && offersIn === window.activeTextEditor?.document)
      void commands.executeCommand('editor.action.inlineSuggest.hide');
    this.generation++;
    this.seeking.forget();
    this.sources.clear();
    this.backOff = new BackOff();
    this.requests.forget();
  }

  /** A word instead of an answer: why nothing is asked for; undefined: whoever was asked has said why. */
  private async find(
    document: TextDocument,
    {
      before,
      after,
      isAsked,
      settings,
      token,
      report,
    }: {
      readonly before: string;
      readonly after: string;
      readonly isAsked: boolean;
      readonly settings: GhostSettings;
      readonly token: CancellationToken;
      readonly report?: Report;
    },
  ): Promise<Remembered | Silence | undefined> {
    const { exclusions, surroundings, lastEdit } = this.services;
    const { languageId, fileName, uri } = document;
    const { generation } = this;
    const { maxTokens, gate } = settings;
    const place = {
      document: uri.toString(),
      context: JSON.stringify([
        generation,
        languageId,
        fileName,
        maxTokens,
        gate,
        surroundings.stamp(document),
      ]),
      before,
      after,
      isAsked,
    };
    const edit = isAsked ? 'typed' : lastEdit(document);
    if (edit === 'turned') return edit;
    const known = this.requests.known(place);
    if (edit === 'deleted') {
      // A letter that is taken back of what is offered leaves the rest there; nothing else is asked for.
      const texts = known?.texts.filter((text) => this.offered.isLast(place.document, before, text)) ?? [];
      return known && texts.length > 0 ? { ...known, texts } : edit;
    }
    if (known !== undefined) return known;
    const resting = isAsked ? undefined : this.backOff.silence;
    if (resting !== undefined) {
      // Nobody will ask for this place, and what somebody asked for elsewhere is not waited for any more.
      this.requests.giveUp(place);
      return resting;
    }
    const controller = new AbortController();
    const listening = token.onCancellationRequested(() => controller.abort());
    if (token.isCancellationRequested) controller.abort();
    try {
      const exclusion = exclusions.whyText(document, before + after);
      const question = { ...place, of: document, settings, exclusion, report };
      return await this.requests.find(question, settings.delay, controller.signal);
    } finally {
      listening.dispose();
    }
  }

  private nothing(why: Silence): [] {
    this.offersIn = undefined;
    this.services.silent(why);
    this.services.copied(undefined);
    return [];
  }

  private async ask(question: Question, outer: AbortSignal): Promise<readonly string[] | undefined> {
    const { backOff } = this;
    const wait = new Wait(outer, backOff, question.isAsked, this.services.isBusy);
    try {
      return await this.answersTo(question, wait);
    } finally {
      wait.end();
      const resting = question.isAsked || backOff !== this.backOff ? undefined : backOff.silence;
      if (resting !== undefined) this.services.silent(resting);
    }
  }

  private async answersTo(question: Question, wait: Wait): Promise<readonly string[] | undefined> {
    const { signal } = wait;
    const { of: document, before, after, isAsked, settings, exclusion, report } = question;
    const { engine, log, surroundings, silent } = this.services;
    const { text, base } = excerptAround(before + after, [{ start: before.length, end: before.length }]);
    const at = before.length - base;
    try {
      const why = await exclusion;
      if (why !== undefined) {
        silent(why);
        if (isAsked) say(sayWhySilent(why));
        return undefined;
      }
      const beside = await surroundings.withTexts(document);
      if (signal.aborted) return undefined;
      const result = await engine.use(
        async ({ client, model }) => {
          const params: Omit<InfillParams, 'requestId'> = {
            model: model.folder,
            text,
            spans: [{ start: at, end: at }],
            language: document.languageId,
            fileName: document.fileName,
            document: document.uri.toString(),
            priority: 'ghost',
            interactive: adaptsToSpeed(),
            seed: 0,
            maxTokens: settings.maxTokens,
            ...(isAsked
              ? { candidates: oneAtATime(model) ? 1 : CANDIDATES }
              : { gate: settings.gate ?? model.gate ?? DEFAULT_GATE }),
          };
          const isWorthIt = await wait.beginIfWorthIt(model.isSlow, () => client.estimate(params, signal));
          if (!isWorthIt) return undefined;
          return client.infill(
            { ...params, ...beside, ...(model.isSlow && { events: true }) },
            {
              signal,
              // What other requests take says nothing of the model.
              onBegun: () => wait.begin(),
              onRead: (done, remainingMillis) => {
                wait.read();
                if (done < 1) report?.(sayReading(done, remainingMillis));
              },
              ...(report && { onStep: (step) => report(saySteps(step, [step.cells])) }),
            },
          );
        },
        { signal },
      );
      if (result === undefined) return undefined;
      wait.answered(result.millis);
      const answers = result.candidates.flatMap(({ spans: [span] }) => {
        if (span?.start !== at) return [];
        // Of an answer in the middle of a line only the first line is offered.
        for (const text of textsOf([span.text], before, after))
          this.sources.remember(question.document, before, text, span.source);
        return [span.text];
      });
      const sides = { before: text.slice(0, at), after: text.slice(at), languageId: document.languageId };
      // What passes the gate is likely enough to be looked at as it is, and there is no time to spare.
      return isAsked ? await fitting(this.services.syntax, sides, answers) : answers;
    } catch (thrown) {
      const error = toEngineError(thrown);
      if (error.code === 'cancelled' || error.code === 'superseded') return undefined;
      const why = this.refusalBy(error) ?? 'failed';
      silent(why);
      // Nobody is told out loud who did not ask out loud; crashes are told by the status bar.
      if (isAsked) say(sayWhySilent(why));
      if (!isCrash(error)) log.debug(`Ghost text: ${error.code}. ${error.message}`);
      return undefined;
    }
  }

  /** What a server says that does not answer: it is not asked at the next key. */
  private refusalBy({ code, message, data: { after } }: EngineError): Silence | undefined {
    if (code !== 'server-refused' && code !== 'server-unreachable') return undefined;
    this.backOff.refused(message, typeof after === 'number' ? after : 0);
    return { refused: message };
  }
}

/**
 * The suggestion widget's choice; undefined where it does not go on from what is typed (`this.best` for `b`): the editor draws nothing
 * that begins otherwise.
 */
function choiceIn(
  { selectedCompletionInfo: chosen }: InlineCompletionContext,
  text: string,
  document: TextDocument,
  offset: number,
): InlineCompletionContext['selectedCompletionInfo'] {
  if (chosen === undefined) return undefined;
  const typed = text.slice(document.offsetAt(chosen.range.start), offset);
  return chosen.text.startsWith(typed) ? chosen : undefined;
}
