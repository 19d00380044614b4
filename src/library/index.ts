/**
 * tslxc as a library: system containers for programs on Node 22 and later, as root.
 *
 * @packageDocumentation
 */
export { Container } from './container.ts';
export * from './errors.ts';
export { Host } from './host.ts';
export type * from './types.ts';
