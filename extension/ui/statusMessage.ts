// What is said in the status bar and goes away by itself: for whatever is no error and wants no answer.
import { type Disposable, window } from 'vscode';

const MILLIS = 6000;

interface Said {
  readonly text: string;
  /** Of `performance.now()`. */
  readonly until: number;
  readonly shown: Disposable;
}

let last: Said | undefined;

/** In place of what was said before. `icon`: the name of one of the editor's product icons. Disposed of, it goes away before its time. */
export function say(sentence: string, icon = 'info'): Disposable {
  const said = show(`$(${icon}) ${sentence}`, MILLIS);
  return { dispose: () => said === last && unsay() };
}

/** Takes away what was said last: something else has begun, to which it would seem to belong. */
export function unsay(): void {
  last?.shown.dispose();
  last = undefined;
}

/** What stands there until it is disposed of, beneath what was said last: the newest message is the one on the screen. */
export function sayBeneath(sentence: string, icon: string): Disposable {
  const beneath = window.setStatusBarMessage(`$(${icon}) ${sentence}`);
  const left = last === undefined ? 0 : last.until - performance.now();
  if (last !== undefined && left > 0) show(last.text, left);
  return beneath;
}

function show(text: string, millis: number): Said {
  last?.shown.dispose();
  last = { text, until: performance.now() + millis, shown: window.setStatusBarMessage(text, millis) };
  return last;
}
