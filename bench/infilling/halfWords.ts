// Ghost text behind a part of a word: with that part read as it stands there, and with its last token written again by the model
// (docs/canvas.md). Lines of held-out packages, cut within a name; what comes is compared with the rest of the line.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readCalibration } from '../../engine/calibration/file';
import { type Random, seededRandom } from '../../engine/decoding/random';
import { markdownTable, progress, publish, runBench } from '../harness';
import { bestText, type Evaluated, uncalibrated } from './engine';
import { percent } from './scores';
import { HELD, type HeldFile, heldFiles, LANGUAGES, type Language } from './spans';

interface HalfWord {
  readonly language: Language;
  readonly before: string;
  readonly after: string;
  /** Of the name, and of the line. */
  readonly rest: { readonly name: string; readonly line: string };
}

interface Answered {
  readonly name: boolean;
  readonly line: boolean;
}

const WAYS = { 'as it stands': false, healed: true } as const;
type Way = keyof typeof WAYS;

const LONGEST_LINE = 110;
/** UTF-16 units. */
const LONGEST_FILE = 20_000;
const MOST_TRIES = 10_000;
/** Letters that stand already. */
const LEAST_LETTERS = 2;
const NAME = /[A-Za-z_$][\w$]{4,}/g;
const NO_CODE = /^\s*(?:#|\/\/|\*|\/\*|"""|import\b|from\b)/;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string' },
      cases: { type: 'string', default: '40' },
      most: { type: 'string', default: '24' },
      window: { type: 'string', default: '512' },
      half: { type: 'string', default: 'measure' },
    },
  });
  if (values.model === undefined) throw new Error('Name the model: --model FOLDER or --model FILE.gguf.');
  const opened = await uncalibrated(path.resolve(values.model), 2, Number(values.window));
  const engine = opened.under(await readCalibration(opened.checkpoint));
  const files = heldFiles(values.held, values.half === 'fit' ? 'fit' : 'measure');
  const cases = LANGUAGES.flatMap((language) => halfWords(files, language, Number(values.cases)));
  const answers: Record<Way, Answered[]> = { 'as it stands': [], healed: [] };
  try {
    for (const [index, half] of cases.entries()) {
      for (const way of ways())
        answers[way].push(await answerTo(engine, half, WAYS[way], Number(values.most)));
      if (index % 20 === 19) progress(`${index + 1} of ${cases.length}`);
    }
  } finally {
    await engine.dispose();
  }
  const { family, parameters } = engine.checkpoint;
  publish({
    name: 'halfWords',
    model: values.model,
    title: 'Behind a part of a word',
    facts: [
      `${family.title}, ${(parameters / 1e6).toFixed(0)}M parameters; a window of ${values.window} tokens; greedy, at most ${values.most} tokens`,
      `${cases.length} lines of held-out packages, cut within a name of five letters or more, nothing behind it in the line`,
    ],
    sections: [
      '_Name_: it goes on as it did, and ends there. _Line_: the rest of the line is right to the letter. _Gained_ and _lost_: right so, and not as it stands, and the other way round.',
      markdownTable(
        [
          'the part of the word',
          'name %',
          'gained',
          'lost',
          'line %',
          'gained',
          'lost',
          ...LANGUAGES.map((one) => `${one}, line %`),
        ],
        ways().map((way) => [
          way,
          ...(['name', 'line'] as const).flatMap((what) => cells(answers, way, what)),
          ...LANGUAGES.map((language) => {
            const own = answers[way].filter((_, i) => cases[i]?.language === language);
            return percent(own.filter(({ line }) => line).length / Math.max(1, own.length));
          }),
        ]),
      ),
    ],
  });
}

function ways(): readonly Way[] {
  return Object.keys(WAYS) as Way[];
}

function cells(
  answers: Readonly<Record<Way, readonly Answered[]>>,
  way: Way,
  what: keyof Answered,
): string[] {
  const own = answers[way];
  const share = percent(own.filter((answer) => answer[what]).length / Math.max(1, own.length));
  if (way === 'as it stands') return [share, '', ''];
  const other = (i: number) => answers['as it stands'][i]?.[what] === true;
  const gained = own.filter((answer, i) => answer[what] && !other(i)).length;
  const lost = own.filter((answer, i) => !answer[what] && other(i)).length;
  return [share, String(gained), String(lost)];
}

async function answerTo(
  engine: Evaluated,
  half: HalfWord,
  healWords: boolean,
  most: number,
): Promise<Answered> {
  const { before, after, rest, language } = half;
  const result = await engine.open.infill(
    {
      ...{ requestId: 1, model: '', priority: 'ghost', temperature: 0, maxTokens: most },
      text: before + after,
      spans: [{ start: before.length, end: before.length }],
      language,
    },
    { healWords },
  );
  const answer = bestText(result) ?? '';
  const [line = ''] = answer.split(/[\r\n]/, 1);
  return {
    name: answer.startsWith(rest.name) && !/^[\w$]/.test(answer.slice(rest.name.length)),
    line: line.trimEnd() === rest.line.trimEnd(),
  };
}

function halfWords(files: readonly HeldFile[], language: Language, count: number): HalfWord[] {
  const own = files.filter((file) => file.language === language && file.text.length <= LONGEST_FILE);
  const random = seededRandom(41);
  const found: HalfWord[] = [];
  for (let tries = 0; own.length > 0 && found.length < count && tries < MOST_TRIES; tries++) {
    const half = cutIn(own[Math.floor(random() * own.length)]?.text ?? '', language, random);
    if (half !== undefined) found.push(half);
  }
  return found;
}

function cutIn(text: string, language: Language, random: Random): HalfWord | undefined {
  const lines = text.split('\n');
  const at = Math.floor(random() * lines.length);
  const line = lines[at] ?? '';
  if (line.length > LONGEST_LINE || NO_CODE.test(line)) return undefined;
  const names = [...line.matchAll(NAME)];
  const name = names[Math.floor(random() * names.length)];
  if (name === undefined) return undefined;
  const letters = LEAST_LETTERS + Math.floor(random() * (name[0].length - LEAST_LETTERS - 1));
  const cut = name.index + letters;
  return {
    language,
    before: [...lines.slice(0, at), line.slice(0, cut)].join('\n'),
    after: ['', ...lines.slice(at + 1)].join('\n'),
    rest: { name: name[0].slice(letters), line: line.slice(cut) },
  };
}

runBench(main);
