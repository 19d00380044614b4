import type { Socket } from 'node:net';
import { type ErrorDetails, errorFromJSON, TslxcError } from '../../errors/tslxc-error.ts';
import { LineBuffer } from '../../util/line-buffer.ts';

/**
 * JSON objects, each on a line, over a stream socket. A peer that sends invalid data is
 * disconnected.
 */
export class JsonLines {
  readonly socket: Socket;
  readonly #lines = new LineBuffer();

  constructor(socket: Socket, onMessage: (message: never) => void, onEnd: () => void) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of this.#lines.push(chunk)) onMessage(parseObject(line) as never);
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => {});
    socket.on('close', onEnd);
  }

  send(...messages: readonly object[]): void {
    if (this.socket.destroyed) return;
    this.socket.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }
}

/** @throws SyntaxError for anything that is no object */
function parseObject(line: string): object {
  const message = JSON.parse(line) as unknown;
  if (typeof message === 'object' && message !== null) return message;
  throw new SyntaxError('not an object');
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  onEvent?: ((event: never) => void) | undefined;
}

interface Answer {
  readonly id?: number;
  readonly ok?: boolean;
  readonly result?: unknown;
  readonly error?: ErrorDetails | string;
  readonly event?: unknown;
}

/**
 * Requests over JSON lines: numbered, answered once each, with any number of events before the
 * answer and after it.
 */
export class RpcClient {
  readonly #lines: JsonLines;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<number, (event: never) => void>();
  readonly #peer: string;
  readonly #code: 'MANAGER_DIED' | 'HELPER_DIED';
  #next = 1;
  /** Called with events that belong to no request. */
  onEvent: (event: never) => void = () => {};
  onEnd: () => void = () => {};

  /** `peer` and `code`: the error of a request that the other side dies on. */
  constructor(socket: Socket, peer: string, code: 'MANAGER_DIED' | 'HELPER_DIED') {
    this.#peer = peer;
    this.#code = code;
    this.#lines = new JsonLines(
      socket,
      (message: Answer) => this.#hear(message),
      () => {
        for (const { reject } of this.#waiting.values()) reject(this.gone());
        this.#waiting.clear();
        this.onEnd();
      },
    );
  }

  get socket(): Socket {
    return this.#lines.socket;
  }

  request<T>(op: string, params: object = {}, onEvent?: (event: never) => void): Promise<T> {
    if (this.socket.destroyed) return Promise.reject(this.gone());
    const id = this.#next++;
    if (onEvent) this.#listeners.set(id, onEvent);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#lines.send({ id, op, ...params });
    });
  }

  #hear(message: Answer): void {
    if ('event' in message) {
      const listener = message.id === undefined ? this.onEvent : this.#listeners.get(message.id);
      listener?.((message.id === undefined ? message : message.event) as never);
      return;
    }
    const waiting = this.#waiting.get(message.id!);
    this.#waiting.delete(message.id!);
    if (message.ok) waiting?.resolve(message.result);
    else waiting?.reject(failure(message.error));
  }

  /** The error of a request that the other side dies on. */
  gone(): TslxcError {
    return new TslxcError({
      code: this.#code,
      message: `${this.#peer} ended during the operation`,
      hint: 'try again: what it left behind is cleaned up by the next command',
    });
  }
}

function failure(error: ErrorDetails | string | undefined): Error {
  return typeof error === 'object'
    ? errorFromJSON(error)
    : new TslxcError({ code: 'INTERNAL', message: String(error) });
}
