// What a request may copy from besides its own text, for every door: the workspace's memory, and the open files that it does
// not hold.
import type { TextDocument, Uri } from 'vscode';
import type { InfillParams } from '../../engine/protocol';
import type { OpenTexts } from './openTexts';
import type { WorkspaceMemory } from './workspaceMemory';

export type Beside = Pick<InfillParams, 'memory' | 'openTexts'>;

export class Surroundings {
  constructor(
    private readonly openTexts: OpenTexts,
    private readonly memory: WorkspaceMemory,
  ) {}

  /** The memory alone. */
  of(uri: Uri, text: string): Pick<Beside, 'memory'> {
    const memory = this.memory.use(uri, text, this.openTexts.near(uri));
    return memory === undefined ? {} : { memory };
  }

  /** With the texts of open files that the memory does not hold: untitled ones, notebooks' cells, files from elsewhere. */
  async withTexts(document: TextDocument): Promise<Beside> {
    const used = this.of(document.uri, document.getText());
    const isHeld = (other: TextDocument) => used.memory !== undefined && this.memory.holds(other);
    const openTexts = await this.openTexts.textsNear(document.uri, isHeld);
    return { ...used, ...(openTexts.length > 0 ? { openTexts } : {}) };
  }

  /** Another one whenever an answer may be another one because of them. */
  stamp(document: TextDocument): string {
    return `${this.memory.stamp}\n${this.openTexts.stamp(document.uri)}`;
  }
}
