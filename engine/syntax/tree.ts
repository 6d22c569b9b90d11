// One text as its grammar reads it. A tree lives in WebAssembly memory that nobody collects: whoever opens one disposes
// of it.
import type { Node, Tree } from '@vscode/tree-sitter-wasm';
import { brokenStrings } from './brokenStrings';
import { constantsAssigned } from './constants';
import { goFaults } from './goStatements';
import { isProse } from './kinds';
import { orphanedMethodsIn } from './orphanMethods';
import { orphansIn } from './orphans';
import type { ParsedText } from './parsedText';
import { placeAround, placeAtCursor, type SyntaxNode, statementAround } from './places';
import { renamedIn } from './renames';
import { losesReturn } from './returns';
import { type Strangers, strangersIn } from './scope';
import { settledIn } from './settled';
import { type StructureFaults, structureFaults } from './structure';
import type { OffsetRange, TextEdit } from './types';
import { leavesUnread } from './unread';

/** What other code is not to end. A function that is a value may end anywhere. */
const DEFINITION =
  /^(async_)?(function|method|class|struct|impl|trait|interface|constructor|local_function)(_specifier|_item|_definition|_declaration|_statement)?$|^abstract_class_declaration$|^generator_function_declaration$/;

/** Places where a text does not parse. Of two readings the one with more of either is the worse. */
export interface Faults extends StructureFaults {
  /** That touch the region. */
  readonly inRegion: number;
  readonly everywhere: number;
}

/** Undefined where the time for it was up. */
export type Reparse = (text: string, old: Tree) => Tree | undefined;

export class SyntaxTree {
  constructor(
    private readonly tree: Tree,
    readonly text: string,
    private readonly reparse: Reparse,
  ) {}

  /** See `placeAtCursor` and `placeAround`. */
  enclosing(at: number | OffsetRange): OffsetRange | undefined {
    return typeof at === 'number'
      ? placeAtCursor(this.find, this.text, at)
      : placeAround(this.find, this.text, at);
  }

  /** See `statementAround`. */
  statement(range: OffsetRange): OffsetRange | undefined {
    return statementAround(this.find, this.text, range);
  }

  faults(region: OffsetRange): Faults {
    let inRegion = 0;
    let everywhere = 0;
    /** Whether there is a fault in the node. */
    const visit = (node: Node): boolean => {
      if (!node.hasError) return false;
      const below = node.children.map((child) => child !== null && visit(child)).includes(true);
      // A line end that is missing between two statements is a hidden token, which nobody lists: its parent alone knows.
      if (node.isError || node.isMissing || !below) {
        everywhere++;
        if (node.startIndex <= region.end && node.endIndex >= region.start) inRegion++;
      }
      return true;
    };
    visit(this.tree.rootNode);
    // What an edit leaves without its body or its head ends and begins behind blanks.
    const start = this.text.slice(0, region.start).trimEnd().length;
    const end = this.text.length - this.text.slice(region.end).trimStart().length;
    const structure = structureFaults(this.tree.rootNode, { start, end });
    const { rootNode } = this.tree;
    const misplaced =
      structure.misplaced +
      constantsAssigned(rootNode, this.text, { start, end }) +
      brokenStrings(rootNode, this.text, { start, end }) +
      goFaults(rootNode, this.text, { start, end });
    return { inRegion, everywhere, ...structure, misplaced };
  }

  /** Functions and classes whose body holds the region. */
  bodiesAround({ start, end }: OffsetRange): number {
    let count = 0;
    let node: Node | null = this.tree.rootNode;
    while (node !== null) {
      if (DEFINITION.test(node.type)) {
        const body = node.childForFieldName('body');
        if (body !== null && body.startIndex <= start && end <= body.endIndex && node.startIndex < start)
          count++;
      }
      node =
        node.namedChildren.find(
          (child) => child !== null && child.startIndex <= start && end <= child.endIndex,
        ) ?? null;
    }
    return count;
  }

  /** See `strangersIn`. */
  strangers(region: OffsetRange, seams: readonly number[] = []): Strangers {
    return strangersIn(this.tree.rootNode, this.text, region, seams);
  }

  /** See `orphansIn` and `orphanedMethodsIn`: names that this text lacks, which is an edit of `before`. */
  lacks(before: SyntaxTree, gone: OffsetRange, fresh: OffsetRange): readonly string[] {
    const edit = { before: before.parsed, after: this.parsed, gone, fresh };
    return [...orphansIn(edit), ...orphanedMethodsIn(edit)];
  }

