// The server in use: what the settings name, whether a person has agreed to it, its key, and the commands for all of that. Light:
// the status bar asks it from the first moment on.
import {
  ConfigurationTarget,
  type Disposable,
  type Event,
  EventEmitter,
  l10n,
  window,
  workspace,
} from 'vscode';
import { EngineError, toEngineError } from '../../engine/errors';
import { serverAddress } from '../../engine/privacy/serverAddress';
import type { ServerKind, ServerParams } from '../../engine/protocol';
import { Disposables } from '../common/disposables';
import { SECTION } from '../settings';
import { Agreements, originOfSecret, type Storage } from './agreements';
import { type ConfiguredServer, configuredServer, SERVER_SETTING } from './configured';
import { askForKey, askForServer, askToSend, askWhichOrigin } from './questions';

const NAME = SERVER_SETTING.slice(SECTION.length + 1);

/** For people: where text goes, or would go. */
export interface ServerStatus {
  readonly host: string;
  readonly isLoopback: boolean;
  /** `sends`: it is used; otherwise why nothing goes there. */
  readonly use: 'sends' | 'not-allowed' | 'untrusted';
}

export class Servers implements Disposable {
  private readonly owned = new Disposables();
  private readonly changed = this.owned.add(new EventEmitter<void>());
  /** The server in use is another one, or is reached in another way. */
  readonly onChange: Event<void> = this.changed.event;
  readonly agreements: Agreements;
  /** What this window's engine was, or would be, started with. */
  private known: ServerStatus['use'] | undefined;
  /** Keys are being changed by this window, which says so itself. */
  private ownChanges = 0;
  /** Whether a person agrees to send code there. Suites answer for them. */
  agree = (server: ConfiguredServer): Promise<boolean> => askToSend(server);

