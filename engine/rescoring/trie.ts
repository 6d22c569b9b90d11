// Texts that begin alike as one tree (a trie), so that what they share is read once. Node 0 is the token in front of them.

export class TokenTrie {
  /** By node. A node's parent has a smaller number. */
  readonly tokens: number[];
  readonly parents: number[] = [-1];
  /** Tokens from the root; 0 for the root itself. */
  readonly depths: number[] = [0];
  private readonly children: Map<number, number>[] = [new Map()];

  constructor(root: number) {
    this.tokens = [root];
  }

  get size(): number {
    return this.tokens.length;
  }

  /** The nodes of a text's tokens, the first one's first; those that are not there yet are made. */
  add(ids: ArrayLike<number>): number[] {
    let node = 0;
    return Array.from(ids, (token) => {
      node = this.child(node, token);
      return node;
    });
  }

  /** The node of `token` behind `node`; made where there is none yet. */
  child(node: number, token: number): number {
    const known = this.children[node]?.get(token);
    if (known !== undefined) return known;
    const made = this.tokens.push(token) - 1;
    this.parents.push(node);
    this.depths.push((this.depths[node] ?? 0) + 1);
    this.children.push(new Map());
    this.children[node]?.set(token, made);
    return made;
  }

  /** From the root to the node, both included. */
  path(node: number): number[] {
    const path: number[] = [];
    for (let at = node; at >= 0; at = this.parents[at] ?? -1) path.push(at);
    return path.reverse();
  }

  /** The tokens behind the root that lead to the node. */
  idsOf(node: number): Int32Array {
    return Int32Array.from(this.path(node).slice(1), (at) => this.tokens[at] ?? 0);
  }
}
