import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWords } from '../../src/errors/errno-words.ts';

test('an errno at the end of a message is told in words; only the name of a system call goes', () => {
  const told = {
    'mount tmpfs on /x: openat2: ENOENT': 'mount tmpfs on /x: it does not exist',
    'setns: ESRCH': 'the process has ended',
    'cannot open the user namespace: ENOENT': 'cannot open the user namespace: it does not exist',
    'cannot make /dev/pts: EROFS': 'cannot make /dev/pts: the file system is read-only',
    'an errno without words: EXFULL': 'an errno without words: EXFULL',
    'ENOENT in the middle stays': 'ENOENT in the middle stays',
  };
  for (const [message, words] of Object.entries(told)) assert.equal(inWords(message), words);
});
