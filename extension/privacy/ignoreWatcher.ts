// Says when Git may ignore other files than before: an ignore file in the workspace has changed, or one above it, where a
// workspace folder is part of a larger repository.
import fs from 'node:fs';
import path from 'node:path';
import { type Disposable, type Event, EventEmitter, RelativePattern, Uri, workspace } from 'vscode';
import { Disposables } from '../common/disposables';
import { repositoryAbove } from './repositoryAbove';

export class IgnoreWatcher implements Disposable {
  private readonly owned = new Disposables();
  private above = new Disposables();
  private readonly emitter = this.owned.add(new EventEmitter<void>());
  readonly onDidChange: Event<void> = this.emitter.event;

  constructor() {
    this.watch(this.owned, '**/{.gitignore,.git/info/exclude}');
    this.owned.add(workspace.onDidChangeWorkspaceFolders(() => this.watchAbove()));
    this.watchAbove();
  }

  dispose(): void {
    this.above.dispose();
    this.owned.dispose();
  }

  private watchAbove(): void {
    this.above.dispose();
    this.above = new Disposables();
    const watched = new Set<string>();
    for (const { uri } of workspace.workspaceFolders ?? []) {
      if (uri.scheme !== 'file') continue;
      const above = repositoryAbove(uri.fsPath, (place) => fs.existsSync(place));
      if (above === undefined) continue;
      for (const folder of above.folders) watched.add(path.join(folder, '.gitignore'));
      watched.add(path.join(above.top, '.git', 'info', 'exclude'));
    }
    for (const file of watched)
      this.watch(this.above, new RelativePattern(Uri.file(path.dirname(file)), path.basename(file)));
  }

  private watch(owner: Disposables, files: string | RelativePattern): void {
    const watcher = owner.add(workspace.createFileSystemWatcher(files));
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
      owner.add(event(() => this.emitter.fire()));
  }
}
