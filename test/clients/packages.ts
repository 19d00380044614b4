/** Client programs from Debian's packages, unpacked beside the tests: nothing of them is installed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../root/harness/run-command.ts';

/** The clients, and of what they need the parts that a host may lack. */
const PACKAGES = [
  'autopkgtest',
  'ganeti-3.0',
  'lxcfs',
  'libfuse3-3',
  'python3-bitarray',
  'python3-cryptography',
  'python3-openssl',
  'python3-paramiko',
  'python3-psutil',
  'python3-pycurl',
  'python3-pyinotify',
  'python3-pyparsing',
  'python3-simplejson',
];

/** Fetches and unpacks the packages. @returns the folder that stands for the root of their files */
export async function unpackClients(scratch: string): Promise<string> {
  const root = join(scratch, 'clients');
  const cwd = scratch;
  await succeeded(run('apt-get', ['-q', 'download', ...PACKAGES], { cwd, timeout: 300_000 }));
  for (const file of readdirSync(scratch).filter((name) => name.endsWith('.deb')))
    await succeeded(run('dpkg-deb', ['-x', file, root], { cwd }));
  return root;
}

async function succeeded(call: ReturnType<typeof run>): Promise<void> {
  const { code, stderr } = await call;
  if (code !== 0) throw new Error(`the packages of the clients cannot be had: ${stderr}`);
}
