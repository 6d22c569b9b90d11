// What each kind of server is asked, and what becomes of its answer.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { wholeConfidence } from '../../../engine/calibration/confidence';
import { applyCandidate } from '../../../engine/candidates/apply';
import type { DenoiseStepEvent } from '../../../engine/protocol';
import {
  AT,
  best,
  chat,
  completions,
  connected,
  events,
  json,
  llama,
  llamaEvents,
  recordedServer,
  TEXT,
  wish,
} from './recordedServer';

describe('llama-server', () => {
  test('is asked for what belongs between two texts, and its answer is a candidate with a confidence', async (t) => {
    const server = await recordedServer(t, llama(['sum', '(values)', ' / len(values)']));
    const model = await connected(t, 'llama-server', server.url);
    assert.equal(model.description.name, 'coder.gguf');
    const result = await model.infill(wish());
    assert.equal(best(result), 'sum(values) / len(values)');
    const confidence = result.candidates[0]?.confidence ?? 0;
    assert.ok(Math.abs(confidence - wholeConfidence([Math.log(0.5), Math.log(0.5), Math.log(0.5)])) < 1e-6);
    assert.equal(result.tokens, 3);
    const asked = server.heard.at(-1)?.body ?? {};
    assert.equal(asked['input_prefix'], TEXT.slice(0, AT));
    assert.equal(asked['input_suffix'], TEXT.slice(AT));
    assert.equal(asked['temperature'], 0);
  });

  test('shows what came so far as steps of the span', async (t) => {
    const server = await recordedServer(t, llama(['sum', '(values)']));
    const model = await connected(t, 'llama-server', server.url);
    const steps: DenoiseStepEvent[] = [];
    await model.infill(wish({ events: true }), { onStep: (step) => steps.push(step) });
    const written = steps.map(({ cells }) =>
      cells
        .filter(({ state }) => state === 'committed')
        .map(({ text }) => text)
        .join(''),
    );
    assert.deepEqual(written, ['sum', 'sum(values)', 'sum(values)']);
    assert.deepEqual(
      steps.map(({ step }) => step),
      [1, 2, 3],
    );
  });

  test('fills several spans one after the other, each with the earlier answers in place', async (t) => {
    const text = 'a = \nb = \n';
    const server = await recordedServer(t, (heard, response) => {
      llama([heard.body['input_prefix'] === 'a = ' ? '1' : '2'])(heard, response);
    });
    const model = await connected(t, 'llama-server', server.url);
    const spans = [
      { start: 9, end: 9 },
      { start: 4, end: 4 },
    ];
    const { candidates } = await model.infill(wish({ text, spans }));
    const [first = assert.fail()] = candidates;
    assert.equal(applyCandidate(text, first), 'a = 1\nb = 2\n');
    assert.deepEqual(
      first.spans.map(({ start }) => start),
      [9, 4],
      'in the order of the request',
    );
    assert.equal(server.heard.at(-1)?.body['input_prefix'], 'a = 1\nb = ');
  });

  test('leaves pinned words where they are and fills what is between them', async (t) => {
    const text = 'total = old + keep * old\n';
    const span = { start: 8, end: 24, locked: [{ start: 14, end: 18 }] };
    const server = await recordedServer(t, (heard, response) => {
      const isFirst = heard.body['input_prefix'] === 'total = ';
      llama([isFirst ? 'new + ' : ' * other'])(heard, response);
    });
    const model = await connected(t, 'llama-server', server.url);
    const { candidates } = await model.infill(wish({ text, spans: [span] }));
    assert.equal(candidates[0]?.spans[0]?.text, 'new + keep * other');
  });

  test('an answer that ran into its bound ends with its last whole line', async (t) => {
    const server = await recordedServer(t, llama(['first()\n', '    second()\n', '    thi'], 'limit'));
    const model = await connected(t, 'llama-server', server.url);
    assert.equal(best(await model.infill(wish())), 'first()\n    second()');
  });

  test('makes each candidate with a seed of its own, the first greedily', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      llama([`answer(${String(heard.body['seed'])})`])(heard, response);
    });
    const model = await connected(t, 'llama-server', server.url);
    const { candidates } = await model.infill(wish({ candidates: 3, seed: 7 }));
    assert.deepEqual(candidates.map(({ spans: [span] }) => span?.text).sort(), [
      'answer(7)',
      'answer(8)',
      'answer(9)',
    ]);
    const temperatures = server.heard
      .filter(({ body }) => body['stream'] === true)
      .map(({ body }) => [body['seed'], body['temperature']]);
    assert.deepEqual(temperatures.sort(), [
      [7, 0],
      [8, 0.4],
      [9, 0.4],
    ]);
  });

  test('drops what is below the gate', async (t) => {
    const server = await recordedServer(t, llama(['sum(values)']));
    const model = await connected(t, 'llama-server', server.url);
    assert.equal((await model.infill(wish({ gate: 0.6 }))).candidates.length, 0);
    assert.equal((await model.infill(wish({ gate: 0.4 }))).candidates.length, 1);
  });

  test('with a model that cannot fill in the middle is refused before anything is asked', async (t) => {
    const server = await recordedServer(t, (_heard, response) =>
      json(
        response,
        {
          error: { code: 501, message: 'Infill is not supported by this model', type: 'not_supported_error' },
        },
        501,
      ),
    );
    await assert.rejects(connected(t, 'llama-server', server.url), {
      code: 'server-refused',
      message: /cannot fill in between two texts.*Qwen2\.5-Coder/,
    });
  });

  test('keeps the line ends of the file', async (t) => {
    const text = 'def f():\r\n    \r\nf()\r\n';
    const at = text.indexOf('    ') + 4;
    const server = await recordedServer(t, llama(['a = 1\n    return a']));
    const model = await connected(t, 'llama-server', server.url);
    const result = await model.infill(wish({ text, spans: [{ start: at, end: at }] }));
    assert.equal(best(result), 'a = 1\r\n    return a');
    assert.ok(!String(server.heard.at(-1)?.body['input_prefix']).includes('\r'));
  });

  test('ends a stream as soon as it has left the block of its hole', async (t) => {
    const pieces = ['sum(values)\n', 'print(', ')\n', 'mo'];
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['stream'] !== true)
        return response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      // It has no end of its own.
      events(response, llamaEvents(pieces).slice(0, pieces.length));
      return undefined;
    });
    const model = await connected(t, 'llama-server', server.url);
    assert.equal(best(await model.infill(wish())), 'sum(values)');
    await server.heard.at(-1)?.closed;
  });
});

