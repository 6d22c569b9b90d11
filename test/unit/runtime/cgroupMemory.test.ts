import assert from 'node:assert/strict';
import test from 'node:test';
import { cgroupAvailableMemory } from '../../../engine/runtime/cgroupMemory';

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/memory';
const GB = 1e9;
const of = (files: Readonly<Record<string, string>>) => cgroupAvailableMemory((file) => files[file]);

/** As the kernel writes the files of a group. */
function second(folder: string, max: string, used: number, cached = 0, high = 'max') {
  return {
    [`${folder}/memory.max`]: `${max}\n`,
    [`${folder}/memory.high`]: `${high}\n`,
    [`${folder}/memory.current`]: `${used}\n`,
    [`${folder}/memory.stat`]: `anon ${used - cached}\nfile ${cached}\nactive_file ${cached / 4}\ninactive_file ${(3 * cached) / 4}\n`,
  };
}

test('a container that a download has filled with cached files has room for a model', () => {
  const files = second(V2, '8000000000', 8 * GB, 6 * GB);
  assert.equal(of({ '/proc/self/cgroup': '0::/\n', ...files }), 6 * GB);
  assert.equal(of({ '/proc/self/cgroup': '0::/\n', ...second(V2, '8000000000', 3 * GB) }), 5 * GB);
  assert.equal(of({ '/proc/self/cgroup': '0::/\n', ...second(V2, '2000000000', 3 * GB) }), 0);
});

test('the least of all groups that the process is in counts, whichever limit it is', () => {
  const own = '/user.slice/app.service';
  const files = {
    '/proc/self/cgroup': `1:name=systemd:/\n0::${own}\n`,
    ...second(`${V2}${own}`, 'max', 1 * GB),
    ...second(`${V2}/user.slice`, 'max', 2 * GB, 1 * GB, '4000000000'),
  };
  assert.equal(of(files), 3 * GB);
  assert.equal(of({ ...files, ...second(V2, '2500000000', 2 * GB) }), 0.5 * GB);
});

test('the first version, whose container is at the root of what is mounted', () => {
  const files = {
    '/proc/self/cgroup': '11:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n',
    [`${V1}/memory.limit_in_bytes`]: '8000000000\n',
    [`${V1}/memory.usage_in_bytes`]: '7000000000\n',
    [`${V1}/memory.stat`]:
      'cache 5\nactive_file 1\ntotal_active_file 1000000000\ntotal_inactive_file 4000000000\n',
  };
  assert.equal(of(files), 6 * GB);
  assert.equal(of({ ...files, [`${V1}/memory.limit_in_bytes`]: '9223372036854771712\n' }), undefined);
});

test('no limit, no group, and files that are no numbers say nothing', () => {
  assert.equal(of({}), undefined);
  assert.equal(of({ '/proc/self/cgroup': '0::/\n' }), undefined);
  assert.equal(of({ '/proc/self/cgroup': '0::/\n', ...second(V2, 'max', GB) }), undefined);
  assert.equal(of({ '/proc/self/cgroup': 'rubbish\n\n0::/\n', ...second(V2, 'rubbish', GB) }), undefined);
  const files = { '/proc/self/cgroup': '0::/../../x\n', ...second(`${V2}/x`, '2000000000', GB) };
  assert.equal(of(files), GB);
  const noStat = { ...second(V2, '2000000000', GB), [`${V2}/memory.stat`]: '' };
  assert.equal(of({ '/proc/self/cgroup': '0::/\n', ...noStat }), GB);
});
