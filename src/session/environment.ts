/** The variables of dotenv files that reach a session, and those that never do. Pure. */
import { KodamaError } from "../base/errors.ts";
import { parseDotenv } from "./dotenv.ts";

/** A dotenv file and its text. */
export interface DotenvFile {
  /** As the user named it. */
  path: string;
  text: string;
}

/** The merged variables of the files. */
export interface DotenvVariables {
  /** By name, sorted. */
  values: ReadonlyMap<string, string>;
  /** Names in a file that don't reach the session, each with the reason. */
  left: readonly { name: string; reason: "excluded" | "protected" }[];
}

/** A ConfigMap or a Secret holds at most this: the limit of etcd. */
const maxBytes = 1024 * 1024;

const allowedName = /^[A-Z_][A-Z0-9_]*$/;

/** Variables that a shell, the loader or git reads first, and those that the pod itself sets. */
const systemNames = new Set(
  ("PATH HOME USER LOGNAME SHELL PWD OLDPWD HOSTNAME TERM SHLVL IFS ENV BASH_ENV BASH_FUNC PS4 TMPDIR " +
    "LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH " +
    "GIT_CONFIG_COUNT GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_SSH_COMMAND GIT_ASKPASS SSH_ASKPASS " +
    "GIT_TERMINAL_PROMPT GIT_DIR GIT_WORK_TREE GIT_EXEC_PATH").split(" "),
);

/** Variables that configure the agent's location and environment; its credentials are up to the user. */
const agentNames =
  /^(?:CLAUDECODE|CLAUDE_CONFIG_DIR|CLAUDE_CODE_(?:ENTRYPOINT|SSE_PORT|REMOTE.*))$/;

/** Variables that Kubernetes sets for the services of a namespace. */
const serviceNames =
  /^KUBERNETES_|_SERVICE_(?:HOST|PORT(?:_.+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;

/** Returns whether a variable is reserved for kodama, the system or the cluster. */
function isProtected(name: string): boolean {
  return systemNames.has(name) || agentNames.test(name) || serviceNames.test(name) ||
    /^KODAMA_|^GIT_CONFIG_(?:KEY|VALUE)_\d+$/.test(name);
}

/**
 * Returns the variables of the files; a later file wins.
 *
 * @throws KodamaError `config` for a name or a value that no process can have, or for more than 1 MiB.
 */
export function mergeDotenv(
  files: readonly DotenvFile[],
  excluded: Iterable<string>,
): DotenvVariables {
  const without = new Set(excluded);
  const values = new Map<string, string>();
  const left = new Map<string, "excluded" | "protected">();
  for (const { path, text } of files) {
    for (const { name, value, line } of parseDotenv(path, text)) {
      if (without.has(name)) left.set(name, "excluded");
      else if (isProtected(name)) left.set(name, "protected");
      else if (!allowedName.test(name)) throw badName(`${path}:${line}`, name);
      else if (value.includes("\0")) throw nulByte(`${path}:${line}`, name);
      else values.set(name, value);
    }
  }
  refuseTooMuch(values);
  const byName = (a: [string, unknown], b: [string, unknown]) => a[0] < b[0] ? -1 : 1;
  return {
    values: new Map([...values].sort(byName)),
    left: [...left].sort(byName).map(([name, reason]) => ({ name, reason })),
  };
}

function badName(place: string, name: string): KodamaError {
  const shown = JSON.stringify(name.slice(0, 60));
  return new KodamaError("config", `${place}: ${shown} can't be the name of a variable`, {
    hint: `names have A-Z, 0-9 and _, and begin with no digit; --env-exclude ${name} leaves it out`,
  });
}

/** No process accepts one; the pod would fail repeatedly. */
function nulByte(place: string, name: string): KodamaError {
  return new KodamaError("config", `${place}: the value of ${name} holds a NUL byte`, {
    hint: `no variable can; --env-exclude ${name} leaves it out`,
  });
}

function refuseTooMuch(values: ReadonlyMap<string, string>): void {
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const [name, value] of values) bytes += name.length + encoder.encode(value).length;
  if (bytes <= maxBytes) return;
  throw new KodamaError(
    "config",
    `the variables of the dotenv files take ${bytes} bytes, and a Secret holds ${maxBytes}`,
    { hint: "leave the largest out with --env-exclude NAME; files belong into the workspace" },
  );
}
