// Places in a text, and what takes their place.

/** UTF-16 units; beyond it a first reading alone takes longer than anybody should wait. */
export const LONGEST_TEXT = 2_000_000;

/** UTF-16 offsets; `end` is exclusive. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

/** `text` takes the place of what is between the offsets. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A node of tree-sitter's, as far as it is looked at here. */
export interface StructureNode {
  readonly type: string;
  readonly text: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly startPosition: { readonly row: number; readonly column: number };
  readonly endPosition: { readonly row: number };
  readonly namedChildCount: number;
  readonly namedChildren: readonly (StructureNode | null)[];
  readonly previousNamedSibling?: StructureNode | null;
  namedChild(index: number): StructureNode | null;
  childForFieldName(name: string): StructureNode | null;
}
