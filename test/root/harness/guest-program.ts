/** Programs for containers, compiled for a test: they need nothing in the container but themselves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after } from 'node:test';
import { run } from './run-command.ts';

const SOURCES = join(import.meta.dirname, '../guest');

/** Compiles test/root/guest/NAME.c into a static program, and puts it at `target`. */
export async function compileGuestProgram(name: string, target: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tslxc-guest-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, basename(name));
  const { code, stderr } = await run('gcc', ['-static', '-O1', '-o', file, join(SOURCES, `${name}.c`)]);
  if (code !== 0) throw new Error(`gcc: ${stderr}`);
  const copied = await run('install', ['-m', '755', file, target]);
  if (copied.code !== 0) throw new Error(copied.stderr);
}
