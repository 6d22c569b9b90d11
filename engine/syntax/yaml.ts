// YAML 1.2, with what is common of 1.1: tags and anchors that nobody knows are no fault.
import { type Document, isMap, isScalar, parseAllDocuments, visit } from 'yaml';
import type { DataFaults, DataReader } from './dataFaults';

/** UTF-16 units: it reads half a million in a second, all of it for each answer. */
const LONGEST = 100_000;

/** It goes on behind a fault, but what it makes of a template's signs says little. */
export const YAML_READER: DataReader = { faults: faultsOf, goesOn: false };

function faultsOf(text: string): DataFaults | undefined {
  if (text.length > LONGEST) return undefined;
  const documents = parsed(text);
  return (
    documents && {
      errors: documents.reduce((sum, { errors }) => sum + errors.length, 0),
      declaredTwice: documents.reduce((sum, one) => sum + keysTwice(one), 0),
    }
  );
}

function parsed(text: string): readonly Document.Parsed[] | undefined {
  try {
    // Its own look for a key that is there already compares each with each.
    const documents = parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    // It calls itself for each list in a list.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function keysTwice(document: Document.Parsed): number {
  let twice = 0;
  visit(document, {
    Map: (_, map) => {
      if (!isMap(map)) return;
      const keys = map.items.map(({ key }) => (isScalar(key) ? key.value : key));
      twice += keys.length - new Set(keys).size;
    },
  });
  return twice;
}
