// The manifest is code without a compiler: this is what checks it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import {
  contextKeys,
  contributes,
  declared,
  manifest,
  read,
  registered,
  root,
  settings,
  sources,
  words,
} from './readManifest';

/**
 * The editor's own commands, for keys that would accept the next word of an inline suggestion: a piece of a review's new
 * text among the old lines is neither the old text nor the new one.
 */
const GIVEN_BACK = new Set(['cursorWordEndRight', 'cursorEnd']);
/** The editor's own, which has no key by itself: ghost text on request. */
const TRIGGER = 'editor.action.inlineSuggest.trigger';

describe('the manifest', () => {
  test('says each thing in package.nls.json, and nothing there is unused', () => {
    const used = new Set([...read('package.json').matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key));
    assert.deepEqual(
      [...used].filter((key) => words[key ?? ''] === undefined),
      [],
    );
    assert.deepEqual(
      Object.keys(words).filter((key) => !used.has(key)),
      [],
    );
    for (const { title } of [...contributes.commands, ...contributes.configuration])
      assert.match(title, /^%.+%$/);
  });

  test('declares each command that is registered, and registers each that is declared', () => {
    assert.deepEqual([...declared].sort(), [...registered].sort());
  });

  test('knows each name of its own that the sources use', () => {
    const others = [
      // The extension, its status bar item, a comment thread's context value.
      'palimpsest.palimpsest',
      'palimpsest.status',
      'palimpsest.hunk',
    ];
    const sections = settings.map(([name]) => name.split('.').slice(0, 2).join('.'));
    const known = new Set([
      ...declared,
      ...contextKeys,
      ...sections,
      ...contributes.colors.map(({ id }) => id),
      ...others,
    ]);
    const used = [...sources.matchAll(/'(palimpsest\.[A-Za-z]+)(?:\.[A-Za-z.]+)?'/g)].map(
      ([, name]) => name ?? '',
    );
    assert.deepEqual(
      [...new Set(used)].filter((name) => !known.has(name)),
      [],
    );
  });

  test('a key accepts new lines only where the editor shows them, and shows them where it has hidden them', () => {
    const accepting = contributes.keybindings.filter(({ command }) =>
      ['palimpsest.acceptHunk', 'palimpsest.acceptRewrite'].includes(command),
    );
    assert.equal(accepting.length, 4);
    const visible = '(!palimpsest.atGhost || inlineSuggestionVisible)';
    // In a diff editor all of it is on the screen.
    const inText = accepting.filter(({ when }) => !when?.includes('palimpsest.inReviewDiff'));
    assert.equal(inText.length, 3);
    for (const { key, when } of inText) {
      assert.ok(when?.includes(visible), key);
      const hidden = when?.replace(visible, 'palimpsest.atGhost && !inlineSuggestionVisible');
      const showing = contributes.keybindings.filter(
        (one) => one.command === 'palimpsest.showNewLines' && one.key === key,
      );
      assert.deepEqual(
        showing.map((one) => one.when),
        [hidden],
      );
    }
  });

  test('names only declared commands in menus and keys, and shows a review only where there is one', () => {
    const named = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
    for (const { command } of named)
      assert.ok(declared.has(command) || GIVEN_BACK.has(command) || command === TRIGGER, command);
    const needsReview = [
      'acceptHunk',
      'rejectHunk',
      'nextHunk',
      'previousHunk',
      'pinWords',
      'remaskWords',
      'acceptRewrite',
      'rejectRewrite',
      'nextCandidate',
      'previousCandidate',
      'rewriteAgain',
    ];
    for (const { command, when } of named) {
      if (needsReview.includes(command.replace('palimpsest.', ''))) {
        assert.match(when ?? '', /palimpsest\.(reviewing|atReview)/, command);
      }
    }
  });

  test('takes keys that belong to the editor only under its own contexts', () => {
    for (const { command, key, when } of contributes.keybindings) {
      assert.ok(when, `${command} has a context`);
      if (/^(tab|escape|alt\+[[\]])$/.test(key) || GIVEN_BACK.has(command))
        assert.match(when, /palimpsest\.(reviewing|atReview|denoising|offersGhostText)/);
      // A search box, a terminal or a list has its own use for the same keys: Ctrl+Alt+Enter replaces all.
      assert.match(when, /(?<!!)\beditorTextFocus\b/, `${command} is for the text`);
      if (key !== 'escape') continue;
      // What has opened over the text since goes first.
      for (const open of [
        'suggestWidgetVisible',
        'findWidgetVisible',
        'referenceSearchVisible',
        'inSnippetMode',
      ])
        assert.ok(when.includes(`!${open}`), `${command}: ${open}`);
      if (command !== 'palimpsest.rejectRewrite') continue;
      // What the editor's own Escape would take away first; a rewrite of several places has several cursors while it denoises.
      for (const first of ['editorHasSelection', 'editorHasMultipleSelections', 'editorHoverVisible'])
        assert.ok(when.includes(`!${first}`), `${command}: ${first}`);
    }
  });

  test('sets only context keys that it uses, and uses only those that it sets', () => {
    const whens = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map(
      // The name of a view is none of a context key.
      ({ when }) => (when ?? '').replace(/\bview == [\w.]+/g, ''),
    );
    const events = contributes.walkthroughs
      .flatMap(({ steps }) => steps.flatMap(({ completionEvents }) => completionEvents))
      .filter((event) => event.startsWith('onContext:'));
    const enabled = contributes.commands.map(({ enablement }) => enablement ?? '');
    const used = new Set(
      [...whens, ...enabled, ...events].flatMap((when) => when.match(/palimpsest\.[A-Za-z]+/g) ?? []),
    );
    assert.deepEqual([...used].sort(), [...contextKeys].sort());
  });

  test('gives each setting a type, a default, a scope, a place and a description', () => {
    for (const [name, setting] of settings) {
      assert.ok(setting.type && setting.scope && setting.markdownDescription, name);
      assert.notEqual(setting.default, undefined, name);
      assert.equal(typeof setting.order, 'number', name);
      assert.equal(setting.enum?.length, setting.markdownEnumDescriptions?.length, name);
      if (setting.enum)
        assert.ok(
          setting.enum.some((value) => value === setting.default),
          name,
        );
    }
    for (const { properties } of contributes.configuration) {
      const orders = Object.values(properties).map(({ order }) => order);
      assert.equal(new Set(orders).size, orders.length);
    }
  });

  test('reads each setting that it declares', () => {
    for (const [name] of settings) {
      const [, group, key] = name.split('.');
      const isRead =
        sources.includes(`'${group}.${key}'`) ||
        (sources.includes(`.${group}\``) && sources.includes(`'${key}'`));
      assert.ok(isRead, `${name} is read`);
    }
  });

  test('lets no workspace choose a program or a folder to load', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.equal(virtualWorkspaces, true);
    const machine = settings.filter(([, { scope }]) => scope === 'machine').map(([name]) => name);
    const restricted = untrustedWorkspaces.restrictedConfigurations;
    // Nor may it take a guard away from what it holds.
    const guards = settings.map(([name]) => name).filter((name) => name.startsWith('palimpsest.context.'));
    assert.deepEqual([...restricted].sort(), [...machine, ...guards].sort());
    for (const [name] of settings) if (name.endsWith('.path')) assert.ok(machine.includes(name), name);
  });

  test('has a colour for each theme, and each colour that the code names', () => {
    const ids = contributes.colors.map(({ id }) => id);
    for (const { id, defaults } of contributes.colors) {
      assert.deepEqual(
        Object.keys(defaults).sort(),
        ['dark', 'highContrast', 'highContrastLight', 'light'],
        id,
      );
    }
    const named = new Set(
      [...sources.matchAll(/'(palimpsest\.[a-z]+(?:Foreground|Background|Border))'/g)].map(([, id]) => id),
    );
    assert.deepEqual([...named].sort(), [...ids].sort());
  });

  test('asks for no proposed API and is compiled against the oldest version that it allows', () => {
    assert.equal(manifest.enabledApiProposals, undefined);
    assert.equal(manifest.engines.vscode, `^${manifest.devDependencies['@types/vscode']}`);
    assert.deepEqual(manifest.activationEvents, ['onStartupFinished']);
  });

  test('has an icon that is a PNG of 128 pixels at least', () => {
    const icon = fs.readFileSync(path.join(root, manifest.icon));
    assert.equal(icon.toString('latin1', 1, 4), 'PNG');
    assert.ok(icon.readUInt32BE(16) >= 128 && icon.readUInt32BE(20) >= 128);
  });
});
