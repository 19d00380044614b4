/** The graph of clones and snapshots as lines of text. */
import type { TreeNode } from '../../api/options.ts';

export function treeText(nodes: readonly TreeNode[]): string {
  return nodes.map((node) => `${label(node)}\n${below(node.children, '')}`).join('');
}

function below(nodes: readonly TreeNode[], indent: string): string {
  return nodes
    .map((node, index) => {
      const last = index === nodes.length - 1;
      return `${indent}${last ? '└─' : '├─'} ${label(node)}\n${below(node.children, `${indent}${last ? '  ' : '│ '} `)}`;
    })
    .join('');
}

function label({ kind, name, type, lxcpath, of, made }: TreeNode): string {
  switch (kind) {
    case 'layer':
      return `layer ${name}${of === undefined ? '' : ` (of ${of}${made === undefined ? '' : `, ${made.slice(0, 16).replace('T', ' ')}`})`}`;
    case 'directory':
      return `files in ${name}`;
    default:
      return `${lxcpath === undefined ? '' : `${lxcpath}/`}${name}${type === undefined || type === 'overlay' ? '' : ` (${type})`}`;
  }
}
