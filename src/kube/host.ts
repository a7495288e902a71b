/** What the Kubernetes port asks of the machine, handed in so that tests need none of it. */
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";

/** The machine, as far as kubeconfigs and credentials touch it. */
export interface Host {
  env(name: string): string | undefined;
  /** Rejects with `Deno.errors.NotFound` where there is none. */
  readText(path: string): Promise<string>;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Something the person should know, once, that stops nothing. */
  warn(message: string): void;
}

/** This machine. */
export function systemHost(warn: (message: string) => void): Host {
  return {
    env: (name) => Deno.env.get(name),
    readText: (path) => Deno.readTextFile(path),
    clock: systemClock,
    random: Math.random,
    warn,
  };
}
