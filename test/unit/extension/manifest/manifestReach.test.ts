// Whether a person gets to everything that the manifest names: by the palette, by keys alone, by the walkthrough, by a
// language model.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { contextKeys, contributes, declared, manifest, root, said, settings, sources } from './readManifest';

/** Which of `\`, `[` and `]` need AltGr in a layout, or Option on a Mac: with Alt, or Option, for another meaning, nobody can press them there. */
const HARD: Readonly<Record<string, { readonly key: string; readonly mac: string }>> = {
  'English (United States)': { key: '', mac: '' },
  'English (United Kingdom)': { key: '', mac: '' },
  Polish: { key: '', mac: '' },
  Japanese: { key: '', mac: '\\' },
  Italian: { key: '[]', mac: '[]' },
  Portuguese: { key: '[]', mac: '[]' },
  German: { key: '\\[]', mac: '\\[]' },
  French: { key: '\\[]', mac: '\\[]' },
  Spanish: { key: '\\[]', mac: '\\[]' },
  Nordic: { key: '\\[]', mac: '\\[]' },
  Swiss: { key: '\\[]', mac: '\\[]' },
};

const { menus, keybindings, commands, walkthroughs, languageModelTools } = contributes;

describe('what a person gets to', () => {
  test('is every command, by the palette: keys alone suffice', () => {
    const hidden = (menus['commandPalette'] ?? []).filter(({ when }) => when === 'false');
    assert.deepEqual(hidden, []);
    for (const { title, category } of commands) {
      assert.ok(said(title));
      assert.equal(category, 'Palimpsest');
    }
    // One command says why the other one is not there: nobody sees both.
    const readOnly = 'palimpsest.rewriteReadOnly';
    const whenOf = (wanted: string) =>
      menus['commandPalette']?.find(({ command }) => command === wanted)?.when ?? '';
    assert.match(whenOf(readOnly), /^editorIsOpen && editorReadonly/);
    assert.match(whenOf('palimpsest.rewriteSelection'), /^editorIsOpen && !editorReadonly/);
    const titles = commands.filter(({ command }) => command !== readOnly).map(({ title }) => said(title));
    assert.equal(new Set(titles).size, titles.length, 'each by a name of its own');
  });

  test('is every button of a row, by the menu of the row, too: buttons need a mouse', () => {
    const entries = menus['view/item/context'] ?? [];
    const asMenu = entries.filter(({ group }) => !group?.startsWith('inline'));
    const buttons = entries.filter(({ group }) => group?.startsWith('inline'));
    assert.ok(buttons.length > 0);
    for (const { command, when } of buttons) {
      assert.ok(
        asMenu.some((one) => one.command === command && one.when === when),
        command,
      );
    }
  });

  test('has places of their own in the menu of the editor: in the same one, they would stand by the alphabet', () => {
    const places = (menus['editor/context'] ?? []).map(({ group }) => group);
    assert.equal(new Set(places).size, places.length, places.join());
  });

  test('has a key on a Mac where it has one elsewhere, and no key twice in the same place', () => {
    for (const { command, key, mac } of keybindings) {
      if (key.includes('ctrl')) assert.ok(mac?.includes('cmd'), `${command}: ${key}`);
    }
    // Option types characters of its own on a Mac: what is a letter there has another modifier beside it.
    for (const { command, key, mac = key } of keybindings)
      if (/^(shift\+)?alt\+[a-z.,]$/.test(mac)) assert.fail(`${command}: ${mac}`);
    for (const platform of ['key', 'mac'] as const) {
      const places = keybindings.map((one) => `${one[platform] ?? one.key} ${one.when}`);
      assert.deepEqual(
        places.filter((place, i) => places.indexOf(place) !== i),
        [],
      );
    }
  });

  test('has no key that types a character: AltGr is Ctrl+Alt on Windows', () => {
    // Every letter and most signs have a character on AltGr in one of the common layouts (US-International, Polish, German,
    // Spanish, the Nordic ones, Romanian, Turkish, Hungarian, Czech).
    for (const { command, key } of keybindings) {
      const parts = key.split('+');
      const last = parts.at(-1) ?? '';
      const isAltGr = parts.includes('ctrl') && parts.includes('alt');
      assert.ok(!isAltGr || last.length > 1, `${command}: ${key}`);
    }
  });

  test('has another key wherever a character needs AltGr, or Option on a Mac, in a common layout', () => {
    const seen = { key: 0, mac: 0 };
    for (const [layout, hard] of Object.entries(HARD)) {
      for (const platform of ['key', 'mac'] as const) {
        const keyOf = (one: (typeof keybindings)[number]) => one[platform] ?? one.key;
        const isHard = (one: (typeof keybindings)[number]) => hard[platform].includes(keyOf(one).slice(-1));
        for (const one of keybindings.filter(isHard)) {
          seen[platform]++;
          const others = keybindings.filter(
            (other) => other.command === one.command && other.when === one.when && !isHard(other),
          );
          assert.equal(others.length, 1, `${layout}, ${platform}: ${one.command} at ${keyOf(one)}`);
        }
      }
    }
    assert.ok(seen.key > 0 && seen.mac > 0, 'there is such a key');
  });

  test('has no key of a popular extension, nor one that the editor has in the text', () => {
    // Code Runner, Bookmarks, Project Manager, GitLens, Live Server, Markdown All in One, Rewrap, Jupyter, Vim’s Escape apart.
    const taken = new Set([
      'ctrl+alt+n',
      'ctrl+alt+m',
      'ctrl+alt+k',
      'ctrl+alt+j',
      'ctrl+alt+l',
      'shift+alt+p',
      'alt+b',
      'alt+l',
      'alt+q',
      'alt+c',
      'alt+s',
      'alt+z',
      'shift+alt+f',
      'shift+alt+a',
      'shift+alt+i',
      'shift+alt+o',
      'shift+alt+r',
      'shift+alt+h',
      'shift+alt+c',
      'shift+alt+.',
      'cmd+alt+k',
      'cmd+alt+m',
      'cmd+alt+n',
      'cmd+alt+.',
    ]);
    for (const { command, key, mac = key } of keybindings)
      for (const one of [key, mac]) assert.ok(!taken.has(one), `${command}: ${one}`);
  });

  test('leaves the tabs their room: two buttons in the title bar, the rest behind the three dots', () => {
    for (const state of ['reviewing', 'denoising']) {
      const buttons = (menus['editor/title'] ?? []).filter(
        ({ group, when }) => group?.startsWith('navigation') && when?.includes(`palimpsest.${state}`),
      );
      assert.ok(buttons.length <= 2, `${state}: ${buttons.map(({ command }) => command).join(', ')}`);
    }
  });

  test('is shown by nothing but what the editor knows', () => {
    const known = new Set([
      'commentController',
      'active',
      'dirtyDiffVisible',
      'editorHasMultipleSelections',
      'editorHasSelection',
      'editorHoverVisible',
      'editorIsOpen',
      'editorReadonly',
      'editorTabMovesFocus',
      'editorTextFocus',
      'findWidgetVisible',
      'isInDiffEditor',
      'inReferenceSearchEditor',
      'inSnippetMode',
      'inlineSuggestionVisible',
      'isMac',
      'markersNavigationVisible',
      'parameterHintsVisible',
      'referenceSearchVisible',
      'renameInputVisible',
      'suggestWidgetVisible',
      'view',
      'viewItem',
      // Of the two extensions whose Escape it is first.
      'init',
      'neovim',
      'vim',
    ]);
    const whens = [
      ...[...Object.values(menus).flat(), ...keybindings].map(({ when }) => when ?? ''),
      ...commands.map(({ enablement }) => enablement ?? ''),
    ];
    const names = whens.flatMap(
      (when) =>
        when
          .replace(/\bconfig\.[\w.]+|==\s*[\w.-]+|=~\s*\/[^/]*\//g, '')
          .replace(/palimpsest\.\w+/g, '')
          .match(/[A-Za-z]\w*/g) ?? [],
    );
    assert.deepEqual(
      [...new Set(names)].filter((name) => !known.has(name)),
      [],
    );
  });
});

describe('the walkthrough', () => {
  const steps = walkthroughs.flatMap((one) => one.steps);

  test('has steps with a picture, words for it, and an end that can be reached', () => {
    assert.ok(steps.length >= 5);
    assert.equal(new Set(steps.map(({ id }) => id)).size, steps.length);
    for (const { title, description } of walkthroughs) assert.ok(said(title) && said(description));
    for (const { id, title, description, media, completionEvents } of steps) {
      assert.ok(said(title) && said(description) && said(media.altText), id);
      const picture = fs.readFileSync(path.join(root, media.svg), 'utf8');
      assert.match(picture, /^<svg [^>]*viewBox=/, id);
      assert.match(picture, /fill="var\(--vscode-editor-background/, `${id} follows the theme`);
      assert.doesNotMatch(
        picture,
        /style=|<style/,
        `${id}: the walkthrough's page allows no styles of its own`,
      );
      assert.ok(completionEvents.length > 0, id);
      for (const event of completionEvents) assertKnown(event);
    }
  });

  test('has a picture for each step and no step for no picture', () => {
    const pictures = fs
      .readdirSync(path.join(root, 'media/walkthrough'))
      .map((file) => `media/walkthrough/${file}`);
    assert.deepEqual(pictures.sort(), steps.map(({ media }) => media.svg).sort());
  });

  test('links to commands that there are', () => {
    const links = steps.flatMap(({ description }) => [...said(description).matchAll(/\(command:([\w.]+)/g)]);
    assert.ok(links.length >= steps.length);
    for (const [, command = ''] of links) {
      const isOurs = declared.has(command) || sources.includes(`registerCommand('${command}'`);
      assert.ok(isOurs || /^(editor|workbench)\.action\./.test(command), command);
    }
  });

  function assertKnown(event: string): void {
    const [kind, name = ''] = event.split(':');
    // A button that only says that no editor is open leaves its step undone.
    if (kind === 'onContext') assert.ok(contextKeys.has(name), event);
    else if (kind === 'onCommand') assert.ok(declared.has(name) || name.startsWith('editor.action.'), event);
    else if (kind === 'onSettingChanged')
      assert.ok(
        settings.some(([setting]) => setting === name),
        event,
      );
    else assert.fail(event);
  }
});

describe('settings', () => {
  test('stand in groups with an order', () => {
    const orders = contributes.configuration.map(({ order }) => order);
    assert.equal(new Set(orders).size, orders.length);
    for (const { title, properties } of contributes.configuration) {
      assert.ok(said(title));
      for (const [name, { markdownDescription = '', markdownEnumDescriptions = [] }] of Object.entries(
        properties,
      )) {
        for (const text of [markdownDescription, ...markdownEnumDescriptions]) assert.ok(said(text), name);
      }
    }
  });

  test('that a language sets by default are settings that a language may set', () => {
    for (const [place, values] of Object.entries(contributes.configurationDefaults)) {
      if (!place.startsWith('[')) continue;
      for (const name of Object.keys(values as object)) {
        const setting = settings.find(([one]) => one === name);
        assert.equal(setting?.[1].scope, 'language-overridable', `${place} ${name}`);
      }
    }
  });
});

describe('tools for language models', () => {
  test('are registered, and say of each value what it is', () => {
    for (const { name, displayName, userDescription, modelDescription, inputSchema } of languageModelTools) {
      assert.ok(sources.includes(`lm.registerTool<ToolInput>('${name}'`), name);
      assert.ok(said(displayName) && said(userDescription) && modelDescription.length > 50);
      const check = (schema: typeof inputSchema) => {
        for (const [key, value] of Object.entries(schema.properties ?? {})) {
          assert.ok(value.type && value.description, key);
          if (value.items) check(value.items);
        }
        for (const key of schema.required ?? []) assert.ok(schema.properties?.[key], key);
      };
      assert.equal(inputSchema.type, 'object');
      check(inputSchema);
    }
  });
});

describe('what leaves the machine', () => {
  test('is nothing: no telemetry, no network', () => {
    const network = /telemetry|\bfetch\(|from '(?:node:)?(?:https?|http2|net|tls|dgram|undici|axios|ws)'/i;
    assert.deepEqual(sources.match(network), null);
  });
});

describe('where it runs', () => {
  test('is where the files are: on the remote side, in containers, in WSL', () => {
    assert.deepEqual(manifest.extensionKind, ['workspace']);
  });
});
