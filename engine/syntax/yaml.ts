// YAML 1.2, with what is common of 1.1: tags and anchors that nobody knows are no fault.
import { type Document, isScalar, parseAllDocuments, visit } from 'yaml';
import type { FaultReader, TextFaults } from './faultReaders';

/** UTF-16 units: as many as it reads in some 80 ms, which each answer costs again. */
const LONGEST = 40_000;

const MERGE = '<<';

/** It goes on behind a fault, but one fault often makes several. `${{ }}` is a text. */
export const YAML_READER: FaultReader = {
  faults: faultsOf,
  countsFaults: false,
  template: /(?<!\$)\{\{|\{%|<%/,
};

function faultsOf(text: string): TextFaults | undefined {
  if (text.length > LONGEST) return undefined;
  const documents = parsed(text);
  return (
    documents && {
      errors: documents.reduce((sum, { errors }) => sum + errors.length, 0),
      declaredTwice: documents.reduce((sum, one) => sum + keysTwice(one), 0),
    }
  );
}

function parsed(text: string): readonly Document[] | undefined {
  try {
    // Its own look for keys that are there already compares each with each.
    return parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false });
  } catch (error) {
    // It calls itself for each list in a list.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function keysTwice(document: Document): number {
  let twice = 0;
  visit(document, {
    Map: (_, { items }) => {
      // Several maps may be merged into one, each by a key of its own.
      const keys = items.map(({ key }) => (isScalar(key) ? key.value : key)).filter((key) => key !== MERGE);
      twice += keys.length - new Set(keys).size;
    },
  });
  return twice;
}
