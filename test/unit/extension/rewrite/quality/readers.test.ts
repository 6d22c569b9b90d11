// Data files, pages and XML: what does not parse there, and what does.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reasonsBetween } from './judging';

/** Language, text with what is rewritten between the bars, and an answer. */
type Case = readonly [string, string, string];

const JSON_TEXT = '{\n  "a": 1,\n  ¦"b": 2¦\n}\n';
const YAML_TEXT = 'tanks:\n  - name: reef\n    ¦litres: 900¦\n  - name: mangrove\n    litres: 400\n';
const ACTION = 'jobs:\n  test:\n    steps:\n      - run: npm ci\n      ¦- run: npm test¦\n';
const TOML_TEXT = '[package]\nname = "reef"\n¦version = "1.0.0"¦\n\n[dependencies]\n';
const PAGE = '<main>\n  <ul>\n    <li>Reef\n    ¦<li><a href="/b">Mangrove</a>¦\n  </ul>\n</main>\n';

const XML = '<?xml version="1.0"?>\n<tanks>\n  ¦<reef/>¦\n</tanks>\n';

describe('what does not parse', () => {
  const broken: readonly Case[] = [
    ['json', JSON_TEXT, '"b": 2,'],
    ['json', JSON_TEXT, 'b: 2'],
    ['jsonc', JSON_TEXT, '"b": 2]'],
    ['yaml', YAML_TEXT, 'litres'],
    ['yaml', YAML_TEXT, 'litres: 900\n  water: salt'],
    ['yaml', YAML_TEXT, '- litres: 900'],
    ['yaml', YAML_TEXT, 'litres: "900'],
    ['yaml', YAML_TEXT, 'litres: [900'],
    ['yaml', YAML_TEXT, 'litres: 900: 901'],
    ['dockercompose', YAML_TEXT, 'litres: @900'],
    ['github-actions-workflow', ACTION, 'run: npm test'],
    ['vue', `<template>\n${PAGE}</template>\n`, '<li><Kelp>'],
    ['xml', XML, '<reef>'],
    ['xml', XML, '<reef></Reef>'],
    ['svg', XML, '<reef a="></reef>'],
    ['toml', TOML_TEXT, 'version = 1.0.0'],
    ['toml', TOML_TEXT, 'version: "1.0.0"'],
    ['toml', TOML_TEXT, 'name = "again"'],
    ['html', PAGE, '<li><a href="/b">Mangrove'],
    ['html', PAGE, '<li><a href="/b">Mangrove</b>'],
    ['html', PAGE, '<li><a href="/b>Mangrove</a>'],
    ['html', PAGE, '<li>Mangrove</ul>'],
    ['html', PAGE, '<div>'],
  ];
  for (const [languageId, text, answer] of broken)
    test(`${languageId}: ${answer}`, async () => {
      assert.deepEqual(await reasonsBetween(languageId, text, answer), ['does-not-parse']);
    });

  const twice: readonly Case[] = [
    ['json', JSON_TEXT, '"a": 2'],
    ['yaml', YAML_TEXT, 'name: reef'],
  ];
  for (const [languageId, text, answer] of twice)
    test(`a key that is there already in ${languageId}`, async () => {
      assert.deepEqual(await reasonsBetween(languageId, text, answer), ['declares-again']);
    });
});

