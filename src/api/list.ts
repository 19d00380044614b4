export { listContainers } from '../container/list.ts';