describe('completions with a suffix', () => {
  test('get prompt, suffix and the only model of the server', async (t) => {
    const server = await recordedServer(t, completions(['sum', '(values)']));
    const model = await connected(t, 'openai-completions', server.url);
    assert.deepEqual(model.description.server?.gaps.includes('behind'), false);
    assert.equal(best(await model.infill(wish())), 'sum(values)');
    const { path, body } = server.heard.at(-1) ?? assert.fail();
    assert.equal(path, '/v1/completions');
    assert.deepEqual(
      [body['model'], body['prompt'], body['suffix']],
      ['coder', TEXT.slice(0, AT), TEXT.slice(AT)],
    );
  });

  test('keep the path of the URL', async (t) => {
    const server = await recordedServer(t, completions(['x']));
    const model = await connected(t, 'openai-completions', `${server.url}/beta/`, { model: 'deepseek' });
    await model.infill(wish());
    assert.ok(server.heard.every(({ path }) => path === '/beta/completions'));
  });

  test('of a server that leaves the suffix out are said to be blind behind the cursor', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['stream'] === true || heard.path.endsWith('/models'))
        completions(['x'])(heard, response);
      else
        json(response, {
          choices: [{ text: 'anything', finish_reason: 'length' }],
          usage: { prompt_tokens: 6 },
        });
    });
    const model = await connected(t, 'openai-completions', server.url);
    assert.ok(model.description.server?.gaps.includes('behind'));
  });

  test('of a server that counts no tokens are believed: a weak model gives equal answers, too', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['stream'] === true || heard.path.endsWith('/models'))
        completions(['x'])(heard, response);
      else
        json(response, { choices: [{ text: 'same', finish_reason: 'stop' }], usage: { prompt_tokens: 0 } });
    });
    const model = await connected(t, 'openai-completions', server.url);
    assert.ok(!model.description.server?.gaps.includes('behind'));
  });

  test('of a server that refuses the suffix are refused with what to choose instead', async (t) => {
    // vLLM, and llama.cpp, which has 500 for it.
    const refusals = [
      [400, { message: 'suffix is not currently supported', type: 'BadRequestError' }],
      [500, { code: 500, message: 'Unsupported param: suffix', type: 'server_error' }],
    ] as const;
    for (const [status, error] of refusals) {
      let asked = 0;
      const server = await recordedServer(t, (heard, response) => {
        if (heard.path.endsWith('/models')) return completions([])(heard, response);
        asked++;
        return json(response, { error }, status);
      });
      await assert.rejects(connected(t, 'openai-completions', server.url), {
        code: 'server-refused',
        message: new RegExp(`refuse a suffix.*llama-server.*openai-chat.*${error.message}`),
      });
      assert.equal(asked, 1, 'it would refuse it again');
    }
  });

  test('of a server that fails for another reason are tried again', async (t) => {
    let asked = 0;
    const server = await recordedServer(t, (heard, response) => {
      if (heard.path.endsWith('/models') || ++asked > 1) return completions([])(heard, response);
      return json(response, { error: { message: 'slot is busy' } }, 500);
    });
    await connected(t, 'openai-completions', server.url).catch(() => undefined);
    assert.ok(asked > 1);
  });

  test('of a server with several models need the name of one', async (t) => {
    const server = await recordedServer(t, (_heard, response) =>
      json(response, { data: [{ id: 'a' }, { id: 'b' }] }),
    );
    await assert.rejects(connected(t, 'openai-completions', server.url), {
      code: 'option-invalid',
      message: /several models.*palimpsest\.model\.server.*It has a, b\./,
    });
  });

  test('are asked without probabilities where the server refuses those', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      if ('logprobs' in heard.body)
        json(
          response,
          { error: { message: 'logprobs is not supported for models created with logits_all=False' } },
          500,
        );
      else completions(['sum(values)'])(heard, response);
    });
    const model = await connected(t, 'openai-completions', server.url);
    assert.equal(best(await model.infill(wish())), 'sum(values)');
    await model.infill(wish());
    const withThem = server.heard.filter(({ body }) => 'logprobs' in body);
    assert.equal(withThem.length, 1, 'once is enough');
  });

  test('without probabilities have no confidence, and pass the gate', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['stream'] !== true) return completions([])(heard, response);
      events(response, [{ choices: [{ text: 'sum(values)', finish_reason: 'stop' }] }, '[DONE]']);
      response.end();
    });
    const model = await connected(t, 'openai-completions', server.url);
    const [candidate = assert.fail()] = (await model.infill(wish({ gate: 0.9 }))).candidates;
    assert.equal(candidate.confidence, undefined);
  });

  test('that come as a whole although a stream was asked for are read all the same', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['stream'] !== true) completions([])(heard, response);
      else json(response, { choices: [{ text: 'sum(values)', finish_reason: 'stop' }] });
    });
    const model = await connected(t, 'openai-completions', server.url);
    assert.equal(best(await model.infill(wish())), 'sum(values)');
  });
});

