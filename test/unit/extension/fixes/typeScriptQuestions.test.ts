// A fix is checked where TypeScript's server has looked at everything that it can look at.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Problem } from '../../../../extension/fixes/problem';
import { TypeScriptQuestions } from '../../../../extension/fixes/typeScriptQuestions';

const problem = (message: string): Problem => ({ message, code: '1', severity: 0 });
const ERROR = problem('Cannot find name');
const UNUSED = problem('is declared but never read');
type Replies = Readonly<Record<'syntactic' | 'semantic' | 'suggestion', readonly Problem[] | undefined>>;
const ALL: Replies = { syntactic: [], semantic: [ERROR], suggestion: [UNUSED] };

describe('what TypeScript’s server says', () => {
  const { signal } = new AbortController();
  const asked = (questions: TypeScriptQuestions, replies: Replies) =>
    questions.ask(async (question) => {
      const kind = (['syntactic', 'semantic', 'suggestion'] as const).find((one) => question.startsWith(one));
      return kind === undefined ? assert.fail(question) : replies[kind];
    }, signal);

  test('is what it answers to every question', async () => {
    assert.deepEqual(await asked(new TypeScriptQuestions(), ALL), [ERROR, UNUSED]);
  });

  test('is nothing where it does not look at errors', async () => {
    for (const missing of ['syntactic', 'semantic'] as const) {
      assert.equal(await asked(new TypeScriptQuestions(), { ...ALL, [missing]: undefined }), undefined);
    }
  });

  test('is what an older one says that knows no suggestions; one that knew them has to look', async () => {
    const questions = new TypeScriptQuestions();
    const older = { ...ALL, suggestion: undefined };
    assert.deepEqual(await asked(questions, older), [ERROR]);
    assert.deepEqual(await asked(questions, ALL), [ERROR, UNUSED]);
    assert.equal(
      await asked(questions, older),
      undefined,
      'a fix would look as if it took the suggestion away',
    );
  });

  test('is nothing once nobody waits', async () => {
    const abort = new AbortController();
    abort.abort();
    assert.equal(await new TypeScriptQuestions().ask(async () => [], abort.signal), undefined);
  });
});
