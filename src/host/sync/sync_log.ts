/** A log of a bounded size: when it is full, its older half is removed. */
import { isAbsent } from "../../files/errors.ts";

const mostBytes = 512 * 1024;

/** Lines of one process, each with its time. */
export class SyncLog {
  constructor(private readonly path: string) {}

  /** Adds a line. A full disk costs the line, and nothing else. */
  readonly line = (text: string): void => {
    try {
      this.#cut();
      const line = `${new Date().toISOString()} ${text.replaceAll("\n", " ")}\n`;
      Deno.writeTextFileSync(this.path, line, { append: true, create: true, mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  };

  #cut(): void {
    try {
      if (Deno.statSync(this.path).size < mostBytes) return;
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    const text = Deno.readTextFileSync(this.path);
    const half = text.slice(text.indexOf("\n", text.length / 2) + 1);
    Deno.writeTextFileSync(this.path, half);
  }
}
