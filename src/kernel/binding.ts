/** The only file that knows ffi-rs. Replacing the library means replacing this file. */
import { load, open } from 'ffi-rs';
import { errnoName } from './errno.ts';
import { type ArgType, type CallName, type ReturnType, SIGNATURES, type Signature } from './signatures.ts';

type JsArg<T extends ArgType> = T extends 'string' ? string : T extends 'buffer' ? Uint8Array : number;
type JsArgs<A extends readonly ArgType[]> = { -readonly [I in keyof A]: JsArg<A[I]> };

export type Bound<Table extends Record<string, Signature>> = {
  readonly [N in keyof Table]: (...args: JsArgs<Table[N]['args']>) => number;
};

export type Calls = Bound<Pick<typeof SIGNATURES, CallName>>;

/** ffi-rs's DataType numbers (its enum is not importable as a type under `isolatedModules`). */
const ARG_TYPE: Record<ArgType, number> = { string: 0, int: 1, long: 8, buffer: 10 };
const RETURN_TYPE: Record<ReturnType, number> = { int: 1, long: 8, void: 6, status: 1 };

const LIBRARY = 'main-program';

/** A failed system call: `code` is the errno's name, as in Node's own errors. */
export class KernelError extends Error {
  readonly code: string;
  readonly call: string;
  constructor(call: string, errno: number, detail = '') {
    super(`${call}${detail && ` ${detail}`}: ${errnoName(errno)}`);
    this.name = 'KernelError';
    this.call = call;
    this.code = errnoName(errno);
  }
}

function bindOne(
  library: string,
  name: string,
  { symbol, returns, args }: Signature,
): (...args: never[]) => number {
  const paramsType = args.map((type) => ARG_TYPE[type]);
  return (...values: unknown[]) => {
    for (let i = 0; i < args.length; i++) {
      const value = values[i];
      // ffi-rs cuts strings at a NUL without complaint: a path must never be shortened silently.
      if (args[i] === 'string' && (typeof value !== 'string' || value.includes('\0')))
        throw new TypeError(`${name}: argument ${i} is not a string without NUL`);
    }
    const result = load({
      library,
      funcName: symbol,
      retType: RETURN_TYPE[returns] as never,
      paramsType: paramsType as never,
      paramsValue: values as never,
      errno: true,
    }) as unknown as { value: number; errnoCode: number };
    if (returns !== 'void' && returns !== 'status' && result.value === -1)
      throw new KernelError(name, result.errnoCode);
    return result.value;
  };
}

function bindTable<Table extends Record<string, Signature>>(library: string, table: Table): Bound<Table> {
  const rows = Object.entries(table);
  return Object.fromEntries(
    rows.map(([name, signature]) => [name, bindOne(library, name, signature)]),
  ) as unknown as Bound<Table>;
}

/**
 * Binds all functions of the table. The empty path is the main program: libc is there whatever its name (glibc, musl).
 * Each returned function throws KernelError where C returns -1.
 */
export function bindCalls(): Calls {
  open({ library: LIBRARY, path: '' });
  return bindTable(LIBRARY, SIGNATURES);
}

/** Binds another library by its file name; undefined where the host has none. */
export function bindLibrary<Table extends Record<string, Signature>>(
  path: string,
  table: Table,
): Bound<Table> | undefined {
  try {
    open({ library: path, path });
  } catch {
    return undefined;
  }
  return bindTable(path, table);
}
