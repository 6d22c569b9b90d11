import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { adviceFor } from '../../../engine/runtime/deviceAdvice';
import {
  gpuMemory,
  gpuVendors,
  type HardwareSources,
  mayHaveGpu,
  missingVulkan,
} from '../../../engine/runtime/hardware';
import type { DeviceReport } from '../../../engine/runtime/providers';

const GIB = 2 ** 30;
const LOADER = { '/usr/lib/x86_64-linux-gnu': ['libvulkan.so.1'] };
const DRIVER = { '/usr/share/vulkan/icd.d': ['lvp_icd.json'] };

interface Machine extends Partial<Omit<HardwareSources, 'read' | 'list' | 'driverTool'>> {
  readonly files?: Readonly<Record<string, string>>;
  readonly folders?: Readonly<Record<string, readonly string[]>>;
  readonly nvidia?: string;
}

function machine({ files = {}, folders = {}, nvidia, ...rest }: Machine = {}): HardwareSources {
  return {
    ...{ platform: 'linux', arch: 'x64', env: {}, mainMemory: () => 8 * GIB, ...rest },
    driverTool: (name) => (name === 'nvidia-smi' ? nvidia : undefined),
    read: (file) => files[file],
    list: (folder) => folders[folder] ?? [],
  };
}

function card(vendor: string, memory?: { readonly total: number; readonly used: number }): Machine {
  const place = '/sys/class/drm/card0/device';
  return {
    folders: { '/sys/class/drm': ['card0', 'card0-HDMI-A-1', 'renderD128'], ...LOADER, ...DRIVER },
    files: {
      [`${place}/vendor`]: `${vendor}\n`,
      ...(memory
        ? {
            [`${place}/mem_info_vram_total`]: `${memory.total}\n`,
            [`${place}/mem_info_vram_used`]: `${memory.used}\n`,
          }
        : {}),
    },
  };
}

describe("the GPU's memory", () => {
  test("NVIDIA's tool says it, for the first of several GPUs", () => {
    const nvidia = '8188, 6000, NVIDIA GeForce RTX 4060 Laptop GPU\n24564, 24000, NVIDIA RTX 4090\n';
    assert.deepEqual(gpuMemory(machine({ nvidia })), {
      name: 'NVIDIA GeForce RTX 4060 Laptop GPU',
      total: 8188 * 2 ** 20,
      free: 6000 * 2 ** 20,
      isShared: false,
    });
  });

  test('a tool that fails, or says something else, is no GPU of NVIDIA', () => {
    for (const nvidia of [undefined, '', 'No devices were found', '[N/A], [N/A], GPU']) {
      const sources = machine(nvidia === undefined ? {} : { nvidia });
      assert.equal(gpuMemory(sources)?.isShared, true);
      assert.deepEqual(gpuVendors(sources), []);
    }
  });

  test('a separate GPU of AMD has its own, an integrated one shares main memory', () => {
    const separate = machine(card('0x1002', { total: 16 * GIB, used: GIB }));
    assert.deepEqual(gpuMemory(separate), { total: 16 * GIB, free: 15 * GIB, isShared: false });
    const integrated = machine(card('0x1002', { total: GIB / 2, used: 0 }));
    assert.deepEqual(gpuMemory(integrated), { total: 8 * GIB, free: 8 * GIB, isShared: true });
    assert.deepEqual(gpuVendors(integrated), ['amd']);
  });

  test('Apple shares main memory; on Windows nothing is guessed', () => {
    const apple = machine({ platform: 'darwin', arch: 'arm64' });
    assert.equal(gpuMemory(apple)?.isShared, true);
    assert.deepEqual(gpuVendors(apple), ['apple']);
    assert.equal(gpuMemory(machine({ platform: 'win32' })), undefined);
    assert.equal(gpuMemory(machine({ platform: 'win32', nvidia: '8188, 6000, RTX' }))?.free, 6000 * 2 ** 20);
  });
});

describe('what Vulkan lacks', () => {
  test('the loader, the driver, or nothing', () => {
    assert.equal(missingVulkan(machine()), 'loader');
    assert.equal(missingVulkan(machine({ folders: LOADER })), 'driver');
    assert.equal(missingVulkan(machine({ folders: { ...LOADER, ...DRIVER } })), undefined);
    assert.equal(missingVulkan(machine({ platform: 'win32' })), undefined);
  });

  test('a driver that the environment names is looked for there alone', () => {
    const folders = { ...LOADER, ...DRIVER };
    const env = { VK_DRIVER_FILES: '/opt/mine.json' };
    assert.equal(missingVulkan(machine({ folders, env })), 'driver');
    assert.equal(missingVulkan(machine({ folders, env, files: { '/opt/mine.json': '{}' } })), undefined);
  });

  test('a loader in a folder of the search path counts', () => {
    const folders = { '/opt/lib': ['libvulkan.so.1'], ...DRIVER };
    assert.equal(missingVulkan(machine({ folders })), 'loader');
    assert.equal(missingVulkan(machine({ folders, env: { LD_LIBRARY_PATH: '/x:/opt/lib' } })), undefined);
  });
});

