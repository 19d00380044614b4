/** The only file that knows koffi. Replacing the library means replacing this file. */
import { createRequire } from 'node:module';
import { errnoName } from './errno.ts';
import { type ArgType, type CallName, type ReturnType, SIGNATURES, type Signature } from './signatures.ts';

type JsArg<T extends ArgType> = T extends 'string' ? string : T extends 'buffer' ? Uint8Array : number;
type JsArgs<A extends readonly ArgType[]> = { -readonly [I in keyof A]: JsArg<A[I]> };

export type Bound<Table extends Record<string, Signature>> = {
  readonly [N in keyof Table]: (...args: JsArgs<Table[N]['args']>) => number;
};

export type Calls = Bound<Pick<typeof SIGNATURES, CallName>>;

type NativeFunction = (...args: unknown[]) => number;

/** The part of koffi's native module that this file uses. */
interface Koffi {
  load(path: string | null): {
    func(symbol: string, result: string, args: readonly string[]): NativeFunction;
  };
  errno(): number;
  proto(result: string, args: readonly string[]): unknown;
  pointer(type: unknown): unknown;
  register(callback: () => void, type: unknown): bigint;
}

const ARG_TYPE: Record<ArgType, string> = { string: 'str', int: 'int', long: 'int64_t', buffer: 'void *' };
const RETURN_TYPE: Record<ReturnType, string> = { int: 'int', long: 'int64_t', void: 'void', status: 'int' };

/**
 * Straight from the package of this machine's kind: koffi's own way there reads the program that we
 * are, to learn which C library it is linked with, for 10 ms. The other library's file does not
 * load.
 * @throws Error that names the missing package
 */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  const { arch } = process;
  const name = `@koromix/koffi-linux-${arch}`;
  const causes: unknown[] = [];
  for (const libc of ['linux', 'musl'])
    try {
      return require(`${name}/${libc}_${arch}/koffi.node`);
    } catch (error) {
      causes.push(error);
    }
  const [cause] = causes;
  const missing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
  const why = missing ? 'it is not there: npm install brings it, on x64 and arm64' : (cause as Error).message;
  throw new Error(`no system calls without the npm package ${name}: ${why}`, missing ? {} : { cause });
}

let loaded: Koffi | undefined;

const koffi = (): Koffi => {
  loaded ??= loadKoffi();
  return loaded;
};

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
  { errno }: Koffi,
  call: NativeFunction,
  name: string,
  { returns, args }: Signature,
): (...args: never[]) => number {
  const strings = args.flatMap((type, i) => (type === 'string' ? [i] : []));
  const fails = returns !== 'void' && returns !== 'status';
  return (...values: unknown[]) => {
    for (const i of strings) {
      const value = values[i];
      // C would end a string at a NUL: a path must never be shortened silently.
      if (typeof value !== 'string' || value.includes('\0'))
        throw new TypeError(`${name}: argument ${i} is not a string without NUL`);
    }
    const result = call(...values);
    if (fails && result === -1) throw new KernelError(name, errno());
    return result;
  };
}

/**
 * @param path the library's file name, null for the main program, which holds libc under any name
 *   (glibc, musl)
 */
function bindTable<Table extends Record<string, Signature>>(path: string | null, table: Table): Bound<Table> {
  const library = koffi().load(path);
  const rows = Object.entries(table);
  return Object.fromEntries(
    rows.map(([name, signature]) => {
      const types = signature.args.map((type) => ARG_TYPE[type]);
      const call = library.func(signature.symbol, RETURN_TYPE[signature.returns], types);
      return [name, bindOne(koffi(), call, name, signature)];
    }),
  ) as unknown as Bound<Table>;
}

/** Binds all functions of the table. Each throws KernelError where C returns -1. */
export function bindCalls(): Calls {
  return bindTable(null, SIGNATURES);
}

/**
 * Binds another library by its file name; undefined where the host has none, or not with these
 * functions.
 */
export function bindLibrary<Table extends Record<string, Signature>>(
  path: string | null,
  table: Table,
): Bound<Table> | undefined {
  try {
    return bindTable(path, table);
  } catch {
    return undefined;
  }
}

/**
 * The address of a function of C's, without arguments, that calls this one. For as long as the
 * process lives.
 */
export function bindCallback(callback: () => void): number {
  const { proto, pointer, register } = koffi();
  return Number(register(callback, pointer(proto('void', []))));
}

/** What errno says of a call that was not made through the tables. */
export function lastError(call: string, detail?: string): KernelError {
  return new KernelError(call, koffi().errno(), detail);
}