describe('chat', () => {
  const selection = { start: 4, end: 16 };

  test('gets the instruction and the selection, and its fenced block is the answer', async (t) => {
    const server = await recordedServer(
      t,
      chat(['Sure! Here it is:\n\n``', '`python\naverage(values)\n', '```\nAnything else?']),
    );
    const model = await connected(t, 'openai-chat', server.url);
    assert.equal(model.description.takesInstruction, true);
    const result = await model.infill(wish({ spans: [selection], instruction: 'Rename it to average.' }));
    assert.equal(best(result), 'average(values)');
    const { path, body } = server.heard.at(-1) ?? assert.fail();
    assert.equal(path, '/v1/chat/completions');
    const [message] = body['messages'] as { role: string; content: string }[];
    assert.equal(message?.role, 'user');
    assert.match(message?.content ?? '', /Rename it to average\./);
    assert.match(message?.content ?? '', /mean\(values\)/);
  });

  test('may write the line or the file again: what stands around the selection stands there once', async (t) => {
    const again = TEXT.replace('mean(values)', 'average(values)');
    for (const answer of [again, TEXT.slice(0, TEXT.indexOf('\n')).replace('mean', 'average')]) {
      const server = await recordedServer(t, chat([`\`\`\`python\n${answer}\n\`\`\`\n`]));
      const model = await connected(t, 'openai-chat', server.url);
      const result = await model.infill(wish({ spans: [selection], instruction: 'Rename it to average.' }));
      assert.equal(best(result), 'average(values)', answer);
    }
  });

  test('that answers with prose alone, or with a fence that has no end, gives no candidate', async (t) => {
    for (const pieces of [['I am sorry, I cannot do that.'], ['```python\naverage(val']]) {
      const server = await recordedServer(t, chat(pieces));
      const model = await connected(t, 'openai-chat', server.url);
      assert.deepEqual((await model.infill(wish({ spans: [selection] }))).candidates, []);
    }
  });
});

