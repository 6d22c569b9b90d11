// The picture of models to choose among, as SVG: quality upwards, memory to the right, and the time for a line as the size of the
// circle. Only what somebody measured is drawn: a model whose speed nobody knows is a small dashed circle.

export interface PicturedModel {
  readonly label: string;
  readonly kind: 'diffusion' | 'autoregressive';
  /** Lines that it fills in correctly, in percent. */
  readonly quality: number;
  /** Whether the quality was measured here, and not published by others. */
  readonly isOurs: boolean;
  /** Bytes. */
  readonly memory: number;
  /** Seconds for a line where that was measured, and in words. */
  readonly seconds?: number;
  readonly secondsText?: string;
  /** Where the label stands beside its circle, and how many pixels further down. */
  readonly side: 'left' | 'right';
  readonly down?: number;
}

export interface Picture {
  readonly title: string;
  readonly subtitle: string;
  /** Beside the legend of the circles. */
  readonly note: string;
  readonly label: string;
  readonly models: readonly PicturedModel[];
}

const [WIDTH, HEIGHT] = [960, 590];
const [LEFT, RIGHT, TOP, BOTTOM] = [90, 930, 84, 424];
const FONT = 'system-ui,Segoe UI,Helvetica,Arial,sans-serif';
const COLOURS = { diffusion: '#0969da', autoregressive: '#bc4c00' } as const;
const [INK, FAINT] = ['#1f2328', '#57606a'];
/** Bytes at the left and the right border. */
const [LEAST, MOST] = [0.08e9, 24e9];
const MARKS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16];
const PERCENTS = [0, 20, 40, 60, 80, 100];
/** Circles of the legend, in seconds. */
const TIMES = [0.1, 1, 10, 60];
const UNKNOWN_RADIUS = 5;

const across = (bytes: number): number =>
  LEFT + (Math.log(bytes / LEAST) / Math.log(MOST / LEAST)) * (RIGHT - LEFT);
const upwards = (percent: number): number => BOTTOM - (percent / 100) * (BOTTOM - TOP);
/** Ten times as long is five pixels more. */
const radius = (seconds: number): number => Math.max(3, 9 + 5 * Math.log10(seconds));

function text(x: number, y: number, words: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}

function grid(): string[] {
  return [
    ...PERCENTS.flatMap((percent) => [
      `<path d="M${LEFT} ${upwards(percent)}H${RIGHT}" stroke="#d8dee4"/>`,
      text(LEFT - 10, upwards(percent) + 4, String(percent), `text-anchor="end" fill="${FAINT}"`),
    ]),
    ...MARKS.flatMap((size) => [
      `<path d="M${across(size * 1e9).toFixed(1)} ${TOP}V${BOTTOM}" stroke="#eaeef2"/>`,
      text(across(size * 1e9), BOTTOM + 20, `${size} GB`, `text-anchor="middle" fill="${FAINT}"`),
    ]),
    text(
      (LEFT + RIGHT) / 2,
      BOTTOM + 42,
      'memory for weights and the largest request, as Palimpsest estimates it (log scale)',
      `text-anchor="middle" fill="${FAINT}"`,
    ),
    text(
      30,
      (TOP + BOTTOM) / 2,
      'lines filled in correctly, %',
      `text-anchor="middle" fill="${FAINT}" transform="rotate(-90 30 ${(TOP + BOTTOM) / 2})"`,
    ),
  ];
}

function circle(x: number, y: number, r: number, more: string): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(1)}" ${more}/>`;
}

function mark(model: PicturedModel): string[] {
  const { kind, quality, isOurs, memory, seconds, secondsText, side, down = 0 } = model;
  const [x, y, colour] = [across(memory), upwards(quality), COLOURS[kind]];
  const r = seconds === undefined ? UNKNOWN_RADIUS : radius(seconds);
  const fill = isOurs ? '#ffffff' : colour;
  const dashes = seconds === undefined ? ' stroke-dasharray="3 2"' : '';
  const speed = secondsText === undefined ? '' : ` · ${secondsText}`;
  const isLeft = side === 'left';
  return [
    circle(x, y, r, `fill="${fill}" fill-opacity="0.55" stroke="${colour}" stroke-width="2"${dashes}`),
    text(
      x + (isLeft ? -r - 6 : r + 6),
      y + 4 + down,
      `${model.label} · ${quality} %${speed}`,
      `text-anchor="${isLeft ? 'end' : 'start'}" fill="${INK}"`,
    ),
  ];
}

function legend(note: string): string[] {
  const [first, second] = [498, 532];
  const sample = (x: number, y: number, r: number, more: string, words: string) => [
    circle(x, y, r, more),
    text(x + r + 6, y + 4, words, `fill="${INK}"`),
  ];
  const outline = `stroke="${FAINT}" stroke-width="2"`;
  return [
    ...sample(96, first, 6, `fill="${COLOURS.diffusion}" fill-opacity="0.55"`, 'diffusion'),
    ...sample(190, first, 6, `fill="${COLOURS.autoregressive}" fill-opacity="0.55"`, 'autoregressive'),
    ...sample(320, first, 6, `fill="#ffffff" ${outline}`, 'quality measured here'),
    ...sample(500, first, 6, `fill="${FAINT}" fill-opacity="0.55" ${outline}`, 'quality as published'),
    text(90, second + 4, 'a line on two cores:', `fill="${INK}"`),
    ...TIMES.flatMap((seconds, index) =>
      sample(230 + 90 * index, second, radius(seconds), `fill="none" ${outline}`, `${seconds} s`),
    ),
    text(90, second + 38, note, `fill="${FAINT}"`),
    ...sample(600, second, UNKNOWN_RADIUS, `fill="none" ${outline} stroke-dasharray="3 2"`, 'not measured'),
  ];
}

export function modelsPicture({ title, subtitle, note, label, models }: Picture): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(label)}" font-family="${FONT}" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    text(20, 28, title, `font-size="14" font-weight="600" fill="${INK}"`),
    text(20, 48, subtitle, `fill="${FAINT}"`),
    ...grid(),
    // The slow ones are large: what lies on them stays to be seen.
    ...[...models].sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0)).flatMap(mark),
    ...legend(note),
    '</svg>',
    '',
  ].join('\n');
}
