// Rust: `#[…]` in front of what it is about. Pure.
import type { StructureNode } from './types';

/** Those of a node: in front of it, behind which comments may stand, and in it. */
export function attributesOf({
  namedChildren,
  previousNamedSibling,
}: StructureNode): readonly StructureNode[] {
  const found = namedChildren.filter((child) => child?.type === ATTRIBUTE);
  let before = previousNamedSibling;
  while (before && (before.type === ATTRIBUTE || before.type.endsWith('comment'))) {
    if (before.type === ATTRIBUTE) found.push(before);
    before = before.previousNamedSibling;
  }
  return found.filter((node) => node !== null);
}

const ATTRIBUTE = 'attribute_item';