  constructor(storage: Storage) {
    this.agreements = new Agreements(storage);
    this.owned.add(
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SERVER_SETTING)) this.changed.fire();
      }),
    );
    this.owned.add(
      workspace.onDidGrantWorkspaceTrust(() => {
        if (this.valid() !== undefined) this.changed.fire();
      }),
    );
    // Consent and keys are those of all windows. Of a key, VS Code says at once that it is another one; consent is looked at when a
    // person comes back from the other window.
    this.owned.add(
      storage.secrets.onDidChange(({ key }) => {
        const origin = originOfSecret(key);
        const isInUse = origin !== undefined && origin === this.valid()?.address.origin;
        if (isInUse && this.ownChanges === 0) this.changed.fire();
      }),
    );
    this.owned.add(
      window.onDidChangeWindowState(({ focused }) => {
        if (focused) this.lookAgain();
      }),
    );
    this.owned.add(
      this.onChange(() => {
        this.known = this.status?.use;
      }),
    );
    this.known = this.status?.use;
  }

  /** Says so where consent was given or taken back in another window. */
  lookAgain(): void {
    if (this.status?.use !== this.known) this.changed.fire();
  }

  /** Undefined where none is set, or what is set is none. */
  get status(): ServerStatus | undefined {
    const server = this.valid();
    if (server === undefined) return undefined;
    const { host, isLoopback, origin } = server.address;
    const use = !workspace.isTrusted ? 'untrusted' : this.agreements.has(origin) ? 'sends' : 'not-allowed';
    return { host, isLoopback, use };
  }

  /** Where text goes; undefined: nowhere. */
  get hostInUse(): string | undefined {
    const { status } = this;
    return status?.use === 'sends' ? status.host : undefined;
  }

  /**
   * What the engine needs to reach the server; undefined: a model of this machine answers, because no server is set or the
   * workspace is not trusted. Rejects with `option-invalid`, or `server-not-allowed` where nobody has agreed to it.
   */
  async params(): Promise<ServerParams | undefined> {
    const server = configuredServer();
    if (server === undefined || !workspace.isTrusted) return undefined;
    const { kind, model, address } = server;
    if (!this.agreements.has(address.origin))
      throw new EngineError(
        'server-not-allowed',
        l10n.t(
          'Palimpsest is set to use the server {0}. Nothing is sent there until you allow it.',
          address.host,
        ),
        { host: address.host },
      );
    const key = await this.agreements.keyOf(address.origin);
    return {
      kind,
      url: address.url,
      ...(model === undefined ? {} : { model }),
      ...(key === undefined ? {} : { key }),
      // The question before said what an http address means.
      allowsUnencrypted: true,
    };
  }

  /** Asks for a server, for consent and for a key, and uses it. */
  async use(): Promise<void> {
    const server = await askForServer(this.valid());
    if (server === undefined || !(await this.agreeTo(server))) return;
    const { kind, address, model } = server;
    if (!address.isLoopback && (await this.agreements.keyOf(address.origin)) === undefined)
      await this.takeKey(address.origin, true);
    await setServer({ kind, url: address.url, ...(model === undefined ? {} : { model }) });
    this.changed.fire();
  }

  /** Asks for consent to the server that is set. */
  async allow(): Promise<void> {
    const server = this.valid();
    if (server === undefined) {
      void window.showInformationMessage(l10n.t('No server is set. Models run on this machine.'));
      return;
    }
    if (await this.agreeTo(server)) this.changed.fire();
  }

  /** Asks for the key of the server that is set, or of one that is known; an empty one is forgotten. */
  async setKey(): Promise<void> {
    const origin = this.valid()?.address.origin ?? (await this.askWhich());
    if (origin !== undefined && (await this.takeKey(origin, false))) this.changed.fire();
  }

  /** Forgets consent and key of a server that is asked for. One in use is not used any more. */
  async forget(which?: string): Promise<void> {
    const origin = which ?? (await this.askWhich());
    if (origin === undefined) return;
    await this.ourselves(() => this.agreements.forget(origin));
    if (this.valid()?.address.origin !== origin) return;
    await setServer(undefined);
    this.changed.fire();
  }

  dispose(): void {
    this.owned.dispose();
  }

  private valid(): ConfiguredServer | undefined {
    try {
      return configuredServer();
    } catch {
      return undefined;
    }
  }

  private async agreeTo(server: ConfiguredServer): Promise<boolean> {
    const { origin } = server.address;
    if (this.agreements.has(origin)) return true;
    if (!(await this.agree(server))) return false;
    await this.agreements.agree(origin);
    return true;
  }

  private async askWhich(): Promise<string | undefined> {
    const current = this.valid()?.address.origin;
    return askWhichOrigin([
      ...new Set([...(current === undefined ? [] : [current]), ...this.agreements.known]),
    ]);
  }

  private async ourselves<T>(change: () => Promise<T>): Promise<T> {
    this.ownChanges++;
    try {
      return await change();
    } finally {
      this.ownChanges--;
    }
  }

  /** Whether an answer was given. */
  private async takeKey(origin: string, isOptional: boolean): Promise<boolean> {
    const key = await askForKey(serverAddress(origin).host, isOptional);
    if (key === undefined) return false;
    if (key === '') {
      if (!isOptional) await this.ourselves(() => this.agreements.forgetKey(origin));
      return true;
    }
    try {
      if (!(await this.ourselves(() => this.agreements.setKey(origin, key))))
        void window.showWarningMessage(
          l10n.t('This system has no secret storage, so the key is forgotten when you close the window.'),
        );
    } catch (error) {
      void window.showErrorMessage(toEngineError(error).message);
    }
    return true;
  }
}

/** Undefined: models run on this machine. */
export async function setServer(
  server: { readonly kind: ServerKind; readonly url: string; readonly model?: string } | undefined,
): Promise<void> {
  const settings = workspace.getConfiguration(SECTION);
  if (server === undefined && settings.inspect(NAME)?.globalValue === undefined) return;
  await settings.update(NAME, server, ConfigurationTarget.Global);
}
