// A decoder with random weights, for probing execution providers and timing shapes: numbers, no language.
import fs from 'node:fs';
import path from 'node:path';
import type {
  Checkpoint,
  DecoderShape,
  LayerTensors,
  TensorLocation,
  TextTokenizer,
} from '../checkpoint/types';
import { EngineError } from '../errors';

export interface RandomShape {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly ffnSize: number;
  readonly vocabSize?: number;
}

/** Writes the weights (fp32, about 1/√fan-in, from a fixed seed) into `folder` and describes them as a checkpoint. */
export function randomCheckpoint(folder: string, wanted: RandomShape): Checkpoint {
  const shape: DecoderShape = {
    vocabSize: 512,
    ...wanted,
    headSize: wanted.hiddenSize / wanted.heads,
    norm: 'rms',
    normEpsilon: 1e-6,
    mlp: 'swiglu',
    ropeTheta: 10_000,
    ropeScaling: { kind: 'none' },
    contextLength: 4096,
    tiedHead: true,
    qkNorm: false,
  };
  const file = path.join(folder, 'random.bin');
  const writer = new WeightWriter(file);
  const { hiddenSize, headSize, heads, kvHeads, ffnSize } = shape;
  const embedding = writer.matrix('embedding', shape.vocabSize, hiddenSize);
  const layers = Array.from({ length: shape.layers }, (_, i): LayerTensors => {
    const name = (role: string) => `layers.${i}.${role}`;
    return {
      attentionNorm: writer.ones(name('attentionNorm'), hiddenSize),
      query: writer.matrix(name('query'), heads * headSize, hiddenSize),
      key: writer.matrix(name('key'), kvHeads * headSize, hiddenSize),
      value: writer.matrix(name('value'), kvHeads * headSize, hiddenSize),
      attentionOut: writer.matrix(name('attentionOut'), hiddenSize, heads * headSize),
      ffnNorm: writer.ones(name('ffnNorm'), hiddenSize),
      gate: writer.matrix(name('gate'), ffnSize, hiddenSize),
      up: writer.matrix(name('up'), ffnSize, hiddenSize),
      down: writer.matrix(name('down'), hiddenSize, ffnSize),
    };
  });
  const finalNorm = writer.ones('finalNorm', hiddenSize);
  const parameters = writer.close() / 4;
  return {
    folder,
    name: 'random',
    family: {
      id: 'random',
      title: 'Random weights',
      tensorNames: 'llama',
      shifted: false,
      attention: { kind: 'full' },
      infill: { kind: 'in-place', bos: false, eos: false },
      length: { kind: 'fixed' },
      tokens: {},
      sampling: { rule: 'top-k', temperature: 0, topP: 1 },
    },
    shape,
    tensors: { embedding, finalNorm, head: embedding, layers },
    tokenizer: speechless,
    specials: { mask: 0 },
    storedDtype: 'F32',
    parameters,
    languageTokens: {},
    remarks: [],
  };
}

function noText(): never {
  throw new EngineError('internal', 'Random weights have no tokenizer.');
}
const speechless: TextTokenizer = {
  size: 0,
  encode: noText,
  bytes: noText,
  decode: noText,
  isSpecial: () => false,
  specialId: () => undefined,
};

class WeightWriter {
  private readonly fd: number;
  private offset = 0;
  private state = 1;

  constructor(private readonly file: string) {
    this.fd = fs.openSync(file, 'w');
  }

  matrix(name: string, rows: number, columns: number): TensorLocation {
    const data = new Float32Array(rows * columns);
    const scale = 1 / Math.sqrt(columns);
    for (let i = 0; i < data.length; i++) data[i] = this.noise() * scale;
    return this.put(name, [rows, columns], data);
  }

  ones(name: string, size: number): TensorLocation {
    return this.put(name, [size], new Float32Array(size).fill(1));
  }

  /** Returns the bytes written. */
  close(): number {
    fs.closeSync(this.fd);
    return this.offset;
  }

  private put(name: string, shape: readonly number[], data: Float32Array): TensorLocation {
    const bytes = Buffer.from(data.buffer);
    fs.writeSync(this.fd, bytes, 0, bytes.length, this.offset);
    const location = {
      name,
      dtype: 'F32' as const,
      shape,
      file: fs.realpathSync(this.file),
      offset: this.offset,
      length: bytes.length,
    };
    this.offset += bytes.length;
    return location;
  }

  /** Uniform in ±√3 (variance 1), xorshift32. */
  private noise(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return ((this.state >>> 0) / 2 ** 32 - 0.5) * 2 * Math.sqrt(3);
  }
}
