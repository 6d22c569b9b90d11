// ONNX Runtime's own package, as it lies on disk.
import fs from 'node:fs';
import path from 'node:path';

const MANIFEST = 'onnxruntime-node/package.json';

/** "unknown" where there is no package. */
export function runtimeVersion(): string {
  try {
    return String(JSON.parse(fs.readFileSync(require.resolve(MANIFEST), 'utf8')).version);
  } catch {
    return 'unknown';
  }
}

/** Where its libraries for this platform lie. */
export function runtimeFolder(): string {
  return path.join(path.dirname(require.resolve(MANIFEST)), 'bin', 'napi-v6', process.platform, process.arch);
}
