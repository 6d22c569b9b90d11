// The results as a page for a person: what it comes to, what to do next, and then every part with what it found.
import { markdownTable } from '../harness';
import type { Line } from './report';
import type { PartResult, PartState, RunResult } from './results';

const STATE_WORDS: Readonly<Record<PartState, string>> = {
  passed: 'passed',
  'left-out': 'left out',
  failed: 'failed',
  'timed-out': 'ran out of time',
  crashed: 'crashed',
  'cut-off': 'cut off',
};

export function pageOf(result: RunResult): string {
  const { version, revision, started, isQuick, machine, parts, left } = result;
  const rows = [
    ...parts.map(({ name, title, state, seconds, lines }) => [
      name,
      title,
      STATE_WORDS[state],
      String(lines.filter(({ kind }) => kind === 'skipped').length || '–'),
      `${seconds.toFixed(1)} s`,
    ]),
    ...left.map((name) => [name, '', 'has not run', '–', '–']),
  ];
  const next = nextSteps(result);
  return `${[
    '# The engine on this machine',
    `Palimpsest ${version} (${revision}), ${started}${isQuick ? ', quick: small shapes and few requests, so the times say little' : ''}.`,
    `**${summaryOf(result)}**`,
    markdownTable(['part', 'what', 'result', 'left out', 'time'], rows, 'left'),
    ...(next.length > 0 ? ['## What to do next', bullets(next)] : []),
    '## The machine',
    bullets(machine),
    ...parts.map(sectionOf),
  ].join('\n\n')}\n`;
}

/** What the run comes to, in a line. */
function summaryOf({ parts, left }: RunResult): string {
  const count = (state: PartState) => parts.filter((part) => part.state === state).length;
  const words = (Object.keys(STATE_WORDS) as PartState[])
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${STATE_WORDS[state]}`);
  return `${[...words, ...(left.length > 0 ? [`${left.length} not run`] : [])].join(', ') || 'Nothing has run yet'}.`;
}

function nextSteps({ parts, left }: RunResult): string[] {
  const inState = (state: PartState) => parts.filter((part) => part.state === state).map(({ name }) => name);
  const wrong = [...inState('failed'), ...inState('crashed')];
  const late = inState('timed-out');
  const open = [...inState('cut-off'), ...left];
  return [
    ...wrong.map((name) => `\`${name}\`: read its section below and \`logs/${name}.log\`.`),
    ...(late.length > 0
      ? [`Give the parts that ran out of time more of it: \`./run --only ${late.join(',')} --patience 4\`.`]
      : []),
    ...(open.length > 0 ? [`Run what is missing: \`./run --only ${open.join(',')}\`.`] : []),
    ...parts.flatMap(({ lines }) => lines.flatMap((line) => (line.kind === 'next' ? [line.text] : []))),
  ];
}

function sectionOf({ name, title, remark, lines }: PartResult): string {
  const checks = lines.filter((line) => line.kind === 'check');
  const skipped = lines.filter((line) => line.kind === 'skipped');
  const list = (texts: readonly string[]) => (texts.length > 0 ? [bullets(texts)] : []);
  return [
    `## ${name}: ${title}`,
    ...(remark === undefined ? [] : [`**${remark}**`]),
    ...list(checks.map((check) => `${check.ok ? 'ok' : '**FAILED**'}: ${check.name}. ${check.detail}`)),
    ...tablesOf(lines).flatMap((table) => [
      `### ${table.title}`,
      markdownTable(table.header, table.rows, isOfWords(table) ? 'left' : 'right'),
    ]),
    ...lines.flatMap((line) => (line.kind === 'note' ? [line.text] : [])),
    ...list(skipped.map((one) => `left out: ${one.name}. ${one.reason}`)),
  ].join('\n\n');
}

type Table = Extract<Line, { readonly kind: 'table' }>;

/** Rows come as they are measured: those of one title are one table. */
function tablesOf(lines: readonly Line[]): Table[] {
  const tables = new Map<string, Table>();
  for (const line of lines) {
    if (line.kind !== 'table') continue;
    const begun = tables.get(line.title);
    tables.set(line.title, begun === undefined ? line : { ...begun, rows: [...begun.rows, ...line.rows] });
  }
  return [...tables.values()];
}

function isOfWords({ rows }: Table): boolean {
  return rows.some((row) => row.slice(1).some((cell) => /[a-z]{3}/.test(cell)));
}

function bullets(texts: readonly string[]): string {
  return texts.map((text) => `- ${text}`).join('\n');
}
