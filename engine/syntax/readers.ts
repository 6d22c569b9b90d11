// Who reads which language; a bundle of its own.
import type { FaultReader, ReadLanguage } from './faultReaders';
import { JSON_READER, JSONC_READER } from './json';
import { HTML_READER, VUE_READER, XML_READER } from './markup';
import { TOML_READER } from './toml';
import { YAML_READER } from './yaml';

export const READERS: Readonly<Record<ReadLanguage, FaultReader>> = {
  html: HTML_READER,
  json: JSON_READER,
  jsonc: JSONC_READER,
  toml: TOML_READER,
  vue: VUE_READER,
  xml: XML_READER,
  yaml: YAML_READER,
};