describe('what does', () => {
  const fine: readonly Case[] = [
    ['jsonc', JSON_TEXT, '"b": 2, // Two.'],
    ['json', JSON_TEXT, '"b": { "a": 1 }'],
    ['yaml', YAML_TEXT, 'litres: 901'],
    ['yaml', YAML_TEXT, 'litres: 900\n    fish:\n      - clown\n      - {name: goby, age: 2}'],
    ['yaml', YAML_TEXT, 'litres: !size 900 # about'],
    ['yaml', YAML_TEXT, 'note: |\n      one\n       two'],
    ['yaml', YAML_TEXT, '<<: *common'],
    ['github-actions-workflow', ACTION, '- run: |\n          npm test\n        if: always()'],
    ['yaml', 'a: 1\n---\na: ¦2¦\n', '3'],
    ['toml', TOML_TEXT, 'seed = 9223372036854775807'],
    ['toml', TOML_TEXT, 'version = "1.0.1"\nkeywords = [\n  "fish", # and more\n]'],
    ['html', PAGE, '<li><a href="/c">Kelp &amp; more</a></li>'],
    ['html', PAGE, '<li><img src="a.png"><br>Kelp<p>Cold</li>'],
    ['html', PAGE, '<li>{{ tank.name }} <b class="{% x %}">!</b>'],
    ['html', `<p>a\n${PAGE}`, '<li>Kelp'],
    [
      'html',
      PAGE,
      '<LI>Fish & Chips > Soup < 3 <Br><img src=a><svg><image href="x"></image><path d="M0"/></svg></li>',
    ],
    ['html', PAGE, '<li><!-- <b> --><x-reef @click="a > b" :b="c">{{ a && b }}</x-reef>'],
    ['html', '<ul>\n<% each %>\n¦<li>a¦\n</ul>\n', '<li><%= a %>'],
    ['vue', `<template>\n${PAGE}</template>\n`, '<li><Kelp/>'],
    ['vue', `<template>\n${PAGE}</template>\n`, '<li><Link href="/">Home</Link><br>'],
    ['yaml', 'a: &a {b: 1}\nc:\n  <<: *a\n  ¦d: 1¦\n', '<<: *a'],
    ['xml', XML, '<reef litres="900"><!-- <a> --><![CDATA[<b>]]></reef>'],
    ['svg', XML, '<g:reef a="b"/>'],
  ];
  for (const [languageId, text, answer] of fine)
    test(`${languageId}: ${answer}`, async () => {
      assert.deepEqual(await reasonsBetween(languageId, text, answer), []);
    });

  test('a page that was wrong may stay so', async () => {
    const page = '<div>\n<p>¦one¦</p>\n';
    assert.deepEqual(await reasonsBetween('html', page, 'two'), []);
  });

  test('JSON that was wrong may stay so', async () => {
    assert.deepEqual(await reasonsBetween('json', '{\n  "a": 1,\n  "b": ¦2¦,\n}\n', '3'), []);
  });
});

describe('nobody knows', () => {
  const unread: readonly Case[] = [
    // A template is none of its language, whatever stands in it.
    ['yaml', '{{- if .on }}\nport: ¦1¦\n{{- end }}\n', '2'],
    ['yaml', '{{- if .on }}\nport: ¦1¦\n{{- end }}\n', '"2'],
    ['toml', 'name = {{ name }}\nport = ¦1¦\n', '2'],
    ['yaml', `a: ${'x'.repeat(100_000)}\nb: ¦1¦\n`, '2'],
    ['yaml', `a: ${'['.repeat(20_000)}¦2¦${']'.repeat(20_000)}`, '3'],
    ['json', `${'['.repeat(200_000)}¦2¦${']'.repeat(200_000)}`, '3'],
    ['toml', `a = ${'['.repeat(20_000)}¦2¦${']'.repeat(20_000)}`, '3'],
    ['yaml', 'name: a\nport: ¦1¦\n', '{{ .Values.name }}-web'],
    ['yaml', 'name: a\n¦port: 1¦\n', '{{- if .on }}\nport: 1'],
    ['html', PAGE, '{% if a %}<li class="b">{% else %}<li><b>{% endif %}'],
    ['html', PAGE, '<li>{{ if .W }}<b class="w">{{ else }}<b>{{ end }}Kelp</b>'],
    ['html', PAGE, '<li><?php if ($a): ?><b><?php endif ?>'],
    // Another language.
    ['html', '<p>a\n<script>\nf(¦a¦);\n</script>\n', '{ ('],
    ['html', '<style>\na { ¦color: red¦ }\n</style>\n', 'color: blue'],
    ['sql', 'SELECT a FROM b WHERE ¦c¦;', 'WHERE'],
  ];
  for (const [languageId, text, answer] of unread)
    test(`${languageId}: ${text.slice(0, 20)} with ${answer}`, async () => {
      assert.deepEqual(await reasonsBetween(languageId, text, answer), ['not-parsed']);
    });
});

test('a fault that an answer mends is one less', async () => {
  for (const [languageId, text, answer] of [
    ['yaml', 'a: ¦"1¦\nb: 2\n', '1'],
    ['toml', 'a = ¦"1¦\nb = 2\n', '1'],
    ['html', '<p>¦<b>1¦</p>\n', '<b>1</b>'],
  ] as const)
    assert.deepEqual(await reasonsBetween(languageId, text, answer), [], languageId);
});
