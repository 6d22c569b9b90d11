// What the links do with which the status bar's hover lists the rewrites. Before there is one, nobody can click on them.
import { commands, Disposable } from 'vscode';
import { CANCEL_REWRITE, GO_TO_REWRITE, TAKE_DRAFT } from '../ui/rewriteLinks';
import type { Rewrites } from './rewriteManager';

export function linkCommands(rewrites: Rewrites): Disposable {
  const all: Readonly<Record<string, (address: string) => unknown>> = {
    [GO_TO_REWRITE]: (address) => rewrites.goTo(address),
    [TAKE_DRAFT]: (address) => rewrites.takeDraftAt(address),
    [CANCEL_REWRITE]: (address) => rewrites.cancelAt(address),
  };
  return Disposable.from(
    ...Object.entries(all).map(([name, run]) =>
      commands.registerCommand(name, (address: unknown) => run(String(address))),
    ),
  );
}
