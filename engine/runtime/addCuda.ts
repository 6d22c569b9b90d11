// `palimpsest devices --cuda FILE`: takes the CUDA provider out of ONNX Runtime's Python package and puts it where the runtime looks.
import path from 'node:path';
import { EngineError } from '../errors';
import { CUDA_PROVIDER } from './cudaProvider';
import { runtimeFolder, runtimeVersion } from './runtimePackage';
import { unpackEntry, zipEntries } from './zipEntries';

const PACKAGE = 'onnxruntime-gpu';

/** @throws EngineError `provider-unavailable` where the platform has no CUDA, else `option-invalid` with what is wrong with the file */
export async function addCuda(
  file: string,
  {
    folder = runtimeFolder(),
    version = runtimeVersion(),
    platform = `${process.platform}-${process.arch}`,
  }: { readonly folder?: string; readonly version?: string; readonly platform?: string } = {},
): Promise<void> {
  if (platform !== 'linux-x64') {
    throw new EngineError(
      'provider-unavailable',
      'CUDA can only be added on Linux x64. On Windows, DirectML and WebGPU use NVIDIA GPUs without it.',
      { provider: 'cuda', platform },
    );
  }
  const refuse = (why: string, cause?: unknown) =>
    new EngineError(
      'option-invalid',
      `CUDA cannot be added from ${file}: ${why}. Download the package with: pip download --no-deps ${PACKAGE}==${version}`,
      { file, version },
      { cause },
    );
  try {
    const entries = zipEntries(file);
    const wanted = `onnxruntime_gpu-${version}.dist-info/`;
    const own = entries.find(({ name }) => /^[\w.]+-[\w.+]+\.dist-info\//.test(name))?.name.split('/')[0];
    if (!entries.some(({ name }) => name.startsWith(wanted)))
      throw refuse(
        `it is ${own?.replace('.dist-info', '') ?? 'another package'}, and the engine needs ${PACKAGE} ${version}`,
      );
    for (const name of CUDA_PROVIDER) {
      const entry = entries.find((one) => one.name === `onnxruntime/capi/${name}`);
      if (entry === undefined) throw refuse(`it has no ${name}; take the one for Linux`);
      await unpackEntry(file, entry, path.join(folder, name));
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}
