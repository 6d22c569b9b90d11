// What a store answers in place of what it should.
import assert from 'node:assert/strict';
import type http from 'node:http';
import type { FakeHub, Intercept } from './fakeHub';

export const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;

export const onStore =
  (answer: Intercept): Intercept =>
  (request, response, host) =>
    host === 'store' && answer(request, response, host);

/** Answers everything of the store alike. */
export function store(status: number, headers: http.OutgoingHttpHeaders, body: string | Buffer): Intercept {
  return onStore((_request, response) => {
    response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
    return true;
  });
}

/** Answers every request to the hub itself alike. */
export function main(status: number, headers: http.OutgoingHttpHeaders = {}, body = ''): Intercept {
  return (_request, response, host) => {
    if (host === 'hub') response.writeHead(status, headers).end(body);
    return host === 'hub';
  };
}

export function weightsOf({ files }: FakeHub): Buffer {
  return files.get('model.safetensors') ?? assert.fail();
}

export function entryOf(hub: FakeHub, name: string): Record<string, unknown> {
  return hub.tree.find((entry) => entry['path'] === name) ?? assert.fail();
}
