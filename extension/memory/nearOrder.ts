// In which order a request names the files that are near. Pure.

/**
 * One of the open files, one of the imported ones, and so on, each once and either kind in its own order: the engine searches the
 * first few as a whole, and many tabs must not leave out what the text imports.
 */
export function inTurns(open: readonly string[], imported: readonly string[]): readonly string[] {
  const all = new Set<string>();
  for (let i = 0; i < Math.max(open.length, imported.length); i++) {
    for (const path of [open[i], imported[i]]) if (path !== undefined) all.add(path);
  }
  return [...all];
}
