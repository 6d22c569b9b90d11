// What a person asks for in an editor by command, key or menu. Each asks first whether the file may be read, or rewritten.
import { type Diagnostic, l10n, type TextEditor, Uri, window } from 'vscode';
import { type EngineError, toEngineError } from '../engine/errors';
import type { SyntaxTrees } from '../engine/syntax/syntaxTrees';
import { sayNoEditor } from './documents/editable';
import { editorOf, isSelectedElsewhere } from './documents/editing';
import { problemAtCursor } from './fixes/atCursor';
import type { Fixer, FixOutcome } from './fixes/fixer';
import type { Permission } from './privacy/permission';
import type { Instructions } from './rewrite/instructions/instructions';
import type { Rewrite } from './rewrite/rewrite';
import type { Rewrites } from './rewrite/rewriteManager';
import type { Wanted } from './rewrite/state/types';
import { meantSpans } from './rewrite/targetSpans';
import { type EmptyChoice, rewriteSettings } from './settings';
import type { LateSuspicions } from './suspicion/lateSuspicions';
import type { LookOutcome } from './suspicion/suspicions';
import type { OffsetRange } from './text/types';
import { say } from './ui/statusMessage';

/** Who carries out what is asked for. */
export interface RequestServices {
  readonly permission: Permission;
  readonly syntax: SyntaxTrees;
  readonly rewrites: Rewrites;
  readonly instructions: Instructions;
  readonly fixer: Fixer;
  readonly suspicions: LateSuspicions;
  readonly fail: (error: EngineError) => void;
}

export class Requests {
  constructor(private readonly services: RequestServices) {}

  /** Masks what the selections mean and starts; `choice`: what an empty one means, where the settings do not count. */
  async rewrite(editor: TextEditor, choice?: EmptyChoice): Promise<Rewrite | undefined> {
    if (!(await this.mayRewrite(editor))) return undefined;
    return this.rewriteMeant(editor, choice);
  }

  /** More candidates for what is under review, or was refused. With `isKey`, what is selected elsewhere is rewritten. */
  async rewriteAgain(isKey: boolean): Promise<void> {
    const { rewrites } = this.services;
    const editor = window.activeTextEditor;
    const open = editor && rewrites.of(editor.document.uri);
    const isOwn = editor !== undefined && editor.document === open?.document;
    if (isKey && isOwn && isSelectedElsewhere(editor, open.spans)) await this.rewrite(editor);
    else await rewrites.act('again');
  }

  /** Masks only what the model finds least likely there, and takes what makes the whole likelier. */
  async repair(editor: TextEditor): Promise<Rewrite | undefined> {
    if (!(await this.mayRewrite(editor))) return undefined;
    return this.rewriteMeant(editor, undefined, { isRepair: true });
  }

  /** Rewrites by an instruction, which is asked for first where none is `given`. */
  async editByInstruction(editor: TextEditor, given?: string): Promise<Rewrite | undefined> {
    if (!(await this.mayRewrite(editor))) return undefined;
    try {
      const instruction = await this.services.instructions.ask(editor, given);
      return instruction === undefined ? undefined : this.rewriteMeant(editor, undefined, { instruction });
    } catch (error) {
      this.services.fail(toEngineError(error));
      return undefined;
    }
  }

  /** Of the light bulb's menu, or at the cursor of the active editor. */
  async fixProblem(uri?: Uri, diagnostic?: Diagnostic): Promise<FixOutcome | undefined> {
    const { fixer } = this.services;
    if (uri === undefined && window.activeTextEditor === undefined) sayNoEditor();
    const editor = editorOf(uri);
    const turn = fixer.turn();
    if (editor === undefined || !(await this.mayRewrite(editor))) return undefined;
    const problem = diagnostic ?? problemAtCursor(editor);
    if (problem !== undefined) return fixer.fix(editor, problem, turn);
    say(l10n.t('Palimpsest: there is no problem at the cursor.'));
    return undefined;
  }

  async showSuspiciousTokens(): Promise<LookOutcome | undefined> {
    const editor = window.activeTextEditor;
    if (editor === undefined) sayNoEditor();
    if (editor === undefined || !(await this.services.permission.toRead(editor.document))) return undefined;
    return (await this.services.suspicions.get()).toggle(editor);
  }

  async moveToSuspiciousToken(forward: boolean): Promise<void> {
    const suspicions = await this.services.suspicions.get();
    if (window.activeTextEditor !== undefined) await suspicions.move(window.activeTextEditor, forward);
  }

  /** Of a hover's link, or at the cursor. */
  async rewriteSuspiciousToken(uri?: Uri, place?: OffsetRange): Promise<void> {
    const editor = editorOf(uri && Uri.from(uri));
    if (editor !== undefined && (await this.mayRewrite(editor)))
      (await this.services.suspicions.get()).remask(editor, place);
  }

  private mayRewrite(editor: TextEditor): Promise<boolean> {
    return this.services.permission.toRewrite(editor.document);
  }

  private async rewriteMeant(
    editor: TextEditor,
    choice: EmptyChoice | undefined,
    wanted: Wanted = {},
  ): Promise<Rewrite | undefined> {
    const { syntax, rewrites } = this.services;
    const empty = choice ?? rewriteSettings(editor.document).emptySelection;
    const spans = await meantSpans(editor, empty, syntax);
    // Closed while git was asked: nobody would ever end it.
    if (spans === undefined || editor.document.isClosed) return undefined;
    return rewrites.startAt(editor, spans, wanted);
  }
}
