// Ghost text, asked for as the editor asks.
import {
  CancellationTokenSource,
  type InlineCompletionItem,
  InlineCompletionTriggerKind,
  Position,
  type TextDocument,
} from 'vscode';
import { internals } from './host';

/** A place for ghost text in a Python file: what stands before it, what stands behind it, and where it is. */
export const START = 'def total(items):\n    result = 0\n    for item in items:\n        ';
export const END = '\n    return result\n';
export const AT = new Position(3, 8);

/** As by its key, unless said otherwise. */
export async function offered(
  document: TextDocument,
  position: Position,
  triggerKind = InlineCompletionTriggerKind.Invoke,
  token = new CancellationTokenSource().token,
): Promise<InlineCompletionItem[]> {
  const palimpsest = await (await internals()).palimpsest();
  const context = { triggerKind, selectedCompletionInfo: undefined };
  return palimpsest.provideInline(document, position, context, token, true);
}

/** As by itself, while somebody types. */
export function automatically(document: TextDocument, position: Position): Promise<InlineCompletionItem[]> {
  return offered(document, position, InlineCompletionTriggerKind.Automatic);
}
