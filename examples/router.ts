/** A container with two network cards of its own that routes between them. */
import { Container } from 'tslxc';

const lxcpath = process.argv[2];
await using router = await Container.ephemeral({
  image: 'busybox',
  lxcpath,
  settings: {
    lxc: {
      // A veth pair without a bridge: its other end stays on the host, for whatever is to be routed.
      'lxc.net.0.type': 'veth',
      'lxc.net.0.flags': 'up',
      'lxc.net.0.name': 'left',
      'lxc.net.0.ipv4.address': '192.0.2.1/24',
      'lxc.net.1.type': 'veth',
      'lxc.net.1.flags': 'up',
      'lxc.net.1.name': 'right',
      'lxc.net.1.ipv4.address': '198.51.100.1/24',
      'lxc.sysctl.net.ipv4.ip_forward': '1',
    },
  },
});
const { stdout: routes } = await router.exec(['ip', 'route']);
const forwarding = await router.readFile('/proc/sys/net/ipv4/ip_forward');
console.log(`${routes.trim()}\nforwarding: ${forwarding.toString().trim()}`);
