// Two engines behind a balancer, however they are run.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asker } from './asking';

export const PORT = 8417;
export const TOKEN = 'a-token-for-the-bench-of-deploy';

export interface Cluster {
  /** Where each engine is reached without the balancer. */
  readonly urls: () => readonly string[];
  readonly asker: Asker;
  /** Starts this engine, with more words for its command; resolves when the balancer may know it. */
  start(index: number, more?: readonly string[]): Promise<void>;
  stop(index: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface Balancer {
  readonly url: string;
  /** `nginx/1.28.0` */
  readonly version: string;
  /** What it complained of. */
  log(): Promise<string>;
}

/** What a run of the bench measures, and what is said of it. */
export interface Deployment {
  readonly name: string;
  readonly title: string;
  readonly facts: readonly string[];
  readonly cluster: Cluster;
  readonly balancer: Balancer;
  close(): Promise<void>;
}

export async function until(look: () => Promise<boolean>, what: string): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 120_000; await sleep(100))
    if (await look().catch(() => false)) return;
  throw new Error(`Not within two minutes: ${what}.`);
}

export async function isHealthy(url: string): Promise<boolean> {
  return (await fetch(`${url}/health`)).ok;
}
