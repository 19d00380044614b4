/**
 * Layouts of the kernel's structures, as their headers declare them: little-endian, aligned as in
 * C.
 */

const SIZES = { u16: 2, i16: 2, u32: 4, i32: 4, u64: 8 } as const;

type Field = keyof typeof SIZES;
type Values<Name extends string> = Readonly<Partial<Record<Name, number | bigint>>>;

export interface StructLayout<Name extends string> {
  /** Bytes. */
  readonly size: number;
  /** A buffer with these values; fields that are not given are 0. */
  make(values: Values<Name>): Buffer;
  /** Writes the values into a buffer, at `base`. */
  write(buffer: Buffer, values: Values<Name>, base?: number): void;
  /** A field of a structure in a buffer, at `base`. */
  read(buffer: Buffer, name: Name, base?: number): bigint;
}

/** The layout of a structure whose fields are given in the order of its declaration. */
export function layout<Name extends string>(fields: Readonly<Record<Name, Field>>): StructLayout<Name> {
  const places = new Map<string, { readonly field: Field; readonly offset: number }>();
  let end = 0;
  let alignment = 1;
  for (const [name, field] of Object.entries<Field>(fields)) {
    const bytes = SIZES[field];
    const offset = Math.ceil(end / bytes) * bytes;
    places.set(name, { field, offset });
    end = offset + bytes;
    alignment = Math.max(alignment, bytes);
  }
  const size = Math.ceil(end / alignment) * alignment;

  function write(buffer: Buffer, values: Values<Name>, base = 0): void {
    for (const [name, value] of Object.entries<number | bigint | undefined>(values)) {
      if (value === undefined) continue;
      const { field, offset } = places.get(name)!;
      if (field === 'u64') buffer.writeBigUInt64LE(BigInt(value), base + offset);
      else if (field === 'u32') buffer.writeUInt32LE(Number(value), base + offset);
      else if (field === 'i32') buffer.writeInt32LE(Number(value), base + offset);
      else if (field === 'u16') buffer.writeUInt16LE(Number(value), base + offset);
      else buffer.writeInt16LE(Number(value), base + offset);
    }
  }

  return {
    size,
    write,
    make(values) {
      const buffer = Buffer.alloc(size);
      write(buffer, values);
      return buffer;
    },
    read(buffer, name, base = 0) {
      const { field, offset } = places.get(name)!;
      const at = base + offset;
      if (field === 'u64') return buffer.readBigUInt64LE(at);
      if (field === 'u32') return BigInt(buffer.readUInt32LE(at));
      if (field === 'i32') return BigInt(buffer.readInt32LE(at));
      if (field === 'u16') return BigInt(buffer.readUInt16LE(at));
      return BigInt(buffer.readInt16LE(at));
    },
  };
}
