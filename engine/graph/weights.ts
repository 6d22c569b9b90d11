// Initializers that stay where they are: each points at a tensor's bytes in the checkpoint's own files.
import type { TensorDtype, TensorLocation } from '../checkpoint/types';
import { EngineError } from '../errors';
import { DataType, type GraphWriter } from './onnxWriter';

const STORED_TYPE: Readonly<Record<TensorDtype, DataType>> = {
  F32: DataType.FLOAT,
  F16: DataType.FLOAT16,
  BF16: DataType.BFLOAT16,
};

export class StoredWeights {
  private readonly casts = new Map<string, string>();

  /** @param locate a file's path as external data wants it: relative, with forward slashes */
  constructor(
    private readonly graph: GraphWriter,
    private readonly locate: (file: string) => string,
  ) {}

  /** The tensor in the type it is stored in. */
  stored(tensor: TensorLocation): string {
    if (tensor.packing) throw new EngineError('internal', `${tensor.name} was not unpacked.`);
    return this.graph.external(tensor.name, STORED_TYPE[tensor.dtype], tensor.shape, {
      location: this.locate(tensor.file),
      offset: tensor.offset,
      length: tensor.length,
    });
  }

  /** The tensor in another type; the runtime folds the cast when it loads the graph. */
  as(type: DataType, tensor: TensorLocation): string {
    const stored = this.stored(tensor);
    if (STORED_TYPE[tensor.dtype] === type) return stored;
    const key = `${type}:${tensor.name}`;
    // Outside of branches and loops, where the runtime does it once, when it loads the graph.
    const cast =
      this.casts.get(key) ?? this.graph.outside(() => this.graph.op('Cast', [stored], { to: type }));
    this.casts.set(key, cast);
    return cast;
  }

  /** Rows of a stored table, cast after they are gathered: the table itself stays as it is in the file. */
  rows(tensor: TensorLocation, indices: string): string {
    const rows = this.graph.op('Gather', [this.stored(tensor), indices], { axis: 0 });
    return tensor.dtype === 'F32' ? rows : this.graph.op('Cast', [rows], { to: DataType.FLOAT });
  }
}
