/** Starts many containers from one image, has each compute something, and removes all of them. */
import { Container } from 'tslxc';

const [, , lxcpath, count = '50'] = process.argv;

await using fleet = new AsyncDisposableStack();
const begin = performance.now();
// The first one makes the image; the others only copy it, which costs nothing on a plain directory.
const numbers = Array.from({ length: Number(count) }, (_, index) => index + 1);
const [first, ...others] = numbers;
const start = async (number: number | undefined) => {
  const settings = { network: 'none', memory: '32M', environment: { NUMBER: String(number) } };
  return fleet.use(await Container.ephemeral({ image: 'busybox', lxcpath, settings }));
};
const containers = [await start(first), ...(await Promise.all(others.map(start)))];
console.log(`${containers.length} containers run after ${Math.round(performance.now() - begin)} ms`);

const squares = await Promise.all(
  containers.map(async (container) => {
    const { stdout } = await container.exec(['sh', '-c', 'echo $((NUMBER * NUMBER))']);
    return Number(stdout);
  }),
);
console.log(`the sum of their squares is ${squares.reduce((sum, square) => sum + square, 0)}`);
