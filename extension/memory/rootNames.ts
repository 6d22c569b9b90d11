// Which folders of a window a memory knows, and what its paths begin with where there are several. Pure.

/** One for each folder, each another one, without a `/`; empty for the only one. */
export function rootNames(folders: readonly string[]): readonly string[] {
  if (folders.length === 1) return [''];
  const names = new Set<string>();
  for (const folder of folders) {
    // A dot in front would make a tool's own folder of it.
    const plain = folder.replaceAll('/', '_').replace(/^\./, '_');
    let name = plain;
    for (let n = 2; names.has(name); n++) name = `${plain} (${n})`;
    names.add(name);
  }
  return [...names];
}

/** A virtual file system may fetch each file over a network: nobody has asked for thousands of them. */
export function isOnDisk({ scheme }: { readonly scheme: string }): boolean {
  return scheme === 'file';
}
