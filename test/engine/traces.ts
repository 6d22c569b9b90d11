// What a session leaves behind on this machine and on its network, for the tests that look: an environment of its own and, where
// the system allows it, a network of its own whose counters remember every attempt.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { bundle } from './processes';

export const ROOT = path.join(__dirname, '..', '..');
/** The embedded model: random weights rarely come to an answer. */
export const STARTER = path.join(ROOT, 'models', 'starter');

/** Words before a command that give it a network without a way out; none where that cannot be had. */
export const ALONE =
  process.platform === 'linux' && spawnSync('unshare', ['-rn', 'true']).status === 0
    ? ['unshare', '-rn']
    : [];
/** For what can be seen only there. */
export const SKIP = { skip: ALONE.length > 0 ? false : 'unshare gives no network of its own here' };

/** Attempts to send, by /proc/PID/net/snmp and snmp6 of the namespace that the process is in. */
export function attempts(pid: number | 'self'): string[] {
  const lines = fs.readFileSync(`/proc/${pid}/net/snmp`, 'utf8').split('\n');
  return attemptsOf(lines.join('\n')).concat(
    fs
      .readFileSync(`/proc/${pid}/net/snmp6`, 'utf8')
      .split('\n')
      .filter((line) => /^(Ip6OutNoRoutes|Udp6OutDatagrams)\s+[1-9]/.test(line)),
  );
}

export function attemptsOf(snmp: string): string[] {
  const lines = snmp.split('\n').map((line) => line.split(/\s+/));
  return lines.flatMap((names, index) => {
    const values = lines[index + 1];
    if (values === undefined || values[0] !== names[0] || !/^(Ip|Tcp|Udp):$/.test(names[0] ?? '')) return [];
    return names.flatMap((name, column) =>
      /^(OutRequests|OutNoRoutes|ActiveOpens|OutDatagrams)$/.test(name) && values[column] !== '0'
        ? [`${names[0]} ${name} ${values[column]}`]
        : [],
    );
  });
}

/** Sockets that are open in the namespace of the process, of any kind that reaches another machine. */
export function openSockets(pid: number): string[] {
  return ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'].flatMap((kind) =>
    fs
      .readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => `${kind} ${line}`),
  );
}

/** A folder with the bundles as they are shipped, and an empty home and temporary folder for each environment. */
export class Traces {
  folder = '';
  home = '';
  temporary = '';

  constructor() {
    before(() => this.build());
    after(() => fs.rmSync(this.folder, { recursive: true, force: true }));
  }

  script(name: string): string {
    return path.join(this.folder, 'dist', `${name}.js`);
  }

  private async build(): Promise<void> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-traces-'));
    this.folder = folder;
    fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
    const entries = {
      engine: 'engine/process/main.ts',
      cli: 'engine/cli/main.ts',
      probe: 'engine/runtime/probeMain.ts',
      template: 'engine/checkpoint/templateMain.ts',
    };
    await bundle(entries, path.join(folder, 'dist'));
    const grammars = path.join(ROOT, 'node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');
    fs.symlinkSync(grammars, path.join(folder, 'dist', 'tree-sitter'), 'junction');
    fs.writeFileSync(path.join(folder, 'mean.py'), 'def mean(values):\n    return sum(values)\n');
  }

  /**
   * Nothing of what would silence a library by chance: no CI, no settings of the person who runs the tests. Its folders are those of
   * the next look; a hook would make other ones for a test within a test.
   */
  environment(): NodeJS.ProcessEnv {
    this.home = fs.mkdtempSync(path.join(this.folder, 'home-'));
    this.temporary = fs.mkdtempSync(path.join(this.folder, 'tmp-'));
    const kept = ['PATH', 'SYSTEMROOT', 'PATHEXT'].map((name) => [name, process.env[name]]);
    return {
      ...Object.fromEntries(kept),
      HOME: this.home,
      USERPROFILE: this.home,
      LOCALAPPDATA: this.home,
      APPDATA: this.home,
      TMPDIR: this.temporary,
      TEMP: this.temporary,
      TMP: this.temporary,
      PALIMPSEST_CACHE: path.join(this.folder, 'cache'),
    };
  }

  /** `shaders`: whether a graphics driver may have kept what it compiled, as it does for every program. */
  assertNothingForeign(shaders = false): void {
    const left = [this.home, this.temporary].flatMap((place) =>
      fs.readdirSync(place, { recursive: true, encoding: 'utf8' }),
    );
    const drivers = /^\.cache(\/mesa_shader_cache(_db)?(\/.*)?)?$/;
    assert.deepEqual(
      left.filter((name) => !shaders || !drivers.test(name)),
      [],
    );
    const ours = fs.existsSync(path.join(this.folder, 'cache'))
      ? fs.readdirSync(path.join(this.folder, 'cache'))
      : [];
    assert.deepEqual(
      ours.filter((name) => !/^(probe-[\w-]+\.json|[\w-]+-[0-9a-f]+\.weights(\.json)?)$/.test(name)),
      [],
    );
  }
}
