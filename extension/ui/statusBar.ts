// The one thing that is always to be seen: which model, on what it really runs, and what it is doing.
import {
  l10n,
  MarkdownString,
  StatusBarAlignment,
  type StatusBarItem,
  type TextDocument,
  ThemeColor,
  window,
  workspace,
} from 'vscode';
import type { ModelDescription, ServerGap } from '../../engine/protocol';
import { deviceLines, PROVIDER_NAMES } from '../common/devices';
import { describeRuntime } from '../engine/nodeRuntime';
import type { EngineState } from '../engine/supervisor';
import { argumentsOf, type CopiedFrom, OPEN_SOURCE, sayCopied } from '../memory/copiedFrom';
import type { ServerStatus } from '../servers/servers';
import { Activities, type Activity, type ActivityAt, type Summary } from './activities';
import { Percent } from './loadShare';
import { commandLink, markdownText } from './markdownText';
import { memoryLines } from './memoryLines';
import { CANCEL_REWRITE, GO_TO_REWRITE, TAKE_DRAFT } from './rewriteLinks';

export class StatusItem {
  private readonly percent = new Percent();
  private readonly item: StatusBarItem = window.createStatusBarItem(
    'palimpsest.status',
    StatusBarAlignment.Right,
    90,
  );
  private state: EngineState = { kind: 'stopped' };
  private readonly activities = new Activities();
  private snoozedUntil: number | undefined;
  private silence: string | undefined;
  private remembered: number | undefined;
  private place: CopiedFrom | undefined;
  private server: ServerStatus | undefined;

  private readonly listening = window.onDidChangeActiveTextEditor(() => this.update());

  constructor() {
    this.item.name = 'Palimpsest';
    this.item.command = 'palimpsest.showMenu';
    this.update();
    this.item.show();
  }

  show(state: EngineState): void {
    this.state = state;
    this.update();
  }

  /** Where text goes, or would go; undefined: nowhere. Shown whatever the engine does. */
  serves(server: ServerStatus | undefined): void {
    this.server = server;
    this.update();
  }

  /** What is going on in a document; undefined: nothing any more. */
  doing({ uri }: Pick<TextDocument, 'uri'>, activity: Activity | undefined): void {
    this.activities.set(uri.toString(), uri.path.slice(uri.path.lastIndexOf('/') + 1), activity);
    this.update();
  }

  /** Until when there is no ghost text, in milliseconds since the epoch; infinite: as long as the window is open. */
  snoozed(until: number | undefined): void {
    this.snoozedUntil = until;
    this.update();
  }

  /** Why there is no ghost text just now, in a sentence. */
  silent(why: string | undefined): void {
    if (why === this.silence) return;
    this.silence = why;
    this.update();
  }

  /** How many files of the workspace the engine can copy from; undefined: it has no memory of it. */
  remembers(files: number | undefined): void {
    if (files === this.remembered) return;
    this.remembered = files;
    this.update();
  }

  /** Where what is offered now is copied from; undefined: from nowhere. */
  copied(place: CopiedFrom | undefined): void {
    if (place === this.place) return;
    this.place = place;
    this.update();
  }

  get text(): string {
    return this.item.text;
  }

  get tooltip(): string {
    return this.item.tooltip instanceof MarkdownString ? this.item.tooltip.value : '';
  }

  get background(): string | undefined {
    const color: { readonly id?: string } | undefined = this.item.backgroundColor;
    return color?.id;
  }

  dispose(): void {
    this.listening.dispose();
    this.item.dispose();
  }

