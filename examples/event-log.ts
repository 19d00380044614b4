/** Prints what happens to the containers of this host as JSON lines, until Ctrl-C. */
import { Host } from 'tslxc';

const lxcpath = process.argv[2];
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

console.error('watching; Ctrl-C ends');
for await (const event of Host.events({ signal: stop.signal, ...(lxcpath ? { lxcpaths: [lxcpath] } : {}) }))
  console.log(JSON.stringify(event));