  /** See `renamedIn`: of `before`, of which this text is an edit within the region. */
  renamed(before: SyntaxTree, region: OffsetRange): readonly string[] {
    const now = { start: region.start, end: region.end + this.text.length - before.text.length };
    return renamedIn({ before: before.parsed, after: this.parsed }, { old: region, now });
  }

  /** See `losesReturn`: of a function of `before`, of which this text is an edit. */
  losesReturn(before: SyntaxTree, gone: OffsetRange, fresh: OffsetRange): boolean {
    return losesReturn({ before: before.parsed, after: this.parsed, gone, fresh });
  }

  /** See `leavesUnread`: of `before`, of which this text is an edit. */
  leavesUnread(before: SyntaxTree, gone: OffsetRange, fresh: OffsetRange): boolean {
    return leavesUnread({ before: before.parsed, after: this.parsed, gone, fresh });
  }

  /** Comments and the text of strings that touch a region, in text order. */
  prose(region: OffsetRange): readonly OffsetRange[] {
    const found: OffsetRange[] = [];
    const visit = (node: Node): void => {
      const { startIndex: start, endIndex: end } = node;
      if (end <= region.start || start >= region.end) return;
      if (isProse(node.type, node.childCount)) found.push({ start, end });
      else for (const child of node.children) if (child !== null) visit(child);
    };
    visit(this.tree.rootNode);
    return found;
  }

  /** Where a slip is none, in no order: prose, and see `settledIn`. */
  settled(region: OffsetRange): readonly OffsetRange[] {
    return [...this.prose(region), ...settledIn(this.tree.rootNode, region)];
  }

  /** The same text after an edit, read again where it changed; a tree of its own. Undefined where time was up. */
  edited({ start, end, text: insert }: TextEdit): SyntaxTree | undefined {
    const text = this.text.slice(0, start) + insert + this.text.slice(end);
    const copy = this.tree.copy();
    try {
      copy.edit({
        startIndex: start,
        oldEndIndex: end,
        newEndIndex: start + insert.length,
        startPosition: pointOf(this.text, start),
        oldEndPosition: pointOf(this.text, end),
        newEndPosition: pointOf(text, start + insert.length),
      });
      const tree = this.reparse(text, copy);
      return tree && new SyntaxTree(tree, text, this.reparse);
    } finally {
      copy.delete();
    }
  }

  dispose(): void {
    this.tree.delete();
  }

  private get parsed(): ParsedText {
    return { root: this.tree.rootNode, text: this.text };
  }

  private readonly find = ({ start, end }: OffsetRange): SyntaxNode | null =>
    this.tree.rootNode.namedDescendantForIndex(start, end);
}

/** Whether an edit left a text no worse to parse than it was. */
export function isNoWorse(before: Faults, after: Faults): boolean {
  return (
    after.inRegion <= before.inRegion &&
    after.everywhere <= before.everywhere &&
    after.misindented <= before.misindented &&
    after.misplaced <= before.misplaced
  );
}

/**
 * Whether what stands in the region now ends a function or a class that it stood in. `after`: the text that differs from `before` in the
 * region alone; `region`: of `before`.
 */
export function leavesBlock(before: SyntaxTree, after: SyntaxTree, region: OffsetRange): boolean {
  const now = { start: region.start, end: region.end + after.text.length - before.text.length };
  return (
    after.bodiesAround(withoutBlanks(after.text, now)) <
    before.bodiesAround(withoutBlanks(before.text, region))
  );
}

/** Blanks at the ends of a region belong to no body. */
function withoutBlanks(text: string, { start, end }: OffsetRange): OffsetRange {
  const part = text.slice(start, end);
  if (part.trim() === '') return { start, end: start };
  return { start: end - part.trimStart().length, end: start + part.trimEnd().length };
}

/** Whether an edit declares a name where it is declared already. */
export function declaresAgain(before: Faults, after: Faults): boolean {
  return after.declaredTwice > before.declaredTwice;
}

function pointOf(text: string, offset: number): { row: number; column: number } {
  // A search that ends before the text looks at its first character all the same.
  const lineStart = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
  return { row: text.slice(0, lineStart).split('\n').length - 1, column: offset - lineStart };
}
