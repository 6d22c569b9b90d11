// Which servers a person has agreed to send code to, and which ones a key is kept for. One entry an origin; kept for all windows,
// never in settings, which a repository could bring along.
import type { Memento, SecretStorage } from 'vscode';

const AGREED = 'servers.agreed';
const WITH_KEY = 'servers.withKey';
const SECRET = 'serverKey:';

/** The origin that a secret is the key of; undefined: it is the secret of something else. */
export function originOfSecret(name: string): string | undefined {
  return name.startsWith(SECRET) ? name.slice(SECRET.length) : undefined;
}

export interface Storage {
  readonly state: Memento;
  readonly secrets: SecretStorage;
}

export class Agreements {
  /** Keys for as long as the window is open, where the system keeps no secrets (Linux without a keyring). */
  private readonly unkept = new Map<string, string>();

  constructor(private readonly storage: Storage) {}

  /** `origin`: scheme, host and port. */
  has(origin: string): boolean {
    return this.list(AGREED).includes(origin);
  }

  /** Origins that were agreed to, or that a key is kept for. */
  get known(): readonly string[] {
    return [...new Set([...this.list(AGREED), ...this.list(WITH_KEY), ...this.unkept.keys()])].sort();
  }

  async agree(origin: string): Promise<void> {
    await this.add(AGREED, origin);
  }

  /** Undefined where there is none. */
  async keyOf(origin: string): Promise<string | undefined> {
    const unkept = this.unkept.get(origin);
    if (unkept !== undefined || !this.list(WITH_KEY).includes(origin)) return unkept;
    return Promise.resolve(this.storage.secrets.get(SECRET + origin)).catch(() => undefined);
  }

  /** Whether the key is kept beyond this window. */
  async setKey(origin: string, key: string): Promise<boolean> {
    try {
      await this.storage.secrets.store(SECRET + origin, key);
    } catch {
      this.unkept.set(origin, key);
      return false;
    }
    this.unkept.delete(origin);
    await this.add(WITH_KEY, origin);
    return true;
  }

  async forgetKey(origin: string): Promise<void> {
    this.unkept.delete(origin);
    // A system without secrets has none to delete.
    await Promise.resolve(this.storage.secrets.delete(SECRET + origin)).catch(() => undefined);
    await this.remove(WITH_KEY, origin);
  }

  /** The key goes, too. */
  async forget(origin: string): Promise<void> {
    await this.remove(AGREED, origin);
    await this.forgetKey(origin);
  }

  private list(name: string): readonly string[] {
    const kept: unknown = this.storage.state.get(name);
    return Array.isArray(kept) ? kept.filter((origin) => typeof origin === 'string') : [];
  }

  private async add(name: string, origin: string): Promise<void> {
    await this.storage.state.update(name, [...new Set([...this.list(name), origin])]);
  }

  private async remove(name: string, origin: string): Promise<void> {
    await this.storage.state.update(
      name,
      this.list(name).filter((one) => one !== origin),
    );
  }
}
