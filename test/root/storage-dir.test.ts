/** The row of plain directories in the table of backing stores. */
import { storageTable } from './storage-table.ts';

storageTable({
  type: 'dir',
  path: 'dir:DIR/rootfs',
  shares: true,
  shared: 'overlay',
  quota: /keeps no project quota/,
});
