// A language as the editor's own menus call it: "TypeScript JSX", not `typescriptreact`.
import { extensions, l10n } from 'vscode';

interface Manifest {
  readonly contributes?: {
    readonly languages?: readonly { readonly id?: string; readonly aliases?: readonly string[] }[];
  };
}

/** The id itself where nobody gives it a name. */
export function languageName(id: string): string {
  // The editor's own, which no extension contributes.
  if (id === 'plaintext') return l10n.t('Plain Text');
  for (const { packageJSON } of extensions.all) {
    const { languages = [] } = (packageJSON as Manifest).contributes ?? {};
    const name = languages.find((language) => language.id === id && language.aliases?.[0])?.aliases?.[0];
    if (name !== undefined) return name;
  }
  return id;
}
