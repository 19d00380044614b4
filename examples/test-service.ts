/** A test that needs a real service: a web server in a throw-away container. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Container } from 'tslxc';

const lxcpath = process.argv[2];

test('the server answers with the page', async () => {
  await using server = await Container.ephemeral({
    image: 'busybox',
    lxcpath,
    settings: { network: 'none' },
  });
  await server.writeFile('/tmp/index.html', '<h1>It works</h1>\n');
  await server.exec(['httpd', '-p', '127.0.0.1:8080', '-h', '/tmp']);

  const answer = await server.exec(['wget', '-q', '-O', '-', 'http://127.0.0.1:8080/']);

  assert.equal(answer.stdout, '<h1>It works</h1>\n');
});
