import type { Calls } from '../binding.ts';
import { KEYCTL_JOIN_SESSION_KEYRING, SECCOMP, SECCOMP_NOTIF, SYS } from '../constants.ts';
import type { Kernel } from '../kernel.ts';
import { capabilityData, capabilityHeader, readCapabilityData, socketFilter } from '../structs.ts';

/** `struct seccomp_notif`. */
const NOTIFICATION_SIZE = 80;

export function credentialVerbs(c: Calls) {
  return {
    setresuid: (uid) => void c.setresuid(checked(uid), uid, uid),
    setresgid: (gid) => void c.setresgid(checked(gid), gid, gid),
    setgroups(gids) {
      const list = Buffer.alloc(Math.max(1, gids.length) * 4);
      gids.forEach((gid, i) => {
        list.writeUInt32LE(gid, i * 4);
      });
      c.setgroups(SYS.setgroups, gids.length, list);
    },
    getCapabilities() {
      const data = Buffer.alloc(24);
      c.capget(SYS.capget, capabilityHeader(), data);
      return readCapabilityData(data);
    },
    setCapabilities: (sets) => void c.capset(SYS.capset, capabilityHeader(), capabilityData(sets)),
    joinNewSessionKeyring: () => void c.keyctl(SYS.keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0),
    seccomp(filter, listen) {
      const program = socketFilter(c.addressOf(filter, filter, 0), filter.length);
      return c.seccomp(SYS.seccomp, SECCOMP.SET_MODE_FILTER, listen ? SECCOMP.FLAG_NEW_LISTENER : 0, program);
    },
    takeNotification(listener) {
      // The kernel insists on zeros.
      const question = Buffer.alloc(NOTIFICATION_SIZE);
      c.ioctl(listener, SECCOMP_NOTIF.RECV, question);
      return question;
    },
    checkNotification(listener, id) {
      const number = Buffer.alloc(8);
      number.writeBigUInt64LE(id);
      c.ioctl(listener, SECCOMP_NOTIF.ID_VALID, number);
    },
    answerNotification: (listener, answer) => void c.ioctl(listener, SECCOMP_NOTIF.SEND, answer),
  } satisfies Partial<Kernel>;
}

/** To the kernel -1, the largest id, means "leave it as it is": a program would go on as root. */
function checked(id: number): number {
  if (Number.isInteger(id) && id >= 0 && id < 0xffffffff) return id;
  throw new RangeError(`${id} is no user or group id`);
}
