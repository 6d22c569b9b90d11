// What we fitted to models that others made and many install: it comes with the engine, and is known by the weights that it was fitted to.
// A calibration.json beside the weights goes before it.
import type { JsonObject } from '../checkpoint/json';
import qwen25Coder05b from './included/qwen2.5-coder-0.5b.json';

export const INCLUDED: readonly JsonObject[] = [qwen25Coder05b];
