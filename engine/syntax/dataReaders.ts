// Who reads which data file; a bundle of its own.
import type { DataReader } from './dataFaults';
import type { DataLanguage } from './dataLanguages';
import { JSON_READER, JSONC_READER } from './json';
import { TOML_READER } from './toml';
import { YAML_READER } from './yaml';

export const DATA_READERS: Readonly<Record<DataLanguage, DataReader>> = {
  json: JSON_READER,
  jsonc: JSONC_READER,
  toml: TOML_READER,
  yaml: YAML_READER,
};
