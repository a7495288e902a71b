/** Converts a workflow's permissions to the command line of a script's process. */
import { KodamaError } from "../base/errors.ts";
import type { Grant, Permissions } from "../workflow/model.ts";

/** Resource limits of the process. */
export interface ProcessLimits {
  /** Limit of the script's own values and buffers. */
  memoryMiB: number;
  /** Limit of CPU time: ends a process whose kodama has exited. Whole seconds. */
  cpuSeconds: number;
}

/** Deno's kinds of permission, as `permissions` names them. Remote and native code are never granted. */
const kinds = ["net", "read", "write", "env", "run", "sys"] as const;

/**
 * Starts Deno the same way everywhere: without the configuration of the working directory, network or prompts.
 * `--quiet` suppresses Deno's own messages on standard error.
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
 * The share of Deno itself in a limit on a process's data, in MiB: its code range and heaps are reserved at startup.
 * Measured with 2.9.6: it starts from 560 on.
 */
const ownDataMiB = 592;

/**
 * Returns the args that start Deno with these permissions and no others; the program is its main module. No value of a
 * workflow becomes a flag of its own.
 *
 * @throws KodamaError `config` for a value that Deno's flags can't express.
 */
export function denoWords(
  permissions: Permissions,
  options: { memoryMiB: number; protectedPaths: readonly string[]; program: string },
): string[] {
  const { memoryMiB, protectedPaths, program } = options;
  const granted = kinds.flatMap((kind) => grantFlag(kind, permissions[kind]));
  // A script that may write everywhere still can't make itself trusted.
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

/** Variables that Deno and its child programs need to find their files; a script can't read them ungranted. */
const passedOn: readonly string[] = ["PATH", "HOME", "DENO_DIR"];

/**
 * Returns the args that start `command` under system limits, in an environment with what is granted and little else.
 * The limits are the system's own (setrlimit), which nothing in the process can lift; a shell sets them, as Deno has no
 * way to.
 */
export function limitedWords(
  command: readonly string[],
  { memoryMiB, cpuSeconds }: ProcessLimits,
  environment: Grant,
): string[] {
  const dataKiB = (ownDataMiB + memoryMiB) * 1024;
  // A lower limit of the system stays: it can't be raised, and needn't be.
  const limits = [`-d ${dataKiB}`, `-t ${cpuSeconds}`, "-c 0"]
    .map((limit) => `ulimit ${limit} 2>/dev/null`).join("; ");
  const granted = environment === true ? ["*"] : environment === false ? [] : environment;
  // Only Deno knows which variables a wildcard matches, not the shell: then Deno alone restricts them.
  if (!granted.every((name) => /^[A-Za-z_]\w*$/.test(name))) {
    return ["sh", "-c", `${limits}; export NO_COLOR=1; exec "$@"`, "sh", ...command];
  }
  const variables = [...new Set([...passedOn, ...granted])]
    .map((name) => `\${${name}+"${name}=$${name}"}`);
  const line = `${limits}; exec env -i NO_COLOR=1 ${variables.join(" ")} "$@"`;
  return ["sh", "-c", line, "sh", ...command];
}
