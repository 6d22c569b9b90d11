// A copy stands in no folder, so its relative imports lead nowhere. In what the server reads of it they are made absolute:
// then it knows the types of the neighbours, and finds on the copy what it found in the file. Pure.

const SPECIFIER =
  /(\bfrom\s{0,80}|\bimport\s{0,80}(?:\(\s{0,80})?|\brequire\s{0,80}\(\s{0,80})(["'])(\.{1,2}(?:\/[^"'\r\n]*)?)\2/g;

/** `folder`: of the file, with forward slashes and none at the end. Line ends and lines stay as they are. */
export function withAbsoluteImports(text: string, folder: string): string {
  return text.replace(
    SPECIFIER,
    (_all, keyword: string, quote: string, path: string) =>
      `${keyword}${quote}${resolved(folder, path)}${quote}`,
  );
}

/** A path that leads above the root ends there, as paths do. */
function resolved(folder: string, path: string): string {
  const parts = folder.split('/');
  for (const part of path.split('/')) {
    if (part === '..') {
      if (parts.length > 1) parts.pop();
    } else if (part !== '.' && part !== '') {
      parts.push(part);
    }
  }
  return parts.join('/');
}