describe('whether there may be a GPU', () => {
  test('is told on Linux by the files of drivers', () => {
    assert.equal(mayHaveGpu(machine({ folders: { '/dev': ['null', 'tty'] } })), false);
    assert.equal(mayHaveGpu(machine({ folders: { '/dev': ['dri'], '/dev/dri': ['by-path'] } })), false);
    assert.equal(mayHaveGpu(machine({ folders: { '/dev': ['dri'], '/dev/dri': ['renderD128'] } })), true);
    assert.equal(mayHaveGpu(machine({ folders: { '/proc/driver/nvidia/gpus': ['0000:01:00.0'] } })), true);
    for (const name of ['nvidia0', 'dxg', 'kfd'])
      assert.equal(mayHaveGpu(machine({ folders: { '/dev': [name] } })), true, name);
  });

  test('is not known elsewhere', () => {
    for (const platform of ['win32', 'darwin'] as const)
      assert.equal(mayHaveGpu(machine({ platform })), true);
  });
});

describe('the next step', () => {
  const report = (provider: DeviceReport['provider'], rest: Partial<DeviceReport> = {}): DeviceReport => ({
    ...{ provider, usable: false, chosen: false, attention: 'plain', reason: '' },
    ...rest,
  });
  const onCpu = (...others: DeviceReport[]) => [...others, report('cpu', { usable: true, chosen: true })];
  const advice = (devices: readonly DeviceReport[], sources: HardwareSources) =>
    adviceFor(devices, gpuVendors(sources), sources).join(' ');

  test('where a GPU is used there is nothing to do; NVIDIA on Linux has CUDA as an option', () => {
    const webgpu = report('webgpu', { usable: true, chosen: true, gain: 9 });
    const withCuda = (reason: string) => [
      report('cuda', { reason }),
      webgpu,
      report('cpu', { usable: true }),
    ];
    const devices = withCuda('its libraries are not installed.');
    assert.equal(advice(devices, machine(card('0x8086'))), 'Nothing to do: models run on the GPU (webgpu).');
    assert.match(
      advice(devices, machine({ nvidia: '8188, 6000, RTX' })),
      /^Nothing to do: .* CUDA is optional: 247 MB \(MIT license\), .* palimpsest devices --help$/,
    );
    const old = withCuda('the driver of the NVIDIA GPU is too old for CUDA 13.');
    assert.match(
      advice(old, machine({ nvidia: '8188, 6000, RTX' })),
      / CUDA is optional, and does not run here yet: the driver .* is too old for CUDA 13\.$/,
    );
  });

  test('the driver of each maker', () => {
    const none = onCpu(report('cuda'), report('webgpu'));
    assert.match(advice(none, machine(card('0x10de'))), /GPU from NVIDIA, but .*NVIDIA’s own driver/);
    assert.match(advice(none, machine(card('0x1002'))), /GPU from AMD, but .*mesa-vulkan-drivers/);
    assert.match(advice(none, machine(card('0x8086'))), /GPU from Intel, but .*mesa-vulkan-drivers/);
    const apple = machine({ platform: 'darwin', arch: 'arm64' });
    assert.match(advice(onCpu(report('webgpu')), apple), /GPU from Apple, but .*Update macOS/);
    assert.match(advice(none, machine({ platform: 'win32' })), /driver of the GPU from its maker/);
  });

  test('no loader, no GPU, a device that is no faster, and a platform without GPUs', () => {
    const none = onCpu(report('webgpu'));
    assert.match(advice(none, machine()), /install the Vulkan loader\. .*apt install libvulkan1/);
    assert.match(advice(none, machine({ folders: { ...LOADER, ...DRIVER } })), /shows no GPU/);
    const slow = onCpu(report('webgpu', { usable: true, gain: 0.1 }));
    assert.match(
      advice(slow, machine({ folders: { ...LOADER, ...DRIVER } })),
      /webgpu works, but is not faster/,
    );
    assert.match(advice(onCpu(), machine({ arch: 'arm64' })), /no GPU support for this platform/);
  });
});
