// TOML.
import { parse, TomlError } from 'smol-toml';
import { type FaultReader, TEMPLATE_SIGNS, type TextFaults } from './faultReaders';
import { LONGEST_TEXT } from './types';

/** It ends at the first fault, a key that is there already among them. */
export const TOML_READER: FaultReader = {
  faults: faultsOf,
  countsFaults: false,
  template: TEMPLATE_SIGNS,
};

function faultsOf(text: string): TextFaults | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  try {
    // A number that JavaScript cannot hold is no fault.
    parse(text, { integersAsBigInt: true });
    return { errors: 0, declaredTwice: 0 };
  } catch (error) {
    if (error instanceof TomlError) return { errors: 1, declaredTwice: 0 };
    throw error;
  }
}
