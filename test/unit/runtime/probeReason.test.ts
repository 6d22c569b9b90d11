// What a person reads where a provider does not run: the words of ONNX Runtime and of the drivers as they come, and what is made of them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { missingLibraries, whyMissing } from '../../../engine/runtime/cudaProvider';
import type { HardwareSources } from '../../../engine/runtime/hardware';
import { probeReason } from '../../../engine/runtime/probeReason';
import { startError } from '../../../engine/runtime/runtimeErrors';

const NO_ADAPTER = 'Error: Failed to get a WebGPU adapter: No supported adapters.';

describe('why a provider does not run', () => {
  const reason = (words: string, missing?: 'loader' | 'driver') =>
    probeReason(startError(new Error(words), 'cuda'), {
      whyNoCuda: () => 'its libraries are not installed.',
      missingVulkan: () => missing,
    });

  test('WebGPU without a Vulkan loader, without a driver, and with one that is too old', () => {
    assert.equal(reason(NO_ADAPTER, 'loader'), 'the Vulkan loader (libvulkan.so.1) is not installed.');
    assert.equal(reason(NO_ADAPTER, 'driver'), 'no Vulkan driver is installed.');
    assert.equal(reason(NO_ADAPTER), 'there is no such device here, or its driver is too old.');
  });

  test('CUDA without its libraries, with a driver that is too old, and without a GPU', () => {
    const cuda = (number: number, words: string) =>
      `/onnxruntime_src/cuda_call.cc:123 CudaCall CUDA failure ${number}: ${words} ; GPU=-1 ; hostname=anna-laptop ; file=/onnxruntime_src/cuda_execution_provider.cc ; line=300 ; expr=cudaSetDevice(info_.device_id);`;
    assert.equal(
      reason('Failed to load library libonnxruntime_providers_cuda.so with error: libcublas.so.13'),
      'its libraries are not installed.',
    );
    assert.equal(
      reason(cuda(35, 'CUDA driver version is insufficient for CUDA runtime version')),
      'the driver of the NVIDIA GPU is too old for CUDA 13, which needs version 580 or newer. Update it.',
    );
    assert.equal(reason(cuda(100, 'no CUDA-capable device is detected')), 'its driver finds no NVIDIA GPU.');
    const other = reason(cuda(801, 'operation not supported'));
    assert.match(other, /operation not supported ; GPU=-1 ; file=/, 'other words stay');
    assert.doesNotMatch(other, /anna/, 'but they do not name the machine');
  });

  test('of the libraries that are missing, the driver comes first', () => {
    const bare: Pick<HardwareSources, 'env' | 'list' | 'read'> = {
      ...{ env: { LD_LIBRARY_PATH: '/opt/cuda' }, read: () => undefined },
      list: (folder) => (folder === '/opt/cuda' ? ['libcuda.so.1', 'libcudart.so.13'] : []),
    };
    const without: typeof bare = { ...bare, env: {} };
    const wanted = ['libcuda.so.1', 'libcudart.so.13', 'libcudnn.so.9'];
    assert.equal(
      whyMissing(missingLibraries(wanted, bare)),
      'it needs libraries of CUDA and cuDNN that are not installed: libcudnn.so.9.',
    );
    assert.equal(whyMissing(missingLibraries(wanted, without)), 'no driver for an NVIDIA GPU is installed.');
    assert.equal(whyMissing([]), 'its libraries do not load.');
  });
});
