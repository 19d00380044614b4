export { type ContainerUsage, containersUsage } from '../container/usage.ts';
