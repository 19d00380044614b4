export { listContainers } from '../container/state/list.ts';
