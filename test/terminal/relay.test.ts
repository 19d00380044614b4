import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { ReadStream } from 'node:tty';
import { EscapeFilter } from '../../src/terminal/escape.ts';
import { PtyMaster } from '../../src/terminal/pty-master.ts';
import { relayTerminal } from '../../src/terminal/relay.ts';
import { collect, kernel, openPty, pause, python, sink } from './pty.ts';

const MEBIBYTE = 1 << 20;

/** Reads until it has the given number of bytes and prints their digest; prints as many of its own; exits. */
const BOTH_WAYS = `
import hashlib, os, sys, threading, tty
size, path = int(sys.argv[1]), sys.argv[2]
tty.setraw(0)
os.write(1, b'ready\\n')
def consume():
    digest, left = hashlib.sha256(), size
    while left:
        piece = os.read(0, 65536)
        digest.update(piece)
        left -= len(piece)
    open(path + '.digest', 'w').write(digest.hexdigest())
reader = threading.Thread(target=consume)
reader.start()
with open(path, 'rb') as source:
    while piece := source.read(100000):
        while piece:
            piece = piece[os.write(1, piece):]
reader.join()
`;

test('10 MiB of random bytes each way at once, exact', { timeout: 60_000 }, async (t) => {
  const { mkdtempSync, readFileSync, rmSync, writeFileSync } = await import('node:fs');
  const folder = mkdtempSync('/tmp/tslxc-relay-');
  t.after(() => rmSync(folder, { recursive: true }));
  const [typed, printed] = [randomBytes(10 * MEBIBYTE), randomBytes(10 * MEBIBYTE)];
  writeFileSync(`${folder}/printed`, printed);

  const { master, slave } = openPty();
  const child = python(slave, BOTH_WAYS, String(typed.length), `${folder}/printed`);
  const input = sink();
  const output = sink();
  const got = collect(output);
  const end = relayTerminal({ kernel, input, output, peer: master });
  await got.until('ready\n');
  await pipeline(Readable.from(slices(typed)), input);
  assert.equal(await end, 'closed');
  const bytes = got.bytes();
  assert.equal(bytes.length, printed.length + 6);
  assert.ok(bytes.subarray(6).equals(printed));
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(
    readFileSync(`${folder}/printed.digest`, 'utf8'),
    createHash('sha256').update(typed).digest('hex'),
  );
});

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let i = 0; i < bytes.length; i += 65536) yield bytes.subarray(i, i + 65536);
}

test('the last words of a program that exits at once are not lost', { timeout: 20_000 }, async () => {
  for (let i = 0; i < 5; i++) {
    const { master, slave } = openPty();
    const child = python(slave, "import os, tty\ntty.setraw(1)\nos.write(1, b'x' * 9000)");
    await once(child, 'exit');
    const output = sink();
    const got = collect(output);
    assert.equal(await relayTerminal({ kernel, input: sink(), output, peer: master }), 'closed');
    assert.equal(got.bytes().length, 9000);
  }
});

test('a slow reader of the output slows the program down and loses nothing', async () => {
  const { master, slave } = openPty();
  python(slave, "import os, tty\ntty.setraw(1)\nfor i in range(2000): os.write(1, b'%07d\\n' % i * 64)");
  let total = 0;
  let most = 0;
  const output = new Writable({
    highWaterMark: 1000,
    write(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      most = Math.max(most, output.writableLength);
      if (total % 16 === 0) setImmediate(done);
      else setTimeout(done, 1);
    },
  });
  assert.equal(await relayTerminal({ kernel, input: sink(), output, peer: master }), 'closed');
  assert.equal(total, 2000 * 512);
  assert.ok(most <= 3 * 65536, `${most} bytes were waiting`);
});

test('the escape sequence leaves; what was typed before it arrives', async () => {
  const { master, slave } = openPty();
  kernel.setNonblocking(slave, true);
  const input = sink();
  const end = relayTerminal({ kernel, input, output: sink(), peer: master, escape: new EscapeFilter() });
  input.write('make\n\x01');
  await pause(10);
  const line = Buffer.alloc(100);
  assert.equal(line.toString('utf8', 0, readSync(slave, line)), 'make\n');
  input.write('qmore');
  assert.equal(await end, 'detached');
  assert.equal(input.isPaused(), true);
  assert.equal(readSync(slave, line), 0); // hung up: the master is closed
  closeSync(slave);
});

test('a getty that comes back is shown again for as long as the container lives', async () => {
  const { master, slave } = openPty();
  const path = `/dev/pts/${kernel.ptyNumber(master)}`;
  let alive = true;
  const output = sink();
  const got = collect(output);
  const end = relayTerminal({ kernel, input: sink(), output, peer: master, alive: () => alive });
  writeSync(slave, 'first login:');
  await got.until('first login:');
  closeSync(slave);
  for (const login of ['second login:', 'third login:']) {
    await pause(50);
    const again = openSync(path, 'r+');
    writeSync(again, login);
    await got.until(login);
    closeSync(again);
  }
  // One that opens, prints and closes between two looks.
  await pause(30);
  const brief = openSync(path, 'r+');
  writeSync(brief, 'bye');
  closeSync(brief);
  await got.until('bye');
  alive = false;
  assert.equal(await end, 'closed');
});

