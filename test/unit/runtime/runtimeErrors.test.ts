import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { runError, startError } from '../../../engine/runtime/runtimeErrors';
import { areDistinct } from '../../../engine/runtime/session';

describe("the runtime's failures", () => {
  test('a GPU that is gone is named, also where its memory was the reason', () => {
    for (const words of ['device lost: out of memory', 'VK_ERROR_DEVICE_LOST']) {
      const error = runError(new Error(words), 'webgpu');
      assert.equal(error.code, 'device-lost', words);
      assert.match(error.message, /^The GPU stopped responding \(webgpu\): /);
    }
  });

  test('memory of the GPU is not memory of the machine', () => {
    const gpu = runError(new Error('Failed to allocate memory for requested buffer of size 1024'), 'cuda');
    assert.equal(gpu.code, 'out-of-memory');
    assert.match(gpu.message, /^The GPU does not have enough free memory \(cuda\)\. /);
    const cpu = runError(new Error('std::bad_alloc'), 'cpu');
    assert.equal(cpu.code, 'out-of-memory');
    assert.doesNotMatch(cpu.message, /GPU/);
  });

  test('a GPU without 16-bit numbers is named', () => {
    const words =
      'shader_helper.cc:416 GenerateSourceCode Program Cast requires f16 but the device does not support it.';
    const error = runError(new Error(words), 'webgpu');
    assert.equal(error.code, 'precision-unsupported');
    assert.match(
      error.message,
      /^This GPU cannot compute with 16-bit numbers\. On webgpu, choose q8, q4, or fp32\.$/,
    );
  });

  test('on the CPU nothing is lost, and anything else keeps its words', () => {
    assert.equal(runError(new Error('device lost'), 'cpu').code, 'runtime-failed');
    const error = startError(new Error('no kernel for\n Foo'), 'webgpu');
    assert.equal(error.code, 'provider-unavailable');
    assert.match(error.message, /webgpu did not start: no kernel for Foo/);
    assert.equal(startError(new Error('bad graph'), 'cpu').code, 'runtime-failed');
    assert.equal(runError(error, 'webgpu'), error);
  });
});

test('zeros that a GPU leaves where it dropped its work are no predictions', () => {
  assert.equal(areDistinct(new Int32Array(24)), false);
  assert.equal(areDistinct(Int32Array.of(5, 7, 0)), true);
  assert.equal(areDistinct(Int32Array.of(0)), true);
});
