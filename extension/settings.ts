// The settings as the code wants them: typed, bounded, read at the moment of use.
import { type ConfigurationScope, workspace } from 'vscode';
import { DEFAULT_GATE, PROVIDERS, type ProviderChoice } from '../engine/protocol';

export const SECTION = 'palimpsest';
/** What an empty selection stands for: its line, or the piece of syntax around the cursor. */
const EMPTY_CHOICES = ['line', 'syntax'] as const;
export type EmptyChoice = (typeof EMPTY_CHOICES)[number];

export type PreviewChoice = 'auto' | 'diffEditor' | 'comments';

const PREVIEWS: readonly PreviewChoice[] = ['auto', 'diffEditor', 'comments'];

export interface EngineSettings {
  readonly nodePath: string;
  readonly modelPath: string;
  readonly provider: ProviderChoice;
  /** Whether windows with the same large model share one engine. */
  readonly isShared: boolean;
  /** 0: never. */
  readonly idleMinutes: number;
}

/** Settings that count from the engine's next start on. */
export const START_SETTINGS = [
  'palimpsest.node.path',
  'palimpsest.model.path',
  'palimpsest.model.server',
  'palimpsest.engine.provider',
  'palimpsest.engine.shared',
];

/** Settings that an answer to ghost text was made from. */
export const ANSWER_SETTINGS = ['palimpsest', 'files.exclude'];

/** A name or a path; empty: the model that answers where none is chosen. */
export function chosenModel(): string {
  return workspace.getConfiguration(SECTION).get('model.path', '').trim();
}

export function engineSettings(): EngineSettings {
  const all = workspace.getConfiguration(SECTION);
  const provider = all.get('engine.provider');
  return {
    nodePath: all.get('node.path', '').trim(),
    modelPath: chosenModel(),
    provider: PROVIDERS.find((name) => name === provider) ?? 'auto',
    isShared: all.get('engine.shared') !== false,
    idleMinutes: bounded(all.get('engine.idleMinutes'), 0, 10_000, 10),
  };
}

export interface ProxySettings {
  /** `http.proxy`; empty where none is set. */
  readonly proxy: string;
  /** `http.noProxy` */
  readonly noProxy: readonly string[];
  /** `http.proxySupport`: `off` means that extensions use none. */
  readonly proxySupport: string;
}

export interface HubSettings extends ProxySettings {
  /** Address of a mirror; empty: the hub itself. */
  readonly mirror: string;
}

export function proxySettings(): ProxySettings {
  const http = workspace.getConfiguration('http');
  const noProxy: unknown = http.get('noProxy');
  return {
    proxy: http.get('proxy', '').trim(),
    noProxy: Array.isArray(noProxy) ? noProxy.filter((host) => typeof host === 'string') : [],
    proxySupport: http.get('proxySupport', ''),
  };
}

export function hubSettings(): HubSettings {
  return {
    ...proxySettings(),
    mirror: workspace.getConfiguration(SECTION).get('models.mirror', '').trim(),
  };
}

/**
 * `palimpsest.model.server`, unchecked. Only what a person has set for themselves counts: a repository must not be able to say where
 * code goes.
 */
export function serverSetting(): {
  readonly kind?: unknown;
  readonly url?: unknown;
  readonly model?: unknown;
} {
  const own: unknown = workspace.getConfiguration(SECTION).inspect('model.server')?.globalValue;
  return typeof own === 'object' && own !== null ? own : {};
}

/** Whether a server is to answer in place of a model of this machine: any that is set, but not in an untrusted workspace. */
export function hasServer(): boolean {
  return workspace.isTrusted && Object.keys(serverSetting()).length > 0;
}

/** Whether a slow model takes in less at once and writes all that is sure, so that nobody waits long. */
export function adaptsToSpeed(): boolean {
  return workspace.getConfiguration(SECTION).get('engine.adaptToSpeed') !== false;
}

/** Whether candidates are made one at a time, the next one when somebody asks for it. */
export function oneAtATime({ isSlow }: { readonly isSlow?: boolean }): boolean {
  return isSlow === true && adaptsToSpeed();
}

export interface RewriteSettings {
  readonly candidates: number;
  readonly strength: number;
  readonly preview: PreviewChoice;
  readonly animated: boolean;
  readonly emptySelection: EmptyChoice;
}

export function rewriteSettings(scope: ConfigurationScope): RewriteSettings {
  const all = workspace.getConfiguration(`${SECTION}.rewrite`, scope);
  const animation = all.get<unknown>('animation');
  return {
    candidates: Math.round(bounded(all.get('candidates'), 1, 8, 2)),
    strength: bounded(all.get('strength'), 0.05, 1, 1),
    preview: PREVIEWS.find((name) => name === all.get('preview')) ?? 'auto',
    animated: animation === 'on' || (animation !== 'off' && !prefersCalm()),
    emptySelection: EMPTY_CHOICES.find((name) => name === all.get('emptySelection')) ?? 'line',
  };
}

/** Whether milestones are said aloud: whether a screen reader is there is known only where somebody has set it. */
export function isSpoken(scope: ConfigurationScope): boolean {
  const announce = workspace.getConfiguration(`${SECTION}.rewrite`).get('announce');
  if (announce === 'on' || announce === 'off') return announce === 'on';
  return workspace.getConfiguration('editor', scope).get('accessibilitySupport') === 'on';
}

