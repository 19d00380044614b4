/** Creates a container, boots it, asks it a question, and removes it. */
import { AlreadyExistsError, Container } from 'tslxc';

const lxcpath = process.argv[2];
const name = 'first-container';

let container: Container;
try {
  container = await Container.create(name, {
    template: 'busybox',
    lxcpath,
    settings: { memory: '64M', cpus: 0.5, network: 'none' },
    onStep: (step) => console.log(step),
  });
} catch (error) {
  if (error instanceof AlreadyExistsError) console.error(`${name} exists: an earlier run was killed`);
  throw error;
}

const { pid, milliseconds } = await container.start();
console.log(`init is process ${pid}; the start took ${Math.round(milliseconds)} ms`);

const { stdout } = await container.exec(['hostname']);
console.log(`inside, the host name is ${stdout.trim()}`);

const { state, memoryBytes } = await container.info();
console.log(`${state}, ${memoryBytes} bytes of memory`);

await container.stop({ timeout: 10 });
await container.destroy();
