// TOML.
import { parse, TomlError } from 'smol-toml';
import type { DataFaults, DataReader } from './dataFaults';
import { LONGEST_TEXT } from './types';

/** It ends at the first fault, a key that is there already among them. */
export const TOML_READER: DataReader = { faults: faultsOf, goesOn: false };

function faultsOf(text: string): DataFaults | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  try {
    parse(text);
    return { errors: 0, declaredTwice: 0 };
  } catch (error) {
    if (error instanceof TomlError) return { errors: 1, declaredTwice: 0 };
    throw error;
  }
}
