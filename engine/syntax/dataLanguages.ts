// Languages of data files: small ones, of which the libraries that others read them with tell every fault. Those are a bundle of their
// own, which is loaded with the first text of such a language.
import { createRequire } from 'node:module';
import type { DataReader } from './dataFaults';

export type DataLanguage = 'json' | 'jsonc' | 'toml' | 'yaml';

/** By VS Code's language id, or what the usual extension calls it. */
const LANGUAGES: Readonly<Record<string, DataLanguage>> = {
  ansible: 'yaml',
  'azure-pipelines': 'yaml',
  dockercompose: 'yaml',
  'github-actions-workflow': 'yaml',
  json: 'json',
  jsonc: 'jsonc',
  toml: 'toml',
  yaml: 'yaml',
};

/** Undefined of any other language. */
export function dataLanguageOf(languageId: string): DataLanguage | undefined {
  return Object.hasOwn(LANGUAGES, languageId) ? LANGUAGES[languageId] : undefined;
}

export function dataReaderFor(language: DataLanguage): DataReader {
  const { DATA_READERS }: typeof import('./dataReaders') = createRequire(__filename)('./dataReaders');
  return DATA_READERS[language];
}
