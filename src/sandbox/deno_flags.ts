/** From a workflow's permissions to the command line of a script's process. */
import { KodamaError } from "../base/errors.ts";
import type { Grant, Permissions } from "../workflow/model.ts";

/** What the process may have. */
export interface ProcessLimits {
  /** Of the script's own values and buffers. */
  memoryMiB: number;
  /** Of processor time: ends a process whose kodama is gone. Whole seconds. */
  cpuSeconds: number;
}

/** Deno's kinds of permission, as `permissions` names them. Code from elsewhere and native code are never granted. */
const kinds = ["net", "read", "write", "env", "run", "sys"] as const;

/**
 * A start of Deno that is the same everywhere: no configuration of the folder that it happens in, no network, no
 * question. `--quiet` keeps Deno's own remarks off standard error.
 */
export const fixedFlags: readonly string[] = [
  "run",
  "--quiet",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--cached-only",
];

/**
 * What Deno itself takes of a limit on a process's data, in MiB: its code range and heaps are reserved at the
 * start. Measured with 2.9.6: it starts from 560 on.
 */
const ownDataMiB = 592;

/**
 * Words that start Deno with these permissions and no others; the program is its main module. Nothing of what a
 * workflow says becomes a flag of its own.
 *
 * @throws KodamaError `config` for a value that can't be said to Deno.
 */
export function denoWords(
  permissions: Permissions,
  options: { memoryMiB: number; protectedPaths: readonly string[]; program: string },
): string[] {
  const { memoryMiB, protectedPaths, program } = options;
  const granted = kinds.flatMap((kind) => grantFlag(kind, permissions[kind]));
  // A script that may write everywhere still may not make itself trusted.
  const denied = permissions.write === false || protectedPaths.length === 0
    ? []
    : [`--deny-write=${protectedPaths.map((path) => listable("write", path)).join(",")}`];
  return [
    ...fixedFlags,
    `--v8-flags=--max-old-space-size=${memoryMiB}`,
    ...granted,
    ...denied,
    `data:application/javascript,${encodeURIComponent(program)}`,
  ];
}

function grantFlag(kind: string, grant: Grant): string[] {
  if (grant === false) return [];
  if (grant === true) return [`--allow-${kind}`];
  return grant.length === 0
    ? []
    : [`--allow-${kind}=${grant.map((value) => listable(kind, value)).join(",")}`];
}

function listable(kind: string, value: string): string {
  if (value !== "" && !/[,\0]/.test(value)) return value;
  throw new KodamaError(
    "config",
    `permissions.${kind}: ${JSON.stringify(value.slice(0, 60))} can't be granted: ` +
      "a permission of Deno is not an empty text and has no comma",
  );
}

/** Variables that Deno and the programs that it runs need to find their way; a script can't read them ungranted. */
const passedOn: readonly string[] = ["PATH", "HOME", "DENO_DIR"];

/**
 * Words that start `command` below limits of the system, in an environment that holds what is granted and little
 * else. The limits are the system's own (setrlimit), which nothing in the process can lift; a shell sets them,
 * as Deno has no way to.
 */
export function limitedWords(
  command: readonly string[],
  { memoryMiB, cpuSeconds }: ProcessLimits,
  environment: Grant,
): string[] {
  const dataKiB = (ownDataMiB + memoryMiB) * 1024;
  // Where the system has a lower limit already, it stays: it can't be raised, and needn't be.
  const limits = [`-d ${dataKiB}`, `-t ${cpuSeconds}`, "-c 0"]
    .map((limit) => `ulimit ${limit} 2>/dev/null`).join("; ");
  const granted = environment === true ? ["*"] : environment === false ? [] : environment;
  // Which variables a wildcard means, Deno knows and the shell doesn't: then it is left to Deno alone.
  if (!granted.every((name) => /^[A-Za-z_]\w*$/.test(name))) {
    return ["sh", "-c", `${limits}; export NO_COLOR=1; exec "$@"`, "sh", ...command];
  }
  const variables = [...new Set([...passedOn, ...granted])]
    .map((name) => `\${${name}+"${name}=$${name}"}`);
  const line = `${limits}; exec env -i NO_COLOR=1 ${variables.join(" ")} "$@"`;
  return ["sh", "-c", line, "sh", ...command];
}
