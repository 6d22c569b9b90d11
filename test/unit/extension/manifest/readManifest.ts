// The manifest and the sources that it speaks of, as its tests read them.
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '../../../..');
export const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');

interface Setting {
  readonly type?: string;
  readonly scope?: string;
  readonly order?: number;
  readonly default?: unknown;
  readonly markdownDescription?: string;
  readonly enum?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
}

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

interface WalkthroughStep {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly media: { readonly svg: string; readonly altText: string };
  readonly completionEvents: readonly string[];
}

export interface Manifest {
  readonly icon: string;
  readonly engines: { readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly activationEvents: readonly string[];
  readonly enabledApiProposals?: unknown;
  readonly l10n?: string;
  readonly extensionKind?: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: unknown;
      readonly restrictedConfigurations: readonly string[];
    };
    readonly virtualWorkspaces: unknown;
  };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
      readonly enablement?: string;
    }[];
    readonly menus: Readonly<
      Record<string, readonly { readonly command: string; readonly when?: string; readonly group?: string }[]>
    >;
    readonly keybindings: readonly {
      readonly command: string;
      readonly key: string;
      readonly mac?: string;
      readonly when?: string;
    }[];
    readonly configuration: readonly {
      readonly title: string;
      readonly order: number;
      readonly properties: Readonly<Record<string, Setting>>;
    }[];
    readonly configurationDefaults: Readonly<Record<string, unknown>>;
    readonly colors: readonly {
      readonly id: string;
      readonly description: string;
      readonly defaults: Readonly<Record<string, string>>;
    }[];
    readonly languageModelTools: readonly {
      readonly name: string;
      readonly displayName: string;
      readonly userDescription: string;
      readonly modelDescription: string;
      readonly inputSchema: Schema;
    }[];
    readonly walkthroughs: readonly {
      readonly title: string;
      readonly description: string;
      readonly steps: readonly WalkthroughStep[];
    }[];
  };
}

export const manifest: Manifest = JSON.parse(read('package.json'));
export const words: Readonly<Record<string, string>> = JSON.parse(read('package.nls.json'));
export const { contributes } = manifest;
export const declared = new Set(contributes.commands.map(({ command }) => command));
export const settings = contributes.configuration.flatMap(({ properties }) => Object.entries(properties));
export const sources = fs
  .readdirSync(path.join(root, 'extension'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => read(path.join('extension', file)))
  .join('\n');

/** Commands that the sources register, those for the extension's own use (`_palimpsest.…`) left out. */
export const registered = new Set(
  [
    ...sources.matchAll(
      /\b(?:command|inEditor|registerCommand|registerTextEditorCommand)(?:<[^(]*>)?\(\s*'(palimpsest\.[A-Za-z]+)'/g,
    ),
    ...sources.matchAll(/^ {2}'(palimpsest\.[A-Za-z]+)': '[a-zA-Z-]+',$/gm),
  ].map(([, name]) => name ?? ''),
);

export const contextKeys = new Set(
  [...sources.matchAll(/setContext(?:',\s*|\()'(palimpsest\.[A-Za-z]+)'/g)].map(([, key]) => key ?? ''),
);

/** `%key%` → what it says. */
export function said(reference: string): string {
  const text = words[reference.slice(1, -1)];
  if (!/^%.+%$/.test(reference) || text === undefined || text.trim() === '') {
    throw new Error(`${reference} is said nowhere.`);
  }
  return text;
}
