import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { triggerKeys } from '../../../../extension/ghost/triggerKeys';
import { manifest } from '../manifest/readManifest';

describe('the keys of ghost text', () => {
  const keys = { other: 'Alt+\\, Shift+Alt+T', mac: '⌥\\, ⌃⌘T' };

  test('are those of the machine where the extension runs in the same place', () => {
    assert.equal(triggerKeys('darwin', true), keys.mac);
    assert.equal(triggerKeys('linux', true), keys.other);
    assert.equal(triggerKeys('win32', true), keys.other);
  });

  test('are both where the person may sit at another one', () => {
    for (const platform of ['darwin', 'linux', 'win32'] as const)
      assert.equal(triggerKeys(platform, false), `${keys.other}; macOS: ${keys.mac}`);
  });

  test('are those of the manifest', () => {
    const signs: Record<string, string> = { alt: '⌥', ctrl: '⌃', cmd: '⌘' };
    const bound = manifest.contributes.keybindings.filter(
      ({ command }) => command === 'editor.action.inlineSuggest.trigger',
    );
    const said = (parts: readonly string[]) => parts.map((part) => part[0]?.toUpperCase() + part.slice(1));
    const named = bound.map(({ key }) => said(key.split('+')).join('+'));
    const onMac = bound.map(({ key, mac = key }) =>
      said(mac.split('+').map((part) => signs[part] ?? part)).join(''),
    );
    assert.equal(triggerKeys('linux', true), named.join(', '));
    assert.equal(triggerKeys('darwin', true), onMac.join(', '));
  });
});
