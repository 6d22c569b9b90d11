// The picture of models to choose among: slower is larger, what nobody measured is dashed, and what is committed has the catalogue's
// figures.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { modelsPicture, type PicturedModel } from '../../../bench/hub/picture';
import { catalogue } from '../../../engine/hub/catalogue';
import { INCLUDED } from '../../../engine/hub/included';
import { type Speed, secondsText } from '../../../engine/hub/speed';

const SVG = path.join(__dirname, '..', '..', '..', 'docs', 'images', 'models.svg');

function drawn(changes: Partial<PicturedModel>): { readonly svg: string; readonly radius: number } {
  const model: PicturedModel = {
    ...{ label: 'A <b>', kind: 'diffusion', quality: 50, isOurs: true, memory: 1e9, side: 'right' },
    ...changes,
  };
  const svg = modelsPicture({ title: '', subtitle: '', note: '', label: '', models: [model] });
  return { svg, radius: Number(/<circle [^>]*r="([\d.]+)"/.exec(svg)?.[1]) };
}

describe('the picture of models', () => {
  test('has the time for a line as the size of the circle, and in words', () => {
    const [fast, slow] = [drawn({ seconds: 0.1, secondsText: '0.10 s' }), drawn({ seconds: 36 })];
    assert.ok(fast.radius < slow.radius);
    assert.match(fast.svg, />A &lt;b> · 50 % · 0\.10 s</);
    assert.doesNotMatch(fast.svg.split('A &lt;b>')[0] ?? '', /dasharray/);
    assert.match(drawn({}).svg.split('A &lt;b>')[0] ?? '', /dasharray/, 'nobody measured it');
  });

  test('that is committed has the speeds of the catalogue', () => {
    const svg = fs.readFileSync(SVG, 'utf8');
    const has = (name: string, speed: Speed | undefined) => {
      const label = new RegExp(`>${name}[^<]* %${speed ? ` · ${secondsText(speed.oneLine)}` : '<'}`);
      assert.match(svg, label, 'npm run bench -- modelsPicture');
    };
    for (const { title, speed } of INCLUDED) has(title, speed);
    const named = {
      'dreamon-7b': 'DreamOn 7B',
      'open-dcoder-0.5b': 'Open-dCoder',
      'qwen2.5-coder-7b': 'Qwen2.5-Coder 7B',
    };
    for (const [id, name] of Object.entries(named))
      has(name, catalogue().find((one) => one.id === id)?.speed);
  });
});