  private update(): void {
    const { state } = this;
    const summary = state.kind === 'ready' ? this.activities.summary() : undefined;
    this.item.text =
      summary === undefined ? textOf(state, this.percent) : `$(sync~spin) ${saySummary(summary)}`;
    if (this.server?.use === 'sends') this.item.text += ` · $(cloud-upload) ${shortened(this.server.host)}`;
    if (this.snoozedUntil !== undefined) this.item.text += ' $(bell-slash)';
    const quiet = this.snoozedUntil === undefined ? this.silence : sayUntil(this.snoozedUntil);
    this.item.tooltip = tooltipOf(
      state,
      [this.server && sayServer(this.server), sayRemembered(this.remembered), quiet],
      this.place,
      summary && { all: this.activities.all, next: summary.shown.place },
    );
    this.item.backgroundColor = backgroundOf(state);
    this.item.accessibilityInformation = {
      label: [
        `Palimpsest: ${textOf(state, this.percent).replace(/\$\([^)]*\)/g, '')}`,
        ...(this.server ? [sayServer(this.server)] : []),
      ].join('. '),
    };
  }
}

function backgroundOf({ kind }: EngineState): ThemeColor | undefined {
  if (kind === 'failed') return new ThemeColor('statusBarItem.errorBackground');
  return kind === 'restarting' ? new ThemeColor('statusBarItem.warningBackground') : undefined;
}

function textOf(state: EngineState, percent: Percent): string {
  switch (state.kind) {
    case 'stopped':
      return '$(pencil) Palimpsest';
    case 'starting':
      return `$(loading~spin) ${l10n.t('Palimpsest: starting')}`;
    case 'loading': {
      const reached = percent.of(state.progress);
      const share = state.progress === undefined ? '' : ` ${reached}%`;
      return `$(loading~spin) ${l10n.t('Palimpsest: loading')}${share}`;
    }
    case 'ready':
      return `$(pencil) ${[state.model.name, ...providerOf(state.model)].join(' · ')}`;
    case 'restarting':
      return `$(warning) ${l10n.t('Palimpsest: restarting')}`;
    case 'failed':
      return `$(error) ${l10n.t('Palimpsest: failed')}`;
  }
}

/** What computes it here; nothing where it is computed elsewhere. */
function providerOf({ provider, server }: ModelDescription): readonly string[] {
  return provider === 'server' || server !== undefined ? [] : [PROVIDER_NAMES[provider]];
}

function sizeOf({ parameters, precision }: ModelDescription): readonly string[] {
  if (parameters === 0) return [];
  return [l10n.t('{0} million parameters, {1}', (parameters / 1e6).toFixed(1), precision)];
}

/** Characters of a host, or of a file's name, that have room in the status bar. */
const LONGEST_NAME = 32;

function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `…${name.slice(1 - LONGEST_NAME)}` : name;
}

function sayServer({ host, isLoopback, use }: ServerStatus): string {
  switch (use) {
    case 'sends':
      return isLoopback
        ? l10n.t('Code is sent to a server on this machine: {0}', host)
        : l10n.t('Code leaves this machine: it is sent to {0}', host);
    case 'not-allowed':
      return l10n.t('The server {0} is set but not allowed, so nothing is sent to it', host);
    case 'untrusted':
      return l10n.t('The server {0} is not used because this workspace is not trusted', host);
  }
}

/** What is missed with a server, in the place where a person looks for it. */
function sayGap(gap: ServerGap): string {
  switch (gap) {
    case 'scores':
      return l10n.t(
        'This server gives no scores: suspicious tokens and Repair Selection need a local model or a Palimpsest server.',
      );
    case 'steps':
      return l10n.t('It writes from left to right or all at once: there are no denoise steps to show.');
    case 'strength':
      return l10n.t('It always rewrites a selection as a whole, whatever palimpsest.rewrite.strength is.');
    case 'jointly':
      return l10n.t('It fills several selections one after the other.');
    case 'behind':
      return l10n.t('It seems to ignore the code after the cursor, so its answers may not fit there.');
  }
}

function sayRemembered(files: number | undefined): string | undefined {
  if (files === undefined || files === 0) return undefined;
  return files === 1
    ? l10n.t('Suggestions can copy from one file in the workspace.')
    : l10n.t('Suggestions can copy from {0} files in the workspace.', files);
}

