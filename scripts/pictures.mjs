// `npm run pictures`: does what a person does, with real keys in a real workbench, and keeps a picture of each surface in
// docs/images/, in a dark, a light and a high-contrast theme, and the denoise as an animation. It fails when the editor does
// not show what it should. Words choose: `npm run pictures -- dark denoise review`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { animate } from './pictures/animation.mjs';
import { APART, surfaces, TOGETHER, wholeStory } from './pictures/surfaces.mjs';
import { IMAGES, inWindow, keepPicture, THEMES } from './pictures/window.mjs';
import { ensureDependencies, run } from './setup.mjs';

async function takePictures(name, theme, wanted) {
  const isWanted = (surface) => wanted.length === 0 || wanted.includes(surface);
  const takeOne = async (window, all, surface) => {
    // One surface that is not as it should be must not hide the others.
    await all[surface]().catch((error) => failed(`${surface}, ${name}`, window, error));
  };
  const picturesOf = (window) => surfaces(window, (surface) => keepPicture(window.page, surface, name));
  const together = TOGETHER.filter(isWanted);
  if (together.length > 0) {
    await inWindow(theme, async (window) => {
      const all = picturesOf(window);
      await all.begin();
      for (const surface of together) await takeOne(window, all, surface);
    });
  }
  for (const [surface, settings] of Object.entries(APART).filter(([one]) => isWanted(one))) {
    await inWindow(theme, (window) => takeOne(window, picturesOf(window), surface), { settings });
  }
}

async function failed(what, { page }, error) {
  const file = path.join(os.tmpdir(), `palimpsest-${what.replace(', ', '-')}-failure.png`);
  await page.screenshot({ path: file });
  console.error(`${what}: ${error.message}\nThe window as it was: ${file}`);
  process.exitCode = 1;
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
}

async function takeAnimation() {
  const tell = async (window) => {
    await surfaces(window, () => undefined).begin();
    // The story is in the editor.
    await window.page.keyboard.press('Control+b');
    const bytes = await animate(window.page, await wholeStory(window));
    fs.writeFileSync(path.join(IMAGES, 'denoise.png'), bytes);
    console.log(`docs/images/denoise.png (${Math.round(bytes.length / 1000)} kB)`);
  };
  await inWindow(THEMES.dark, tell, { viewport: { width: 820, height: 480 } });
}

ensureDependencies();
run('node', ['esbuild.js']);
fs.mkdirSync(IMAGES, { recursive: true });
const words = process.argv.slice(2);
const themes = Object.keys(THEMES).filter((name) => words.includes(name));
const wanted = words.filter((word) => !(word in THEMES) && word !== 'animation');
if (words.length === 0 || words.includes('animation')) await takeAnimation();
if (!(words.length === 1 && words[0] === 'animation')) {
  for (const name of themes.length > 0 ? themes : Object.keys(THEMES))
    await takePictures(name, THEMES[name], wanted);
}
if (wanted.length === 0 && !words.includes('animation'))
  run('node', ['scripts/pictures/review.mjs', ...themes]);
