// What a person is asked about a server: which one, whether code may go there, its key.
import { l10n, window } from 'vscode';
import { toEngineError } from '../../engine/errors';
import { serverAddress } from '../../engine/privacy/serverAddress';
import type { ServerKind } from '../../engine/protocol';
import type { ConfiguredServer } from './configured';

interface KindItem {
  /** Not `kind`: that word is the editor's own here. */
  readonly server: ServerKind;
  readonly label: string;
  readonly detail: string;
  /** Address to begin with. */
  readonly url: string;
  /** Whether a server of this kind may have several models. */
  readonly hasModels: boolean;
}

function kinds(): readonly KindItem[] {
  return [
    {
      server: 'palimpsest',
      label: l10n.t('Palimpsest server'),
      detail: l10n.t('Another machine with "palimpsest serve". Does everything that a local model does.'),
      url: 'http://localhost:8417',
      hasModels: false,
    },
    {
      server: 'llama-server',
      label: 'llama.cpp (llama-server)',
      detail: l10n.t('Fills in the middle. No denoise steps, no suspicious tokens.'),
      url: 'http://localhost:8080',
      hasModels: false,
    },
    {
      server: 'openai-completions',
      label: l10n.t('OpenAI-compatible completions with a suffix'),
      detail: l10n.t('Ollama, DeepSeek, SGLang, and others. Fills in the middle.'),
      url: 'http://localhost:11434/v1',
      hasModels: true,
    },
    {
      server: 'openai-chat',
      label: l10n.t('OpenAI-compatible chat'),
      detail: l10n.t('SGLang, LMDeploy, vLLM, and others. Takes instructions.'),
      url: 'http://localhost:8000/v1',
      hasModels: true,
    },
    {
      server: 'mercury',
      label: 'Mercury (Inception Labs)',
      detail: l10n.t('A paid service on the internet. Fills in the middle and edits selections.'),
      url: 'https://api.inceptionlabs.ai/v1',
      hasModels: false,
    },
  ];
}

/** `current`: what is set now. */
export async function askForServer(
  current: ConfiguredServer | undefined,
): Promise<ConfiguredServer | undefined> {
  const items = kinds().map((item) => ({
    ...item,
    description: item.server === current?.kind ? l10n.t('in use') : '',
  }));
  const title = l10n.t('Use a server');
  const item = await window.showQuickPick(items, {
    title,
    placeHolder: l10n.t('Code around the cursor is sent to the server that you choose.'),
    matchOnDetail: true,
  });
  if (item === undefined) return undefined;
  const value = current?.kind === item.server ? current.address.url : item.url;
  const url = await window.showInputBox({
    title,
    prompt: l10n.t('URL of the server'),
    value,
    ignoreFocusOut: true,
    validateInput: complaintAbout,
  });
  if (url === undefined) return undefined;
  const named = item.hasModels ? await askForModel(title, item.server, current) : '';
  if (named === undefined) return undefined;
  const model = named.trim();
  return { kind: item.server, address: serverAddress(url), ...(model === '' ? {} : { model }) };
}

function askForModel(
  title: string,
  kind: ServerKind,
  current: ConfiguredServer | undefined,
): Thenable<string | undefined> {
  return window.showInputBox({
    title,
    prompt: l10n.t('Name of the model. Leave it empty if the server has only one.'),
    value: current?.kind === kind ? (current.model ?? '') : '',
    ignoreFocusOut: true,
  });
}

function complaintAbout(url: string): string | undefined {
  try {
    serverAddress(url);
    return undefined;
  } catch (error) {
    return toEngineError(error).message;
  }
}

/** Says what is sent, where to, and how to take it back. */
export async function askToSend({ address }: ConfiguredServer): Promise<boolean> {
  const { host, isLoopback, isPrivate } = address;
  const where = isLoopback
    ? l10n.t('The server is on this machine. It decides whether the code stays here.')
    : l10n.t('The code leaves this machine.');
  const detail = [
    l10n.t(
      'For every rewrite, and for ghost text while you type, the text around the cursor or the selection is sent to {0}: parts of the file that you edit, and no other file.',
      host,
    ),
    where,
    l10n.t(
      'Files with secrets and untrusted workspaces are never sent; files that Git ignores only if you have turned off palimpsest.context.leaveOutGitIgnored.',
    ),
    ...(isPrivate
      ? []
      : [
          l10n.t(
            'The connection is not encrypted: anyone on the network in between can read the code and the key. Use an https address if there is one.',
          ),
        ]),
    l10n.t('To revoke this, run Palimpsest: Forget Server.'),
  ].join('\n\n');
  const allow = isPrivate ? l10n.t('Send Code to {0}', host) : l10n.t('Send Code Unencrypted to {0}', host);
  const question = l10n.t('Send code to {0}?', host);
  return (await window.showWarningMessage(question, { modal: true, detail }, allow)) === allow;
}

/** Undefined: given up. Empty: there is none. */
export async function askForKey(host: string, isOptional: boolean): Promise<string | undefined> {
  const key = await window.showInputBox({
    title: l10n.t('Key for {0}', host),
    prompt: isOptional
      ? l10n.t('Leave it empty if the server needs none. It is kept in the secret storage of VS Code.')
      : l10n.t('It is kept in the secret storage of VS Code. Leave it empty to delete the stored one.'),
    password: true,
    ignoreFocusOut: true,
  });
  return key?.trim();
}

/** Undefined where none is known, which is said, or none is chosen. */
export async function askWhichOrigin(origins: readonly string[]): Promise<string | undefined> {
  if (origins.length === 0) {
    void window.showInformationMessage(
      l10n.t('There is no server to choose from. Models run on this machine.'),
    );
    return undefined;
  }
  return window.showQuickPick([...origins], { title: l10n.t('Choose a server') });
}