/** One rewrite as itself, several with how many there are and how many of them wait; which file it is of, unless one is looked at. */
function saySummary({ count, waiting, shown }: Summary): string {
  const isHere = window.activeTextEditor?.document.uri.toString() === shown.place;
  const told = isHere && count === 1 ? shown.text : l10n.t('{0}: {1}', shortened(shown.name), shown.text);
  if (count === 1) return told;
  return waiting === 0
    ? l10n.t('{0} rewrites. {1}', count, told)
    : l10n.t('{0} rewrites, {1} waiting. {2}', count, waiting, told);
}

/** A line with what can be done about it; `isNext`: it is worked on, or nothing is before it. */
function markdownOf({ name, text, place, isWaiting, hasDraft }: ActivityAt, isNext: boolean): string {
  const doing = isWaiting && !isNext ? l10n.t('waiting for its turn') : text;
  const link = (title: string, command: string) => commandLink(title, command, [place]);
  const links = [
    link(l10n.t('Go To'), GO_TO_REWRITE),
    ...(hasDraft ? [link(l10n.t('Take Draft'), TAKE_DRAFT)] : []),
    link(l10n.t('Cancel'), CANCEL_REWRITE),
  ];
  return `${markdownText(`${name}: ${doing}`)} (${links.join(' · ')})`;
}

function sayUntil(until: number): string {
  if (!Number.isFinite(until)) return l10n.t('Ghost text is snoozed until you close this window.');
  const time = new Date(until).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return l10n.t('Ghost text is snoozed until {0}.', time);
}

/** `more`: what there is to say besides the engine's state. */
function tooltipOf(
  state: EngineState,
  more: readonly (string | undefined)[],
  copied: CopiedFrom | undefined,
  activities: { readonly all: readonly ActivityAt[]; readonly next: string } | undefined,
): MarkdownString {
  const lines: string[] = [];
  if (state.kind === 'stopped') lines.push(l10n.t('The engine starts on first use.'));
  if (state.kind === 'failed' || state.kind === 'restarting') lines.push(state.error.message);
  if (state.kind === 'ready') {
    const { model, runtime } = state;
    lines.push([`${model.name} (${model.familyTitle})`, ...sizeOf(model)].join(', '));
    if (model.server === undefined) {
      if (model.memory !== undefined) lines.push(...memoryLines(model.memory, l10n));
      lines.push(...deviceLines(model));
    }
    lines.push(...(model.server?.gaps ?? []).map(sayGap), ...model.remarks, describeRuntime(runtime));
  }
  if (!workspace.isTrusted) {
    lines.push(
      l10n.t(
        'Restricted Mode: files that are not open are not read, no server is used, and the workspace’s own settings for these are ignored.',
      ),
    );
  }
  lines.push(...more.filter((line) => line !== undefined));
  const links: readonly (readonly [string, string])[] = [
    ...(state.kind === 'stopped' || state.kind === 'starting'
      ? []
      : [[l10n.t('Restart Engine'), 'palimpsest.restartEngine'] as const]),
    [l10n.t('Show Log'), 'palimpsest.showLog'],
  ];
  const text = new MarkdownString('**Palimpsest**\n\n');
  for (const line of lines) text.appendMarkdown(`${markdownText(line)}\n\n`);
  const enabled = [
    ...links.map(([, command]) => command),
    OPEN_SOURCE,
    GO_TO_REWRITE,
    TAKE_DRAFT,
    CANCEL_REWRITE,
  ];
  text.isTrusted = { enabledCommands: enabled };
  for (const one of activities?.all ?? [])
    text.appendMarkdown(`${markdownOf(one, one.place === activities?.next)}\n\n`);
  if (copied !== undefined) {
    const link = commandLink(markdownText(sayCopied(copied)), OPEN_SOURCE, argumentsOf(copied));
    text.appendMarkdown(`${link}\n\n`);
  }
  text.appendMarkdown(links.map(([title, command]) => commandLink(title, command, [])).join(' · '));
  return text;
}
