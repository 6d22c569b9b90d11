// What is said in the status bar and goes away by itself: for whatever is no error and wants no answer.
import { window } from 'vscode';

const MILLIS = 6000;

/** `icon`: the name of one of the editor's product icons. */
export function say(sentence: string, icon = 'info'): void {
  window.setStatusBarMessage(`$(${icon}) ${sentence}`, MILLIS);
}
