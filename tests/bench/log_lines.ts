/** Whether numbered lines of many pods are all there, each once, in the order of its pod. */
export class LogCheck {
  readonly #next = new Map<string, number>();
  readonly #complaints: string[] = [];

  constructor(private readonly pods: number, private readonly lines: number) {}

  /** The next line; undefined where it was none of a log. */
  take(line: { pod: string; number: number } | undefined): void {
    if (line === undefined) return;
    const { pod, number } = line;
    const expected = this.#next.get(pod) ?? 1;
    if (number !== expected) this.#complaints.push(`${pod}: ${number} where ${expected} must come`);
    this.#next.set(pod, number + 1);
  }

  /** What is wrong; empty where nothing is. */
  complaints(): string[] {
    const ends = [...this.#next].flatMap(([pod, next]) =>
      next === this.lines + 1 ? [] : [`${pod}: ends after ${next - 1} of ${this.lines}`]
    );
    const missing = this.pods - this.#next.size;
    return [
      ...this.#complaints,
      ...ends,
      ...(missing === 0 ? [] : [`${missing} pods have no line`]),
    ];
  }
}
