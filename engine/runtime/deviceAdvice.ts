// The next step for a person, from what probing found: which driver to install, or that there is nothing to do.
import { NOT_ADDED } from './cudaProvider';
import { type GpuVendor, type HardwareSources, missingVulkan } from './hardware';
import type { DeviceReport } from './providers';

type SystemFacts = Pick<HardwareSources, 'platform' | 'env' | 'list' | 'read'>;

const VENDOR_NAMES: Readonly<Record<GpuVendor, string>> = {
  nvidia: 'NVIDIA',
  amd: 'AMD',
  intel: 'Intel',
  apple: 'Apple',
};
const LOADER = 'Debian and Ubuntu: sudo apt install libvulkan1; Fedora: sudo dnf install vulkan-loader';
const MESA =
  'Debian and Ubuntu: sudo apt install mesa-vulkan-drivers; Fedora: sudo dnf install mesa-vulkan-drivers';

/** Sentences, the most important first. */
export function adviceFor(
  devices: readonly DeviceReport[],
  vendors: readonly GpuVendor[],
  sources: SystemFacts,
): readonly string[] {
  const chosen = devices.find((device) => device.chosen);
  if (chosen === undefined) return [];
  if (chosen.provider !== 'cpu') return onGpu(chosen, devices, vendors, sources.platform);
  if (devices.length === 1)
    return ['ONNX Runtime has no GPU support for this platform, so models run on the CPU.'];
  return withoutGpu(devices, vendors, sources);
}

function onGpu(
  { provider }: DeviceReport,
  devices: readonly DeviceReport[],
  vendors: readonly GpuVendor[],
  platform: NodeJS.Platform,
): readonly string[] {
  const cuda = devices.find((device) => device.provider === 'cuda');
  return [
    `Nothing to do: models run on the GPU (${provider}).`,
    ...(cuda?.usable === false ? cudaAdvice(cuda.reason, vendors, platform) : []),
  ];
}

/** On what CUDA would take where another provider runs models on a GPU of NVIDIA; `reason`: why it does not run. */
export function cudaAdvice(
  reason: string,
  vendors: readonly GpuVendor[],
  platform: NodeJS.Platform,
): readonly string[] {
  if (platform !== 'linux' || !vendors.includes('nvidia')) return [];
  if (reason !== NOT_ADDED) return [`CUDA is optional, and does not run here yet: ${reason}`];
  return [
    'CUDA is optional: 247 MB (MIT license), and CUDA 13 and cuDNN 9 (1.1 GB, NVIDIA’s licenses). Whether it is faster than WebGPU is not known yet. To add it, see: palimpsest devices --help',
  ];
}

function withoutGpu(
  devices: readonly DeviceReport[],
  vendors: readonly GpuVendor[],
  sources: SystemFacts,
): readonly string[] {
  const slow = devices.find((device) => device.usable && device.provider !== 'cpu');
  const names = vendors.map((vendor) => VENDOR_NAMES[vendor]).join(' and ');
  if (slow !== undefined) {
    return [
      `Models run on the CPU: ${slow.provider} works, but is not faster here. It may be a software device, or an old GPU.`,
      ...(vendors.length > 0 ? [`This machine has a GPU from ${names}. ${driverOf(vendors, sources)}`] : []),
    ];
  }
  if (missingVulkan(sources) === 'loader')
    return [`Models run on the CPU. To use a GPU, install the Vulkan loader. ${LOADER}.`];
  if (vendors.length === 0 && sources.platform === 'linux')
    return ['Models run on the CPU: the system shows no GPU.'];
  const has = vendors.length > 0 ? `this machine has a GPU from ${names}, but ` : '';
  return [`Models run on the CPU: ${has}no execution provider can use one. ${driverOf(vendors, sources)}`];
}

function driverOf(
  vendors: readonly GpuVendor[],
  { platform }: { readonly platform: NodeJS.Platform },
): string {
  if (platform === 'darwin') return 'Update macOS: the GPU driver is a part of it.';
  if (platform === 'win32') return 'Update the driver of the GPU from its maker’s website.';
  const free = `Install or update the Vulkan driver (Mesa 24 or newer). ${MESA}.`;
  const own =
    'Install or update NVIDIA’s own driver, which brings Vulkan. Ubuntu: sudo ubuntu-drivers install; others: nvidia.com/drivers.';
  if (!vendors.includes('nvidia')) return free;
  return vendors.length === 1 ? own : `${own} For the other one: ${free}`;
}
