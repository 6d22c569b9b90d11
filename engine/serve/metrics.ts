// Counts and times in Prometheus' text format.

type Labels = Readonly<Record<string, string | number>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  lines(): readonly string[];
}

export class Counter implements Metric {
  readonly type = 'counter';
  private readonly values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  add(amount = 1, labels: Labels = {}): void {
    const key = labelText(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + amount);
  }

  lines(): readonly string[] {
    return [...this.values].map(([labels, value]) => `${this.name}${labels} ${value}`);
  }
}

/** A value that somebody else keeps; absent where it is not known. */
export function reading(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: number | undefined,
  labels: Labels = {},
): Metric {
  const lines = value === undefined ? [] : [`${name}${labelText(labels)} ${value}`];
  return { name, help, type, lines: () => lines };
}

/** Upper bounds in seconds: from a keystroke's answer to a long rewrite on a slow machine. */
const BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

export class Histogram implements Metric {
  readonly type = 'histogram';
  private readonly series = new Map<
    string,
    { readonly labels: Labels; readonly buckets: number[]; sum: number; count: number }
  >();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  observe(seconds: number, labels: Labels = {}): void {
    const key = labelText(labels);
    const known = this.series.get(key);
    const series = known ?? { labels, buckets: BOUNDS.map(() => 0), sum: 0, count: 0 };
    if (known === undefined) this.series.set(key, series);
    series.sum += seconds;
    series.count++;
    for (const [i, bound] of BOUNDS.entries()) {
      if (seconds <= bound) series.buckets[i] = (series.buckets[i] ?? 0) + 1;
    }
  }

  lines(): readonly string[] {
    return [...this.series].flatMap(([key, { labels, buckets, sum, count }]) => [
      ...buckets.map((n, i) => `${this.name}_bucket${labelText({ ...labels, le: BOUNDS[i] ?? 0 })} ${n}`),
      `${this.name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`,
      `${this.name}_sum${key} ${sum}`,
      `${this.name}_count${key} ${count}`,
    ]);
  }
}

/** The text of a page of metrics; those without a value yet are left out. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .map((metric) => ({ metric, lines: metric.lines() }))
    .filter(({ lines }) => lines.length > 0)
    .map(
      ({ metric: { name, help, type }, lines }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`,
    )
    .join('');
}

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
