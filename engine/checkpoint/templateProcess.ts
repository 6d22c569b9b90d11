// Renders a chat template in a process of its own, because a template is a program that the checkpoint brings.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export interface TemplateRequest {
  readonly source: string;
  /** Rendered one after the other. */
  readonly values: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The texts, those that could not be rendered left out from the second on; or why there is no first one, as the end of a
 * sentence that begins with the template.
 */
export type TemplateAnswer = { readonly texts: readonly string[] } | { readonly reason: string };

/** MiB of JavaScript heap: a conversation of one message needs two. */
const HEAP = 64;
/** Until the process has started and answered; it ends itself two seconds after it has begun to render. */
const MILLIS = 30_000;
const LONGEST_ANSWER = 8_000_000;

/** Never rejects. */
export function renderInProcess(
  request: TemplateRequest,
  hangMillis: number = MILLIS,
): Promise<TemplateAnswer> {
  return new Promise((resolve) => {
    const command = templateCommand();
    if (command === undefined) return resolve({ reason: 'cannot be rendered (this package is incomplete)' });
    const child = spawn(process.execPath, [`--max-old-space-size=${HEAP}`, ...command], {
      cwd: path.dirname(command.at(-1) ?? '.'),
      stdio: ['pipe', 'pipe', 'ignore'],
      shell: false,
      windowsHide: true,
      timeout: hangMillis,
      killSignal: 'SIGKILL',
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      out += chunk;
      if (out.length > LONGEST_ANSWER) child.kill('SIGKILL');
    });
    child.on('error', (error) => resolve({ reason: `cannot be rendered (${error.message})` }));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(answerOf(out));
      const why = signal === 'SIGKILL' ? 'takes too long' : 'takes too much memory';
      resolve({ reason: `${why} and is not used` });
    });
    // A child that is gone before it has read everything says why by its end.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(request));
  });
}

/** The built script beside the bundle, or the source under a TypeScript loader. */
function templateCommand(): readonly string[] | undefined {
  const built = path.join(__dirname, 'template.js');
  if (fs.existsSync(built)) return [built];
  const source = path.join(__dirname, 'templateMain.ts');
  return fs.existsSync(source) ? [...process.execArgv, source] : undefined;
}

function answerOf(out: string): TemplateAnswer {
  try {
    const answer: { texts?: unknown; reason?: unknown } = Object(JSON.parse(out));
    const { texts } = answer;
    if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return { texts };
    if (typeof answer.reason === 'string') return { reason: answer.reason };
  } catch {
    // Told below.
  }
  return { reason: 'gives no answer' };
}
