/** `npm run chaos -- --seed N --steps N`: random operations and kills; the last line is the verdict. */
import { parseArgs } from 'node:util';
import { ContainerHost } from '../root/harness/container-host.ts';
import { Chaos } from './chaos.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, steps: { type: 'string', default: '1000' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const host = new ContainerHost({ manual: true });
const log = (line: string) => void process.stdout.write(`${line}\n`);
log(`seed ${seed}`);
const faults = await new Chaos(host, { seed, steps: Number(values.steps), log }).run();
await host.dispose().catch((error: Error) => log(error.message));
for (const fault of faults) log(`✗ ${fault}`);
log(faults.length === 0 ? `${values.steps} steps: nothing lost, hung, leaked` : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
