/**
 * Addresses for pods, each assigned to one pod at a time. Nothing listens there: pods share the machine's loopback. The
 * range is the one that kubeadm's documentation uses for pods.
 */
export class PodAddresses {
  readonly #taken = new Set<number>();
  #next = 2;

  /** Returns an unused address. */
  take(): string {
    while (this.#taken.has(this.#next)) this.#advance();
    const index = this.#next;
    this.#taken.add(index);
    // The address of a deleted pod is not assigned again at once: it would be mistaken for that pod.
    this.#advance();
    return `10.244.${index >> 8}.${index & 0xff}`;
  }

  /** Releases the address of a deleted pod. */
  release(address: string): void {
    const [, , third, fourth] = address.split(".").map(Number);
    if (third !== undefined && fourth !== undefined) this.#taken.delete((third << 8) | fourth);
  }

  #advance(): void {
    do {
      this.#next = (this.#next + 1) & 0xffff;
    } while ((this.#next & 0xff) < 2 || (this.#next & 0xff) === 0xff);
  }
}
