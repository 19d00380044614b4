import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { ConsoleHub, type ConsoleHubOptions } from '../../src/terminal/console-hub.ts';
import { RingBuffer } from '../../src/terminal/ring-buffer.ts';
import { collect, kernel, openPty, pause, python, sink } from './pty.ts';

function hubFor(t: TestContext, options: Partial<ConsoleHubOptions> = {}) {
  const { master, slave } = openPty();
  const path = `/dev/pts/${kernel.ptyNumber(master)}`;
  const ring = new RingBuffer(1 << 16);
  const hub = new ConsoleHub({ kernel, master, ring, ...options });
  t.after(() => hub.close());
  return { hub, slave, path, ring };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 2000, 'waited too long');
    await pause(2);
  }
}

test('is read without anybody looking on, and replays what was printed', async (t) => {
  const { hub, slave, ring } = hubFor(t);
  python(slave, "for i in range(5000): print('boot message', i)");
  await until(() => ring.read().includes('boot message 4999\r\n'));
  const output = sink();
  const got = collect(output);
  hub.attach({ output }, { replay: true });
  await got.until('message 4999\r\n');
  assert.ok(!got.bytes().includes('message 0\r\n'));
});

test('all clients see everything and may type; one that goes is not missed', async (t) => {
  const { hub, slave } = hubFor(t);
  const client = () => {
    const [output, input] = [sink(), sink()];
    return { output, input, got: collect(output), attachment: hub.attach({ output, input }) };
  };
  const [one, two] = [client(), client()];
  writeSync(slave, 'login: ');
  await Promise.all([one.got.until('login: '), two.got.until('login: ')]);
  two.input.write('root\n');
  await one.got.until('root'); // the echo
  const typed = Buffer.alloc(10);
  assert.equal(typed.toString('utf8', 0, readSync(slave, typed)), 'root\n');
  one.output.destroy();
  await one.attachment.ended;
  assert.equal(hub.clients, 1);
  writeSync(slave, 'Password: ');
  await two.got.until('Password: ');
  two.attachment.detach();
  two.attachment.detach();
  await two.attachment.ended;
  assert.deepEqual(
    ['data', 'error', 'close'].map((event) => two.input.listenerCount(event)),
    [0, 0, 0],
  );
  closeSync(slave);
});

test('a stuck client holds up nobody, costs no more than its backlog and is told what it missed', async (t) => {
  const { hub, slave } = hubFor(t, { backlog: 100_000 });
  let written = 0;
  let end = '';
  let note = '';
  const stuck = new Writable({
    highWaterMark: 1000,
    write(chunk: Buffer, _encoding, done) {
      if (written === 0) release.resume = done;
      else done();
      written += chunk.length;
      end = chunk.toString('latin1').slice(-3);
      if (chunk.includes('dropped here')) note = chunk.toString();
    },
  });
  const release = { resume: () => {} };
  hub.attach({ output: stuck });
  const output = sink();
  let total = 0;
  let tail = '';
  output.on('data', (chunk: Buffer) => {
    total += chunk.length;
    tail = chunk.toString('latin1').slice(-3);
  });
  hub.attach({ output });
  python(
    slave,
    "import os, tty\ntty.setraw(1)\nfor i in range(4000): os.write(1, b'x' * 999 + b'\\n')\nos.write(1, b'END')",
  );
  await until(() => tail === 'END');
  assert.equal(total, 4_000_003);
  assert.ok(stuck.writableLength < 3 * 65536);
  release.resume();
  await until(() => end === 'END');
  assert.ok(written < 400_000, `${written}`);
  const dropped = Number(/tslxc: (\d+) bytes/.exec(note)?.[1]);
  assert.equal(written - note.length + dropped, total);
});

test('survives every close and hang-up of the slave', async (t) => {
  const errors: unknown[] = [];
  const { hub, slave, path } = hubFor(t, { onError: (error) => errors.push(error) });
  const output = sink();
  const got = collect(output);
  hub.attach({ output });
  writeSync(slave, 'zero');
  closeSync(slave);
  await got.until('zero');
  for (let i = 0; i < 3; i++) {
    // As agetty does it: its session takes the terminal, hangs it up for everybody (ours, too) and opens it again.
    const child = python(
      openSync(path, 'r+'),
      `
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 1)
import ctypes
ctypes.CDLL(None).vhangup()
fd = os.open(sys.argv[1], os.O_RDWR)
os.write(fd, b'login ${i}: ')
`,
      path,
    );
    await once(child, 'exit');
    await got.until(`login ${i}: `);
  }
  const late = openSync(path, 'r+');
  writeSync(late, 'late');
  closeSync(late);
  await got.until('late');
  assert.deepEqual(errors, []);
});

test('input waits for a container that does not read', async (t) => {
  const { hub, slave } = hubFor(t);
  kernel.setTermios(slave, Buffer.alloc(64)); // no line discipline at all: all bytes, none lost
  const input = sink();
  hub.attach({ output: sink(), input });
  const text = Buffer.alloc(300_000, 'abcdefghij');
  for (let i = 0; i < text.length; i += 10_000) input.write(text.subarray(i, i + 10_000));
  await pause(30);
  assert.equal(input.isPaused(), true);
  kernel.setNonblocking(slave, true);
  const got: Buffer[] = [];
  let length = 0;
  while (length < text.length) {
    const piece = Buffer.alloc(65536);
    const n = kernel.read(slave, piece);
    if (n > 0) {
      got.push(piece.subarray(0, n));
      length += n;
    } else await pause(1);
  }
  assert.ok(Buffer.concat(got).equals(text));
  closeSync(slave);
});

test('resize reaches the slave; a closed hub does nothing more', async (t) => {
  const { hub, slave } = hubFor(t);
  hub.resize({ rows: 24, columns: 80 });
  hub.resize({ rows: 0, columns: 0 });
  assert.deepEqual(kernel.windowSize(slave), { rows: 24, columns: 80 });
  const output = sink();
  const attachment = hub.attach({ output });
  hub.close();
  hub.close();
  await attachment.ended;
  assert.equal(output.destroyed, false);
  hub.resize({ rows: 1, columns: 1 });
  await hub.attach({ output }).ended;
  assert.equal(hub.clients, 0);
  closeSync(slave);
});

test('the last words before a close reach the ring and the clients, slow ones too', async (t) => {
  const { hub, slave, ring } = hubFor(t);
  kernel.setTermios(slave, Buffer.alloc(64));
  let resume = () => {};
  let got = '';
  const slow = new Writable({
    highWaterMark: 10,
    write(chunk: Buffer, _encoding, done) {
      got += chunk.toString();
      resume = done;
    },
  });
  const attachment = hub.attach({ output: slow });
  for (const word of ['one ', 'two ', 'three ']) {
    writeSync(slave, word.repeat(3));
    await until(() => ring.read().includes(word));
  }
  writeSync(slave, 'reboot: Power down\n');
  hub.close();
  await attachment.ended;
  assert.ok(ring.read().includes('Power down'));
  slow.end();
  while (!slow.writableFinished) {
    resume();
    await pause(1);
  }
  assert.equal(got, `${'one '.repeat(3)}${'two '.repeat(3)}${'three '.repeat(3)}reboot: Power down\n`);
  closeSync(slave);
});
