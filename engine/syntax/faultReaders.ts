// Languages that have no grammar here and need none: the libraries that most tools read them with tell every fault. Those libraries are a
// bundle of their own, which is loaded with the first text of such a language.
import { createRequire } from 'node:module';
import type { OffsetRange } from './types';

export interface TextFaults {
  /** Places where the text breaks the rules of its language. */
  readonly errors: number;
  /** Keys that a map has already. */
  readonly declaredTwice: number;
  /** What is in another language, which nobody reads here. Default: nothing. */
  readonly foreign?: readonly OffsetRange[];
}

/** Text in these is written by something else before anybody reads it. */
export const TEMPLATE_SIGNS = /<%|\{%|\{\{/;

export interface FaultReader {
  /** Undefined where the text is too long, or nested too deep. */
  readonly faults: (text: string) => TextFaults | undefined;
  /** Whether it counts all faults; else the first of them is all that is known, and of a text that has one nothing more is. */
  readonly countsFaults: boolean;
  /** The signs of a template. A text that has them becomes a text of its language later on, and may break its rules until then. */
  readonly template?: RegExp;
}

export type ReadLanguage = 'html' | 'json' | 'jsonc' | 'toml' | 'vue' | 'xml' | 'yaml';

/** By VS Code's language id, or what the usual extension calls it. */
const LANGUAGES: Readonly<Record<string, ReadLanguage>> = {
  ansible: 'yaml',
  'azure-pipelines': 'yaml',
  dockercompose: 'yaml',
  'github-actions-workflow': 'yaml',
  html: 'html',
  json: 'json',
  jsonc: 'jsonc',
  svg: 'xml',
  toml: 'toml',
  vue: 'vue',
  xml: 'xml',
  xsl: 'xml',
  yaml: 'yaml',
};

/** Undefined of any other language. */
export function readLanguageOf(languageId: string): ReadLanguage | undefined {
  return Object.hasOwn(LANGUAGES, languageId) ? LANGUAGES[languageId] : undefined;
}

export function readerOf(language: ReadLanguage): FaultReader {
  const { READERS }: typeof import('./readers') = createRequire(__filename)('./readers');
  return READERS[language];
}