/** Whether the editor has inline suggestions: new lines are shown as one. */
export function showsSuggestions(scope: ConfigurationScope): boolean {
  return workspace.getConfiguration('editor', scope).get('inlineSuggest.enabled') !== false;
}

/** A screen reader does not read decorations, and ghost text needs the editor's own inline suggestions. */
export function prefersPlainReview(scope: ConfigurationScope): boolean {
  const editor = workspace.getConfiguration('editor', scope);
  return editor.get('accessibilitySupport') === 'on' || !showsSuggestions(scope) || wrapsLines(scope);
}

/** Whether lenses above a line are seen: they may be off, and a screen reader passes them by. */
export function showsLenses(scope: ConfigurationScope): boolean {
  const editor = workspace.getConfiguration('editor', scope);
  return editor.get('codeLens') !== false && editor.get('accessibilitySupport') !== 'on';
}

/** The same on the sides of a diff editor. */
export function showsLensesInDiffs(scope: ConfigurationScope): boolean {
  return workspace.getConfiguration('diffEditor', scope).get<boolean>('codeLens', false);
}

export function wrapsLines(scope: ConfigurationScope): boolean {
  return workspace.getConfiguration('editor', scope).get('wordWrap', 'off') !== 'off';
}

function prefersCalm(): boolean {
  return (
    workspace.getConfiguration('workbench').get('reduceMotion') === 'on' ||
    workspace.getConfiguration('editor').get('accessibilitySupport') === 'on'
  );
}

export interface GhostSettings {
  readonly enabled: boolean;
  /** Milliseconds. */
  readonly delay: number;
  readonly maxTokens: number;
  /** Never by itself, only when the editor's key for it is pressed. */
  readonly onlyWhenAsked: boolean;
  readonly inComments: boolean;
  /** 0…1: the least confidence of an offer that nobody asked for; undefined: the model's own (ModelDescription). */
  readonly gate: number | undefined;
}

export function ghostSettings(scope: ConfigurationScope): GhostSettings {
  const all = workspace.getConfiguration(`${SECTION}.ghostText`, scope);
  const gate = all.get('gate');
  return {
    enabled: all.get('enabled', true),
    delay: bounded(all.get('delay'), 0, 2000, 75),
    maxTokens: Math.round(bounded(all.get('maxTokens'), 1, 256, 32)),
    onlyWhenAsked: all.get('trigger') === 'onRequest',
    inComments: all.get('inComments') === true,
    gate: typeof gate === 'number' ? bounded(gate, 0, 1, DEFAULT_GATE) : undefined,
  };
}

export interface PrivacySettings {
  readonly leaveOutGitIgnored: boolean;
  readonly copyFromOpenFiles: boolean;
  /** Whether files that are not open are copied from, too. */
  readonly workspace: boolean;
  /** Globs of files that never enter a context: a person's own, and what the editor hides. */
  readonly globs: readonly string[];
}

export function privacySettings(scope: ConfigurationScope): PrivacySettings {
  const context = workspace.getConfiguration(`${SECTION}.context`, scope);
  const own = context.get<unknown>('exclude');
  const hidden = workspace.getConfiguration('files', scope).get<unknown>('exclude');
  return {
    leaveOutGitIgnored: context.get('leaveOutGitIgnored') !== false,
    copyFromOpenFiles: context.get('copyFromOpenFiles') !== false,
    workspace: context.get('workspace') !== false && context.get('copyFromOpenFiles') !== false,
    globs: [
      ...(Array.isArray(own) ? own.filter((glob) => typeof glob === 'string' && glob !== '') : []),
      // A condition (`when`) hides what is made from a file beside it, and makes no secret of it.
      ...globsOf(hidden),
    ],
  };
}

/** Globs of what the editor's own search leaves out, besides what it hides. */
export function searchExclusions(scope: ConfigurationScope): readonly string[] {
  return globsOf(workspace.getConfiguration('search', scope).get<unknown>('exclude'));
}

function globsOf(setting: unknown): readonly string[] {
  return Object.entries(setting ?? {}).flatMap(([glob, on]) => (on === true ? [glob] : []));
}

/** Settings that decide what of a workspace is read. */
export const MEMORY_SETTINGS = ['palimpsest.context', 'files.exclude', 'search.exclude'];

/** Whether problems get an action of ours in the light bulb's menu. */
export function offersFixes(scope: ConfigurationScope): boolean {
  return workspace.getConfiguration(`${SECTION}.quickFix`, scope).get('enabled', true);
}

export interface SuspicionSettings {
  /** How many times likelier than a token another one has to be for it to be marked. */
  readonly threshold: number;
  /** Most marks a screen of 40 lines; 0: all. */
  readonly marksPerScreen: number;
}

export function suspicionSettings(scope: ConfigurationScope): SuspicionSettings {
  const all = workspace.getConfiguration(`${SECTION}.suspicion`, scope);
  return {
    threshold: bounded(all.get('threshold'), 2, 1_000_000, 100),
    marksPerScreen: Math.round(bounded(all.get('marksPerScreen'), 0, 1000, 1)),
  };
}

/** What a person writes into settings.json may be anything. */
function bounded(value: unknown, least: number, most: number, otherwise: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return otherwise;
  return Math.min(most, Math.max(least, value));
}
