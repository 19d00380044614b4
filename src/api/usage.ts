export { type ContainerUsage, containersUsage } from '../container/observe/usage.ts';
