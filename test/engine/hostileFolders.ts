// Model folders made to hang the engine, to exhaust it or to run something, and how each is refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { ErrorCode } from '../../engine/errors';
import { ARRAY, gguf, pair, uint32, uint64 } from '../unit/checkpoint/ggufFiles';
import { root } from './engineScripts';

const FIXTURES = path.join(root, 'test', 'fixtures', 'checkpoints');

export type Json = Record<string, unknown>;

/** A copy of a tiny checkpoint, to be spoiled. */
export class Model {
  constructor(
    readonly folder: string,
    fixture: string,
  ) {
    fs.cpSync(path.join(FIXTURES, fixture), folder, { recursive: true });
  }

  place(name: string): string {
    return path.join(this.folder, name);
  }

  write(name: string, content: string | Buffer): void {
    fs.rmSync(this.place(name), { recursive: true, force: true });
    fs.writeFileSync(this.place(name), content);
  }

  change(name: string, edit: (json: Json) => void): void {
    const json = JSON.parse(fs.readFileSync(this.place(name), 'utf8')) as Json;
    edit(json);
    this.write(name, JSON.stringify(json));
  }

  pattern(regex: string): void {
    this.change('tokenizer.json', (json) => {
      const split = { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
      const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
      json['pre_tokenizer'] = { type: 'Sequence', pretokenizers: [split, bytes] };
    });
  }

  header(json: string): void {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
    this.write('model.safetensors', Buffer.concat([length, Buffer.from(json)]));
  }

  /** Weights in one file, named by an index. */
  index(file: string): void {
    this.remove('model.safetensors');
    this.write('model.safetensors.index.json', JSON.stringify({ weight_map: { 'lm_head.weight': file } }));
  }

  remove(name: string): void {
    fs.rmSync(this.place(name));
  }

  folderAt(name: string): void {
    this.remove(name);
    fs.mkdirSync(this.place(name));
  }

  pipe(name: string): void {
    fs.rmSync(this.place(name), { recursive: true, force: true });
    assert.equal(spawnSync('mkfifo', [this.place(name)]).status, 0);
  }

  link(name: string, target: string): void {
    fs.rmSync(this.place(name), { recursive: true, force: true });
    fs.symlinkSync(target, this.place(name));
  }
}

const loop = (depth: number): string =>
  depth === 0 ? '' : `{% for i in range(100000) %}${loop(depth - 1)}{% endfor %}`;
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const many = (bytes: number) => `[${'[],'.repeat(bytes / 3)}[]]`;
/** An object of so many short keys. */
const keys = (count: number, value: string) =>
  `{${Array.from({ length: count }, (_, i) => `"${i.toString(36)}":${value}`).join()}}`;

/** A checkpoint with the tokenizer's files of Dream, and these merges. */
function mergesAre(it: Model, merges: string): void {
  it.remove('tokenizer.json');
  it.write('tokenizer_config.json', '{"tokenizer_class":"Qwen2Tokenizer"}');
  it.write('vocab.json', '{"a":0}');
  it.write('merges.txt', merges);
}

/** Weights in a GGUF file whose header has a list of so many truth values. */
function listIs(it: Model, count: number): void {
  const BOOL = 7;
  for (const name of ['model.safetensors', 'reference.safetensors']) it.remove(name);
  const list = Buffer.concat([uint32(BOOL), uint64(count), Buffer.alloc(count)]);
  it.write('model.gguf', gguf({ pairs: [pair('a', ARRAY, list)] }));
}

/** What is done to the folder, and the code with which it is refused; `loads`: without what was spoiled. */
export const HOSTILE: Readonly<Record<string, readonly [(it: Model) => void, ErrorCode | 'loads']>> = {
  'a pattern of nested repetitions': [(it) => it.pattern('(a+)+$'), 'tokenizer-malformed'],
  'a pattern of repeated words': [(it) => it.pattern('^(\\w+\\s?)*$'), 'tokenizer-malformed'],
  'a pattern of equal alternatives': [(it) => it.pattern('(a|a)*b$'), 'tokenizer-malformed'],
  'a pattern of repeated blanks': [(it) => it.pattern('( *)*\\t'), 'tokenizer-malformed'],
  'a template of nested loops': [(it) => it.write('chat_template.jinja', loop(4)), 'loads'],
  'a template of a list that V8 aborts at': [
    (it) =>
      it.write(
        'chat_template.jinja',
        '{% for i in range(10**9) %}{% endfor %}{% for i in range(1000000000) %}{% endfor %}',
      ),
    'loads',
  ],
  'a template that calls itself': [
    (it) => it.write('chat_template.jinja', '{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}'),
    'loads',
  ],
  'a template that doubles a text': [
    (it) =>
      it.write(
        'chat_template.jinja',
        `{% set n = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}`,
      ),
    'loads',
  ],
  'a template of eight megabytes of brackets': [
    (it) => it.write('chat_template.jinja', `{{ ${'('.repeat(7_900_000)} }}`),
    'loads',
  ],
  'a pipe as template': [(it) => it.pipe('chat_template.jinja'), 'checkpoint-malformed'],
  'a header of nested lists': [(it) => it.header(`{"a":${nested(4_000_000)}}`), 'checkpoint-malformed'],
  'a header of empty lists': [(it) => it.header(`{"a":${many(9_000_000)}}`), 'checkpoint-malformed'],
  'a header that is longer than any': [
    (it) => it.header(`{"__metadata__":{"a":"${'x'.repeat(20_000_000)}"}}`),
    'checkpoint-malformed',
  ],
  'a header that claims more than there is': [
    (it) => it.write('model.safetensors', Buffer.from([255, 255, 255, 255, 255, 255, 255, 127, 123])),
    'checkpoint-malformed',
  ],
  'a tokenizer of nested lists': [
    (it) => it.write('tokenizer.json', `{"model":${nested(10_000_000)}}`),
    'tokenizer-malformed',
  ],
  'a tokenizer of empty lists': [
    (it) => it.write('tokenizer.json', `{"model":${many(30_000_000)}}`),
    'tokenizer-malformed',
  ],
  'a tokenizer that is longer than any': [
    (it) => it.write('tokenizer.json', `{"a":"${'x'.repeat(70_000_000)}"}`),
    'tokenizer-malformed',
  ],
  'a tokenizer of too many merges': [
    (it) =>
      it.change('tokenizer.json', (json) => {
        (json['model'] as Json)['merges'] = Array.from({ length: 2_500_000 }, () => 'a b');
      }),
    'tokenizer-malformed',
  ],
  'a hundred thousand added tokens': [
    (it) =>
      it.change('tokenizer.json', (json) => {
        json['added_tokens'] = Array.from({ length: 100_000 }, (_, id) => ({ id, content: `<${id}>` }));
      }),
    'tokenizer-malformed',
  ],
  'a tokenizer of six million tokens': [
    (it) =>
      it.write('tokenizer.json', `{"model":{"type":"BPE","merges":[],"vocab":${keys(6_000_000, '0')}}}`),
    'tokenizer-malformed',
  ],
  'a tokenizer of thirty million numbers': [
    (it) => it.write('tokenizer.json', `{"model":[${'1,'.repeat(30_000_000)}1]}`),
    'tokenizer-malformed',
  ],
  'a tokenizer of one long text in wide characters': [
    (it) => it.write('tokenizer.json', `{"model":"\u20ac${'x'.repeat(62_000_000)}"}`),
    'tokenizer-malformed',
  ],
  'a list of thirty million merges': [(it) => mergesAre(it, 'a\n'.repeat(30_000_000)), 'tokenizer-malformed'],
  'a header of nine hundred thousand keys': [
    (it) => it.header(`{"__metadata__":${keys(900_000, '0')}}`),
    'checkpoint-malformed',
  ],
  'a header of four million sizes': [
    (it) => it.header(`{"a":{"shape":[${'0,'.repeat(4_000_000)}0]}}`),
    'checkpoint-malformed',
  ],
  'a GGUF header of a hundred million values': [(it) => listIs(it, 100_000_000), 'checkpoint-malformed'],
  'an index of two million keys': [
    (it) => it.write('model.safetensors.index.json', `{"weight_map":${keys(2_400_000, '"a"')}}`),
    'checkpoint-malformed',
  ],
  'a configuration of six hundred thousand keys': [
    (it) => it.write('config.json', keys(600_000, '0')),
    'checkpoint-malformed',
  ],
  'a configuration of nested lists': [
    (it) => it.write('config.json', `{"a":${nested(3_000_000)}}`),
    'checkpoint-malformed',
  ],
  'an index that is longer than any': [
    (it) => it.write('model.safetensors.index.json', `{"a":"${'x'.repeat(40_000_000)}"}`),
    'checkpoint-malformed',
  ],
  'a pipe as configuration': [(it) => it.pipe('config.json'), 'checkpoint-malformed'],
  'a pipe as tokenizer': [(it) => it.pipe('tokenizer.json'), 'tokenizer-malformed'],
  'a pipe as weights': [(it) => it.pipe('model.safetensors'), 'checkpoint-malformed'],
  'an endless device as weights': [(it) => it.link('model.safetensors', '/dev/zero'), 'checkpoint-malformed'],
  'an endless device as tokenizer': [(it) => it.link('tokenizer.json', '/dev/zero'), 'tokenizer-malformed'],
  'several patterns, the last of which never ends': [
    (it) =>
      it.change('tokenizer.json', (json) => {
        const split = (Regex: string) => ({
          type: 'Split',
          pattern: { Regex },
          behavior: 'Isolated',
          invert: false,
        });
        const pretokenizers = [split('\\s+'), split('(?:\\w+\\W?)+$'), split('(x+x+)+y')];
        json['pre_tokenizer'] = { type: 'Sequence', pretokenizers };
      }),
    'tokenizer-malformed',
  ],
  'an index that leads out of the folder': [
    (it) => it.index('../../../../../../../../etc/passwd'),
    'checkpoint-malformed',
  ],
  'an index that leads to a device': [(it) => it.index('/dev/zero'), 'checkpoint-malformed'],
  'a link that leads to itself as configuration': [
    (it) => it.link('config.json', 'config.json'),
    'file-unreadable',
  ],
  'a folder as weights': [(it) => it.folderAt('model.safetensors'), 'checkpoint-malformed'],
  'a folder as tokenizer': [(it) => it.folderAt('tokenizer.json'), 'tokenizer-malformed'],
  'a model of a trillion units': [
    (it) => it.change('config.json', (json) => Object.assign(json, { hidden_size: 1e12 })),
    'checkpoint-malformed',
  ],
  'a model of a billion layers': [
    (it) => it.change('config.json', (json) => Object.assign(json, { num_hidden_layers: 1e9 })),
    'checkpoint-malformed',
  ],
  'a model of no heads': [
    (it) => it.change('config.json', (json) => Object.assign(json, { num_attention_heads: 0 })),
    'checkpoint-malformed',
  ],
  'a vocabulary of less than nothing': [
    (it) => it.change('config.json', (json) => Object.assign(json, { vocab_size: -1 })),
    'checkpoint-malformed',
  ],
  'tensors whose sizes overflow': [
    (it) =>
      it.header('{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]}}'),
    'tensor-malformed',
  ],
  'tensors that lie over each other and end before they begin': [
    (it) =>
      it.header(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]},"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      ),
    'tensor-malformed',
  ],
  'two hundred thousand tensors': [
    (it) =>
      it.header(
        `{${Array.from({ length: 200_000 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`,
      ),
    'checkpoint-malformed',
  ],
  'token ids in the billions': [
    (it) =>
      it.change('tokenizer.json', (json) => {
        (json['model'] as Json)['vocab'] = { a: 2_147_483_647, b: 4_000_000_000, c: -1 };
      }),
    'tokenizer-malformed',
  ],
  'a million added tokens': [
    (it) =>
      it.change('tokenizer.json', (json) => {
        json['added_tokens'] = Array.from({ length: 1_000_000 }, (_, id) => ({
          id,
          content: `<${id}>`,
          special: true,
        }));
      }),
    'tokenizer-malformed',
  ],
  'a template of one text ten times a billion': [
    (it) => it.write('chat_template.jinja', "{{ 'x' * 10000000000 }}{{ range(1000000000)|list }}"),
    'loads',
  ],
  'a template that reads files and reaches for globals': [
    (it) =>
      it.write(
        'chat_template.jinja',
        "{% include '/etc/passwd' %}{% import '/etc/passwd' as p %}{{ cycler.__init__.__globals__.os.popen('id').read() }}{{ ''.constructor.constructor('return process')() }}",
      ),
    'loads',
  ],
  'a calibration of nested lists': [
    (it) => it.write('calibration.json', `{"format":1,"mixture":${nested(3_000_000)}}`),
    'checkpoint-malformed',
  ],
  'a pipe as calibration': [(it) => it.pipe('calibration.json'), 'checkpoint-malformed'],
  'a pipe as palimpsest.json': [(it) => it.pipe('palimpsest.json'), 'checkpoint-malformed'],
};