test('chat may answer an instruction at length, and one that breaks off at the bound is no riddle', async (t) => {
  const server = await recordedServer(t, chat(['```python\naverage(val'], 'length'));
  const model = await connected(t, 'openai-chat', server.url);
  const spans = [{ start: 4, end: 16 }];
  await assert.rejects(model.infill(wish({ spans, instruction: 'With all checks.' })), {
    code: 'server-answer-invalid',
    message:
      /^The answer of LLaDA2\.1-mini was longer than 1032 tokens, and broke off .* Ask for less, or select fewer lines\.$/,
  });
  assert.ok(Number(server.heard.at(-1)?.body['max_tokens']) > 1032);
  await assert.rejects(model.infill(wish({ spans })), /longer than 128 tokens/);
});

describe('Mercury', () => {
  test('fills in where nothing stands', async (t) => {
    const server = await recordedServer(t, completions(['sum(values)']));
    const model = await connected(t, 'mercury', server.url, { key: 'secret' });
    assert.equal(server.heard.length, 0, 'nothing is sent before the first request');
    assert.equal(best(await model.infill(wish())), 'sum(values)');
    const { path, body, headers } = server.heard.at(-1) ?? assert.fail();
    assert.equal(path, '/v1/fim/completions');
    assert.deepEqual([body['model'], body['prompt']], ['mercury-edit-2', TEXT.slice(0, AT)]);
    assert.equal(headers.authorization, 'Bearer secret');
  });

  test('edits where something stands: one user message, no stream, no other file and no path', async (t) => {
    const server = await recordedServer(t, (_heard, response) =>
      json(response, {
        choices: [
          { message: { role: 'assistant', content: '```\naverage(values)\n```' }, finish_reason: 'stop' },
        ],
      }),
    );
    const model = await connected(t, 'mercury', server.url);
    const result = await model.infill(
      wish({ spans: [{ start: 4, end: 16 }], fileName: '/home/somebody/secret project/mean.py' }),
    );
    assert.equal(best(result), 'average(values)');
    const { path, body } = server.heard.at(-1) ?? assert.fail();
    assert.equal(path, '/v1/edit/completions');
    assert.equal('stream' in body, false);
    const messages = body['messages'] as { role: string; content: string }[];
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['user'],
    );
    const content = messages[0]?.content ?? '';
    assert.match(content, /current_file_path: mean\.py\n/);
    assert.doesNotMatch(content, /somebody|secret project/);
    assert.match(content, /<\|code_to_edit\|>\nmean\(values\)<\|cursor\|>\n<\|\/code_to_edit\|>/);
    assert.match(content, /<\|recently_viewed_code_snippets\|>\n\n<\|\/recently_viewed_code_snippets\|>/);
  });
});

describe('what servers of others cannot do', () => {
  test('is said in the description, and a score is refused', async (t) => {
    const server = await recordedServer(t, llama(['x']));
    const model = await connected(t, 'llama-server', server.url);
    assert.deepEqual(model.description.server?.gaps, ['scores', 'steps', 'strength', 'jointly']);
    await assert.rejects(model.score({ requestId: 1, model: 'server', text: TEXT, priority: 'background' }), {
      code: 'unsupported',
    });
    await assert.rejects(model.infill(wish({ instruction: 'Shorter.' })), {
      code: 'option-invalid',
      message: /takes no instruction/,
    });
  });
});
