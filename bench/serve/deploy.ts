// deploy/ as it is shipped, while an engine is stopped, killed, or full. `--compose "docker compose"`: as that command starts it.
// Else without Docker: the Dockerfile's steps, two engines from what they make, and nginx with its configuration in front. `--nginx PATH`
// names the nginx; 1.27.3 or later, since `resolve` needs it.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { figure, markdownTable, progress, publish, runBench } from '../harness';
import { countsOf, type Outcome, outcomeOf } from './asking';
import { type Balancer, type Cluster, TOKEN, until } from './cluster';
import { ofContainers } from './containers';
import { places } from './places';
import { ofProcesses } from './processes';

/** Longer than the name service's answers are kept (`valid`). */
const NAMES_MILLIS = 6000;
const CLIENTS = 12;
const OUTCOMES: readonly Outcome[] = ['answered', 'refused', 'cut', 'lost'];

/** Of so many clients, those whose requests all went to one engine. */
async function staying({ urls, asker }: Cluster, clients: number): Promise<number> {
  let stayed = 0;
  const counts = () => Promise.all(urls().map((url) => countsOf(url, TOKEN)));
  for (let client = 0; client < clients; client++) {
    const before = await counts();
    for (let round = 0; round < 6; round++)
      await asker.infill(`stays-${client}`, { text: `x${client} = ${round}\n`, at: 3 });
    const after = await counts();
    if (after.filter((count, index) => count > (before[index] ?? 0)).length === 1) stayed++;
  }
  return stayed;
}

/** What one request after the other sees. */
async function checks(cluster: Cluster): Promise<string[][]> {
  const { asker } = cluster;
  const long = { text: places(1)[0]?.text ?? '', at: 0, length: 400 };
  const steps = await asker.steps('steps', long);
  const draft = await asker.steps('draft', { ...long, text: `${long.text}\n` }, true);
  const clients = 8;
  return [
    ['`/health`', `${(await asker.get('/health')).status}`],
    ['without a token', `${(await asker.get('/v1/models', '')).status}`],
    ['`/metrics` through the balancer', `${(await asker.get('/metrics')).status}`],
    ['a body of 9 MB', `${(await asker.post('/v1/infill', 'large', { text: 'x'.repeat(9e6) })).status}`],
    ['denoise steps of a request', `${steps.count}, over ${figure(steps.millis)} ms`],
    [
      'the draft of one like it, asked for at its first step (`/v1/infill/enough`)',
      `${draft.status}; ${draft.count} steps`,
    ],
    ['clients that stay with one engine', `${await staying(cluster, clients)} of ${clients}`],
  ];
}

/** Clients that ask again and again while something happens. */
async function load({ asker }: Cluster, seconds: number, happen: () => Promise<void>): Promise<string[]> {
  const until = performance.now() + 1000 * seconds;
  const texts = places(60);
  const counts = new Map<Outcome, number>();
  const millis: number[] = [];
  const client = async (number: number) => {
    for (let i = 0; performance.now() < until; i++) {
      const place = texts[(number * 7 + i) % texts.length];
      if (place === undefined) return;
      const started = performance.now();
      const outcome = await outcomeOf(() =>
        asker.infill(`client-${number}`, place, { stream: i % 3 === 0, seed: i }),
      );
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      millis.push(performance.now() - started);
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  await Promise.all([...clients, sleep(300 * seconds).then(happen)]);
  return [
    ...[millis.length, ...OUTCOMES.map((name) => counts.get(name) ?? 0)].map(String),
    figure(Math.max(...millis)),
  ];
}

/** More requests at once than there is room for. */
async function full({ asker }: Cluster): Promise<string[]> {
  const [place] = places(1);
  if (place === undefined) throw new Error('There is no text.');
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, number) => asker.infill(`many-${number}`, place, { seed: number })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  const says = refused.every(({ retryAfter }) => Number(retryAfter) >= 1);
  return [
    String(answers.length),
    String(answers.filter(({ status }) => status === 200).length),
    `${refused.length}${says ? '' : ', **without Retry-After**'}`,
  ];
}

async function measure(cluster: Cluster, balancer: Balancer, seconds: number): Promise<string[]> {
  const earlier = (await balancer.log()).length;
  const seen = await checks(cluster);
  const restart = async (signal: 'SIGTERM' | 'SIGKILL') => {
    await cluster.stop(0, signal);
    await sleep(150 * seconds);
    await cluster.start(0);
  };
  const rows: string[][] = [];
  const during = async (what: string, happen: () => Promise<void>) => {
    progress(what);
    rows.push([what, ...(await load(cluster, seconds, happen))]);
  };
  await during('nothing', async () => undefined);
  await during('one engine is stopped (SIGTERM) and started again', () => restart('SIGTERM'));
  await during('one engine is killed (SIGKILL) and started again', () => restart('SIGKILL'));
  await during('one engine after the other is stopped and started again', async () => {
    for (const index of [0, 1]) {
      await cluster.stop(index, 'SIGTERM');
      await cluster.start(index);
      await sleep(NAMES_MILLIS);
    }
  });
  for (const index of [0, 1]) {
    await cluster.stop(index, 'SIGTERM');
    await cluster.start(index, ['--queue', '1']);
  }
  await sleep(NAMES_MILLIS);
  const busy = await full(cluster);
  const complaints = new Map<string, number>();
  for (const [, words = ''] of (await balancer.log())
    .slice(earlier)
    .matchAll(/\[(?:error|crit|alert|emerg)\] [^*]*\*\d+ (.*?)(?: while|: \d|,)/g))
    complaints.set(words.trim(), (complaints.get(words.trim()) ?? 0) + 1);
  return [
    '## One request after the other',
    markdownTable(['', 'seen'], seen, 'left'),
    `## While something happens\n\n${CLIENTS} clients ask again and again for ${seconds} s, every third time with steps. *Refused*: 429 or 503. *Cut*: an answer with steps that ends without a result, which clients have to take for an error. *Lost*: anything else that is no answer.`,
    markdownTable(['what happens', 'requests', ...OUTCOMES, 'longest, ms'], rows),
    `## More than there is room for\n\nEngines with \`--queue 1\`, and all requests at once.`,
    markdownTable(['requests', 'answered', '429'], [busy]),
    `nginx wrote of ${[...complaints].map(([words, count]) => `“${words}” (${count})`).join(', ') || 'nothing'}.`,
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      nginx: { type: 'string', default: 'nginx' },
      compose: { type: 'string' },
      seconds: { type: 'string', default: '20' },
    },
  });
  const open = values.compose === undefined ? ofProcesses(values.nginx) : ofContainers(values.compose);
  const deployment = await open;
  try {
    const { asker } = deployment.cluster;
    await until(async () => (await asker.get('/v1/models')).status === 200, 'the balancer knows the engines');
    await sleep(NAMES_MILLIS);
    const sections = await measure(deployment.cluster, deployment.balancer, Number(values.seconds));
    const { name, title, facts } = deployment;
    publish({ name, title, facts, sections });
  } finally {
    await deployment.close();
  }
}

runBench(main);
