// Little-endian values from the beginning of a file, of which only a part may be in memory yet.

/** The part in memory ends before the value does; more of the file has to be read. */
export class NeedsMore extends Error {}

/** A value that the format does not allow; the reader of the file turns it into a sentence that names the file. */
export class BadValue extends Error {}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class ByteCursor {
  private at = 0;
  private readonly view: DataView;

  /** @param end length of the file: a value that would run beyond it is a lie, not a reason to read on */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly end: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.at;
  }

  /** Bytes of the file that are left. */
  get left(): number {
    return this.end - this.at;
  }

  uint8(): number {
    return this.view.getUint8(this.take(1));
  }
  int8(): number {
    return this.view.getInt8(this.take(1));
  }
  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }
  int16(): number {
    return this.view.getInt16(this.take(2), true);
  }
  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }
  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }
  float32(): number {
    return this.view.getFloat32(this.take(4), true);
  }
  float64(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  /** A 64-bit number that a double holds exactly. */
  uint64(): number {
    return exact(this.view.getBigUint64(this.take(8), true));
  }
  int64(): number {
    return exact(this.view.getBigInt64(this.take(8), true));
  }

  /** A length in 64 bits, then that many bytes of UTF-8. */
  text(longest: number): string {
    const length = this.uint64();
    if (length > longest) throw new BadValue(`has a string of ${length} bytes`);
    const start = this.take(length);
    return decoder.decode(this.bytes.subarray(start, start + length));
  }

  private take(count: number): number {
    if (count > this.left) throw new BadValue('is truncated: it ends inside its header');
    const start = this.at;
    if (start + count > this.bytes.length) throw new NeedsMore();
    this.at = start + count;
    return start;
  }
}

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new BadValue(`has the number ${value}, which is out of range`);
  return number;
}
