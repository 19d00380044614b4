export { activeContainers, listContainers } from '../container/state/list.ts';
