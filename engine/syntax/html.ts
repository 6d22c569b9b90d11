// HTML: its grammar closes what nobody closed, as a browser does, and takes any end tag.
import { LONGEST_NAMED } from './parsedText';
import type { ScopeNode } from './scopeNode';

const HTML = 'document';
const ELEMENT = 'element';
const OPEN = 'start_tag';
const CLOSE = 'end_tag';
const STRAY_CLOSE = 'erroneous_end_tag';
const NAME = 'tag_name';

/** Elements that have no end tag, and those whose end tag may be left out (HTML Living Standard, 13.1.2). */
const MAY_STAY_OPEN: ReadonlySet<string> = new Set(
  `area base br col embed hr img input link meta param source track wbr
  body caption colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th thead tr`.split(
    /\s+/,
  ),
);

/** Elements without their end tag, and end tags without their element; all of them, since what an edit opens is missed far behind it. */
export function htmlFaults(root: ScopeNode, text: string): number {
  if (root.type !== HTML || text.length > LONGEST_NAMED) return 0;
  return root.descendantsOfType([ELEMENT, STRAY_CLOSE]).filter((node) => node !== null && isAlone(node, text))
    .length;
}

function isAlone(node: ScopeNode, text: string): boolean {
  if (node.type === STRAY_CLOSE) return true;
  const parts = node.namedChildren.filter((child) => child !== null);
  const open = parts.find(({ type }) => type === OPEN);
  if (open === undefined || parts.some(({ type }) => type === CLOSE)) return false;
  const name = open.namedChildren.find((child) => child?.type === NAME);
  return name != null && !MAY_STAY_OPEN.has(text.slice(name.startIndex, name.endIndex).toLowerCase());
}
