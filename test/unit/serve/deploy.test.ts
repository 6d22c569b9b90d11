// What the files of deploy/ say has to fit what the server does where nothing is said.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { DEFAULTS } from '../../../engine/cli/serve';

const folder = path.join(__dirname, '..', '..', '..', 'deploy');

function figure(file: string, pattern: RegExp): number {
  const found = pattern.exec(fs.readFileSync(path.join(folder, file), 'utf8'))?.[1];
  assert.ok(found !== undefined, `${file}: ${pattern}`);
  return Number(found);
}

describe('deploy', () => {
  test('the balancer waits longer than the server, and takes bodies as large', () => {
    assert.ok(figure('nginx.conf', /proxy_read_timeout (\d+)s;/) > DEFAULTS.timeout);
    assert.equal(figure('nginx.conf', /client_max_body_size (\d+)m;/), DEFAULTS.maxBody);
    assert.equal(figure('nginx.conf', /server engine:(\d+) /), DEFAULTS.port);
    assert.equal(figure('Dockerfile', /EXPOSE (\d+)/), DEFAULTS.port);
  });

  test('the balancer tells engines of one name apart', () => {
    const text = fs.readFileSync(path.join(folder, 'nginx.conf'), 'utf8');
    assert.match(text, /^\s*server engine:\d+ resolve /m);
    // A consistent hash is over the name, so each request of a client would go to another engine.
    assert.match(text, /^\s*hash \$palimpsest_client;$/m);
  });

  test('a container that is stopped has time to answer what it has', () => {
    assert.ok(figure('compose.yaml', /stop_grace_period: (\d+)s/) > DEFAULTS.grace);
  });

  test('the token does not get into the layers of an image', () => {
    const compose = fs.readFileSync(path.join(folder, 'compose.yaml'), 'utf8');
    const file = /file: \.\/(\S+)/.exec(compose)?.[1];
    const ignored = fs.readFileSync(path.join(folder, 'Dockerfile.dockerignore'), 'utf8').split('\n');
    assert.ok(ignored.includes(`deploy/${file}`), file);
  });

  test('the image has every bundle that the command starts', () => {
    const docker = fs.readFileSync(path.join(folder, 'Dockerfile'), 'utf8');
    for (const name of ['cli', 'engine', 'probe', 'template', 'secretRules', 'ignoreRules', 'readers'])
      assert.ok(docker.includes(`dist/${name}.js`), name);
  });
});
