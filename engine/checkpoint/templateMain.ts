// The throw-away process of a chat template, which is a program: nested loops may take for ever, and a long enough list aborts
// V8. Reads a TemplateRequest from its standard input and prints a TemplateAnswer; a thread ends the process when it takes too long.
import { Worker } from 'node:worker_threads';
import { Template } from '@huggingface/jinja';
import type { TemplateAnswer, TemplateRequest } from './templateProcess';

/** From the moment in which the template begins. */
const RENDER_MILLIS = 2000;
const LONGEST = 1_000_000;
/** Runs in another thread. */
const END_LATER = `
  const { workerData } = require('node:worker_threads');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), workerData);
`;

function render({ source, values }: TemplateRequest): TemplateAnswer {
  const texts: string[] = [];
  for (const own of values) {
    try {
      const text = new Template(source).render({ ...own });
      if (text.length <= LONGEST) texts.push(text);
      else if (texts.length === 0) return { reason: `gives more than ${LONGEST} characters` };
    } catch (error) {
      if (texts.length > 0) continue;
      const why = error instanceof Error ? error.message.slice(0, 200) : error;
      return { reason: `cannot be rendered (${why})` };
    }
  }
  return { texts };
}

/** Ends this process for certain, whatever its event loop is busy with, and whether or not there is still a parent. */
function endLater(millis: number): Promise<void> {
  const guard = new Worker(END_LATER, {
    eval: true,
    workerData: millis,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  return new Promise((resolve) =>
    guard.once('online', () => {
      guard.unref();
      resolve();
    }),
  );
}

async function main(): Promise<void> {
  let input = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) input += chunk;
  const request = JSON.parse(input) as TemplateRequest;
  await endLater(RENDER_MILLIS);
  process.stdout.write(JSON.stringify(render(request)), () => process.exit(0));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
