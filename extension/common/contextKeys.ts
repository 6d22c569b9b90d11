// Context keys, which `when` clauses in package.json read.
import { commands } from 'vscode';

/** The window has one value for each, whoever sets it. */
const values = new Map<string, boolean>();

/** Tells the editor only what is new: this is called on every move of the cursor. */
export function setContext(key: string, value: boolean): void {
  if (values.get(key) === value) return;
  values.set(key, value);
  void commands.executeCommand('setContext', key, value);
}
