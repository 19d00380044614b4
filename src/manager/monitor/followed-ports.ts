/**
 * Published ports follow their container's address, which it may get from DHCP or by router
 * advertisements, or change. Its addresses are looked at in /proc: often at first, then seldom.
 */
import { addressesOf } from '../../container/observe/addresses.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import {
  type NicId,
  type PortUpdate,
  type PublishedNic,
  publishedNics,
} from '../../network/ports/port-registry.ts';
import { updatePublished } from '../../network/ports/publish.ts';

const OFTEN_MS = 300;
const SELDOM_MS = 3000;
/** How long after a start it is looked at often. */
const EAGER_MS = 60_000;

export class FollowedPorts {
  readonly #kernel: Kernel;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #eagerUntil = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** @throws TslxcError as `updatePublished`, and what `change` throws */
  async publish(id: NicId, change: PortUpdate): Promise<void> {
    await updatePublished(this.#kernel, id, change);
    this.follow();
  }

  /** Looks after the published ports until the last of them is withdrawn. */
  follow(): void {
    this.#eagerUntil = Date.now() + EAGER_MS;
    void this.#look();
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    // The look that is under way sets the timer for the next one.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const nic of publishedNics()) await followOne(this.#kernel, nic);
    } finally {
      this.#isLooking = false;
    }
    const nics = publishedNics();
    if (nics.length === 0) return;
    const eager = Date.now() < this.#eagerUntil && nics.some(lacksAddress);
    this.#timer = setTimeout(() => void this.#look(), eager ? OFTEN_MS : SELDOM_MS).unref();
  }
}

const lacksAddress = ({ target4 }: PublishedNic) => target4 === undefined;

/** Never throws. */
async function followOne(kernel: Kernel, nic: PublishedNic): Promise<void> {
  const addresses = addressesOf(nic.pid).filter((one) => one.interface === nic.interface);
  const pick = (family: 'inet' | 'inet6', now: string | undefined) => {
    const own = addresses.filter((one) => one.family === family).map(({ address }) => address);
    return now !== undefined && (own.includes(now) || own.length === 0) ? now : own[0];
  };
  const target4 = pick('inet', nic.target4);
  const target6 = pick('inet6', nic.target6);
  if (target4 === nic.target4 && target6 === nic.target6) return;
  try {
    // The ports may have been withdrawn during the wait for other changes.
    await updatePublished(kernel, nic, (now) =>
      now?.pid === nic.pid ? { ...now, target4, target6 } : undefined,
    );
  } catch (error) {
    process.stderr.write(`ports of ${nic.name}: ${(error as Error).message}\n`);
  }
}
