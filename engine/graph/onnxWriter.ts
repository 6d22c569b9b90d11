// An ONNX graph as it is written down: nodes in order, initializers inside the model or outside it. Field numbers
// are those of onnx.proto (ONNX 1.18).
import { ProtobufWriter } from './protobuf';

/** TensorProto.DataType. */
export const DataType = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  INT32: 6,
  INT64: 7,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  BFLOAT16: 16,
} as const;
export type DataType = (typeof DataType)[keyof typeof DataType];

/** An operator's attribute: an integer, integers, a string, a float (which has to be told from an integer), or a graph. */
type Attribute = number | readonly number[] | string | { readonly float: number } | ProtobufWriter;
export type Attributes = Readonly<Record<string, Attribute>>;

/** A dimension: a fixed length, or the name of one that only a run knows. */
export type Dimension = number | string;

/** Where an initializer's bytes lie, relative to the folder that the session is told. */
export interface ExternalData {
  readonly location: string;
  readonly offset: number | bigint;
  readonly length: number | bigint;
}

/** Operator set of the default domain: 23 is the first with RotaryEmbedding. */
const OPSET = 23;
const IR_VERSION = 10;
const MICROSOFT = 'com.microsoft';
const MAX_INT64 = (1n << 63n) - 1n;

/** What a loop's body gives in each turn, or a branch; there `value` is a hint for its name. */
export interface LoopOutput {
  readonly value: string;
  readonly type: DataType;
  readonly shape: readonly Dimension[];
}

export class GraphWriter {
  private readonly main = new ProtobufWriter();
  /** The main graph, or the body of a loop or the branch that is being written. */
  private graph = this.main;
  private readonly initializers = new Map<string, ProtobufWriter>();
  private readonly inputs: ProtobufWriter[] = [];
  private readonly outputs: ProtobufWriter[] = [];
  private values = 0;