test('the window size reaches the slave at the start and at each SIGWINCH', async () => {
  const user = openPty();
  kernel.setWindowSize(user.master, { rows: 33, columns: 111 });
  const { master, slave } = openPty();
  const child = python(
    slave,
    `
import os, signal
def show(*_): size = os.get_terminal_size(0); print(f'<{size.lines}x{size.columns}>', flush=True)
signal.signal(signal.SIGWINCH, show)
os.setsid()
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
show()
while True: signal.pause()
`,
  );
  const signals = new EventEmitter();
  const sizes: unknown[] = [];
  const output = sink();
  const got = collect(output);
  const end = relayTerminal({
    kernel,
    input: sink(),
    output,
    peer: master,
    terminal: user.slave,
    signals,
    onResize: (size) => sizes.push(size),
  });
  await got.until('<33x111>');
  kernel.setWindowSize(user.master, { rows: 20, columns: 70 });
  signals.emit('SIGWINCH');
  await got.until('<20x70>');
  assert.deepEqual(sizes, [
    { rows: 33, columns: 111 },
    { rows: 20, columns: 70 },
  ]);
  signals.emit('SIGTERM');
  assert.equal(await end, 'terminated');
  assert.equal(signals.eventNames().length, 0);
  if (child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGHUP'); // its terminal has hung up
  for (const fd of [user.master, user.slave]) closeSync(fd);
});

test('the end of a piped input is the end of file for an attached program', async () => {
  for (const text of ['a line\n', 'no newline', '']) {
    const { master, slave } = openPty();
    python(slave, "import sys\nprint('got', ascii(sys.stdin.read()))");
    const input = sink();
    const output = sink();
    const got = collect(output);
    const end = relayTerminal({ kernel, input, output, peer: master, endOfInput: 'eof' });
    input.end(text);
    assert.equal(await end, 'closed');
    assert.ok(
      got
        .bytes()
        .toString('latin1')
        .includes(`got ${JSON.stringify(text).replaceAll('"', "'")}\r\n`),
    );
  }
});

test("a user's terminal is raw during the relay, and its end ends the relay", async () => {
  const user = openPty();
  const before = kernel.getTermios(user.slave);
  const { master, slave } = openPty();
  const input = new ReadStream(user.slave);
  const end = relayTerminal({ kernel, input, output: sink(), peer: master, terminal: user.slave });
  assert.notDeepEqual(kernel.getTermios(user.slave), before);
  writeSync(user.master, '\x03');
  await pause(20);
  closeSync(user.master);
  assert.equal(await end, 'terminated');
  input.destroy();
  closeSync(slave);
});

test('an abort, a closed output and a stream as the peer', async () => {
  const abort = new AbortController();
  const first = openPty();
  const aborted = relayTerminal({
    kernel,
    input: sink(),
    output: sink(),
    peer: first.master,
    signal: abort.signal,
  });
  abort.abort();
  assert.equal(await aborted, 'terminated');

  const second = openPty();
  const output = sink();
  const broken = relayTerminal({ kernel, input: sink(), output, peer: second.master });
  output.destroy(new Error('EPIPE'));
  assert.equal(await broken, 'terminated');

  const peer = new PassThrough();
  const input = sink();
  const echoed = sink();
  const got = collect(echoed);
  const end = relayTerminal({ kernel, input, output: echoed, peer });
  input.write('echo');
  await got.until('echo');
  peer.end();
  assert.equal(await end, 'closed');
  for (const { slave } of [first, second]) closeSync(slave);
});

test('a program that reads nothing does not stop the relay of its output', async () => {
  const { master, slave } = openPty();
  python(slave, "import os, time, tty\ntty.setraw(0)\nos.write(1, b'A')\ntime.sleep(0.3)\nos.write(1, b'B')");
  const output = sink();
  const got = collect(output);
  const input = sink();
  const end = relayTerminal({ kernel, input, output, peer: master });
  await got.until('A');
  input.write(Buffer.alloc(MEBIBYTE));
  await got.until('B');
  assert.equal(await end, 'closed');
});

test('destroying a master closes its descriptor and its copies', async () => {
  const { master, slave } = openPty();
  const stream = new PtyMaster(kernel, master, { alive: () => true, holdSlave: true });
  stream.resume();
  stream.destroy();
  await once(stream, 'close');
  await pause(5);
  assert.throws(() => kernel.ptyNumber(master), { code: 'EBADF' });
  assert.equal(kernel.poll([{ fd: slave, events: 1 }], 0)[0]!.events & 16, 16);
  closeSync(slave);
});
