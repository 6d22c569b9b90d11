// What is said in the status bar and goes away by itself: for whatever is no error and wants no answer.
import { type Disposable, window } from 'vscode';

const MILLIS = 6000;

let last: Disposable | undefined;

/** In place of what was said before. `icon`: the name of one of the editor's product icons. */
export function say(sentence: string, icon = 'info'): void {
  last?.dispose();
  last = window.setStatusBarMessage(`$(${icon}) ${sentence}`, MILLIS);
}

/** Takes away what was said last: something else has begun, to which it would seem to belong. */
export function unsay(): void {
  last?.dispose();
  last = undefined;
}