  /** A node of the default domain with one output, whose name it gives back. '' leaves an optional input out. */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    output = this.freshName(type),
  ): string {
    this.node(type, inputs, [output], attributes);
    return output;
  }

  /** As `op`, for an operator of ONNX Runtime's own domain. */
  contrib(type: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.freshName(type);
    this.node(type, inputs, [output], attributes, MICROSOFT);
    return output;
  }

  /** A node with named outputs; '' leaves an optional output out. */
  node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Attributes = {},
    domain: '' | typeof MICROSOFT = '',
  ): void {
    const node = new ProtobufWriter();
    for (const input of inputs) node.string(1, input);
    for (const output of outputs) node.string(2, output);
    node.string(3, `${type}:${outputs.find((output) => output !== '') ?? ''}`);
    node.string(4, type);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeMessage(name, value));
    if (domain !== '') node.string(7, domain);
    this.graph.message(1, node);
  }

  /**
   * Runs what `body` adds `turns` times (an int64 scalar). The body reads values of the graph around it by their names; the
   * turn, counting from 0, is an int64 scalar. Each output's values of all turns are stacked along a new first axis.
   */
  loop(turns: string, body: (turn: string) => readonly LoopOutput[]): string[] {
    const around = this.graph;
    const turn = this.freshName('turn');
    const goesOn = this.freshName('goes_on');
    const inner = new ProtobufWriter();
    this.graph = inner;
    const outputs = body(turn);
    const stillGoesOn = this.op('Identity', [goesOn]);
    this.graph = around;
    inner.string(2, 'body');
    inner.message(11, valueMessage(turn, DataType.INT64, []));
    inner.message(11, valueMessage(goesOn, DataType.BOOL, []));
    inner.message(12, valueMessage(stillGoesOn, DataType.BOOL, []));
    for (const { value, type, shape } of outputs) inner.message(12, valueMessage(value, type, shape));
    const stacked = outputs.map(({ value }) => this.freshName(`${value}_stacked`));
    this.node('Loop', [turns, ''], stacked, { body: inner });
    return stacked;
  }

  /**
   * One branch or the other, by a boolean scalar. A branch reads values of the graph around it by their names, and gives as many values
   * as there are outputs, of their types and ranks, none of which may come from outside unchanged. The outputs' values are the names of
   * what is chosen. The runtime packs weights for the nodes of a branch, but not for those of a branch or loop in it.
   */
  choose(
    condition: string,
    outputs: readonly LoopOutput[],
    [whenTrue, whenFalse]: readonly [() => readonly string[], () => readonly string[]],
  ): void {
    const written = (branch: () => readonly string[]) => {
      const around = this.graph;
      const inner = new ProtobufWriter();
      this.graph = inner;
      const values = branch();
      this.graph = around;
      inner.string(2, 'branch');
      for (const [index, { type, shape }] of outputs.entries())
        inner.message(12, valueMessage(values[index] ?? '', type, shape));
      return inner;
    };
    const attributes = { then_branch: written(whenTrue), else_branch: written(whenFalse) };
    const names = outputs.map(({ value }) => value);
    this.node('If', [condition], names, attributes);
  }

  /** What `add` adds goes into the main graph, in front of what is being written: all branches may read it. */
  outside<T>(add: () => T): T {
    const around = this.graph;
    this.graph = this.main;
    try {
      return add();
    } finally {
      this.graph = around;
    }
  }

  freshName(hint: string): string {
    this.values += 1;
    return `${hint}_${this.values}`;
  }

  input(name: string, type: DataType, shape: readonly Dimension[]): string {
    this.inputs.push(valueMessage(name, type, shape));
    return name;
  }

  output(name: string, type: DataType, shape: readonly Dimension[]): void {
    this.outputs.push(valueMessage(name, type, shape));
  }

  /** An initializer in another file. Named twice, it is written once. */
  external(name: string, type: DataType, shape: readonly number[], data: ExternalData): string {
    if (!this.initializers.has(name)) {
      const tensor = tensorMessage(name, type, shape);
      const entries = [
        ['location', data.location],
        ['offset', decimal(data.offset)],
        ['length', decimal(data.length)],
      ] as const;
      for (const [key, value] of entries) {
        tensor.message(13, new ProtobufWriter().string(1, key).string(2, value));
      }
      this.initializers.set(name, tensor.int(14, 1));
    }
    return name;
  }

  /** A constant inside the model: a list, or a scalar where a bare number is given. */
  int64(values: number | readonly number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    const name = `int64_${typeof values === 'number' ? 'scalar_' : ''}${list.join('_')}`;
    const data = BigInt64Array.from(list, (value) => BigInt(value));
    return this.inline(name, DataType.INT64, typeof values === 'number' ? [] : [list.length], data);
  }

  float32(value: number): string {
    return this.inline(`float_${value}`, DataType.FLOAT, [], Float32Array.of(value));
  }

  float64(name: string, values: number | Float64Array): string {
    const data = typeof values === 'number' ? Float64Array.of(values) : values;
    return this.inline(name, DataType.DOUBLE, typeof values === 'number' ? [] : [data.length], data);
  }

  /** The bytes of the ModelProto. */
  finish(): Uint8Array {
    this.graph.string(2, 'decoder');
    for (const tensor of this.initializers.values()) this.graph.message(5, tensor);
    for (const value of this.inputs) this.graph.message(11, value);
    for (const value of this.outputs) this.graph.message(12, value);
    return new ProtobufWriter()
      .int(1, IR_VERSION)
      .string(2, 'palimpsest')
      .message(7, this.graph)
      .message(8, new ProtobufWriter().string(1, '').int(2, OPSET))
      .message(8, new ProtobufWriter().string(1, MICROSOFT).int(2, 1))
      .finish();
  }

  private inline(name: string, type: DataType, shape: readonly number[], data: ArrayBufferView): string {
    if (!this.initializers.has(name)) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.initializers.set(name, tensorMessage(name, type, shape).bytes(9, bytes));
    }
    return name;
  }
}

/** TensorProto asks for offsets as decimal strings: exact up to 2^63 − 1, and refused where a number is not. */
function decimal(value: number | bigint): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`${value} bytes is not exact as a number: pass a bigint`);
  }
  const exact = BigInt(value);
  if (exact < 0n || exact > MAX_INT64) throw new RangeError(`${exact} bytes is not a place in a file`);
  return exact.toString();
}

function tensorMessage(name: string, type: DataType, shape: readonly number[]): ProtobufWriter {
  const tensor = new ProtobufWriter();
  for (const length of shape) tensor.int(1, length);
  return tensor.int(2, type).string(8, name);
}

function valueMessage(name: string, type: DataType, shape: readonly Dimension[]): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const length of shape) {
    const dimension = new ProtobufWriter();
    dimensions.message(
      1,
      typeof length === 'number' ? dimension.int(1, length) : dimension.string(2, length),
    );
  }
  const tensorType = new ProtobufWriter().int(1, type).message(2, dimensions);
  return new ProtobufWriter().string(1, name).message(2, new ProtobufWriter().message(1, tensorType));
}

function attributeMessage(name: string, value: Attribute): ProtobufWriter {
  const attribute = new ProtobufWriter().string(1, name);
  if (typeof value === 'number') return attribute.int(3, value).int(20, 2);
  if (typeof value === 'string') return attribute.bytes(4, new TextEncoder().encode(value)).int(20, 3);
  if (value instanceof ProtobufWriter) return attribute.message(6, value).int(20, 5);
  if ('float' in value) return attribute.float(2, value.float).int(20, 1);
  for (const item of value) attribute.int(8, item);
  return attribute.int(20, 7);
}
