import assert from 'node:assert/strict';
import test from 'node:test';
import { saysDeviceLost, saysOutOfMemory, toEngineError } from '../../engine/errors';

test('memory that ran out is known by what each runtime says of it', () => {
  for (const message of [
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'terminate called after throwing an instance of std::bad_alloc',
    'Failed to allocate memory for requested buffer of size 1073741824',
    'CUDA failure 2: out of memory',
    // Cut, where a node within a node has taken the room.
    'Status Message: bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, Stream*) Failed to ',
  ])
    assert.ok(saysOutOfMemory(message), message);
  assert.ok(!saysOutOfMemory('Unexpected input data type. Memory layout is row-major.'));
});

test('a system that is too old for the runtime is named', () => {
  const loader =
    "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by libonnxruntime.so.1)";
  const error = toEngineError(new Error(loader));
  assert.equal(error.code, 'runtime-failed');
  assert.match(error.message, /^This system is too old for the engine: its C library lacks GLIBC_2\.28\. /);
});

test('a GPU that is gone is known by what each driver says of it', () => {
  for (const message of [
    'WebGPU device lost (2): Device was destroyed.',
    'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST',
    'CUDA error 700: an illegal memory access was encountered',
    'CUDA failure 719: unspecified launch failure ; GPU=0',
    'DXGI_ERROR_DEVICE_REMOVED: the GPU device instance has been suspended',
  ])
    assert.ok(saysDeviceLost(message), message);
  for (const message of ['CUDA failure 2: out of memory', 'the device has no such kernel'])
    assert.ok(!saysDeviceLost(message), message);
});
