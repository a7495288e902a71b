/** Commands that only read, and whose output may be credentials: by the paths and variables that they name. */
import { isKnownReadOnly } from "./commands.ts";

/**
 * Where credentials are: mounted tokens and Secrets, environments of processes, keys of users. A path has at most 4096
 * bytes, and a name 255: without these bounds a long argument would take quadratic time.
 */
const credentials =
  /(?:^|[\s"'=:/])(?:run\/secrets(?:[\s"'/]|$)|\.ssh\/|\.aws\/credentials|\.kube\/config|\.docker\/config\.json|\.netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.vault-token|\.env(?:\.\w+)?(?=[\s"']|$)|shadow\b|proc\/(?:[^\s"']{0,4096}\/)?(?:environ|cwd|fd|map_files|mem|root)\b|etc\/ssl\/private\/|etc\/kubernetes\/[^\s"']{0,4096}\.conf|id_(?:rsa|dsa|ed25519|ecdsa)\b|kubernetes\.io\/serviceaccount)/;

/**
 * Paths that are usual for keys, tokens and mounted Secrets, wherever they are; a node's disks and memory have all of
 * them.
 */
const usualPaths =
  /(?:^|[\s"'=:/])(?:(?:tls|secrets?)\/|kubernetes\.io~(?:projected|secret)|[^\s"'/]{1,255}\.(?:key|pem|p12|pfx|jks|keystore)(?=[\s"']|$)|var\/lib\/(?:etcd|kubelet)\/|proc\/kcore|dev\/(?:[hsv]d[a-z]|xvd[a-z]|nvme\d|dm-\d|loop\d|mapper\/|disk\/|k?mem(?=[\s"']|$)))|\/token(?=[\s"']|$)/;

/** Programs that print names, sizes and times of files. */
export const nameReaders: ReadonlySet<string> = new Set(
  "df du find ls lsblk readlink realpath stat".split(" "),
);

/** Programs that print parts of files, or print them in another form: the marks of a token may be missing. */
export const partPrinters: ReadonlySet<string> = new Set(
  "cmp comm cut diff egrep fgrep grep head hexdump od tac tail".split(" "),
);

/**
 * Returns whether a command names a path of credentials, or the environments of processes. A shell can hide a path from
 * this rule, but a line of shell never counts as reading.
 */
export function namesCredentials(command: readonly string[]): boolean {
  const line = ` ${command.join(" ")}`.replaceAll(/\/(?:\.?\/)+/g, "/");
  return credentials.test(line) || usualPaths.test(line) && !printsNames(command) ||
    printsEnvironments(command);
}

/**
 * Returns whether a command prints names, sizes and times of files, and nothing of their contents: `find -exec` runs
 * another program, and a list of files is printed as names that don't exist.
 */
export function printsNames(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  return nameReaders.has(program) && isKnownReadOnly(command) &&
    !args.some((arg) => /^--?files0/.test(arg));
}

/** `ps e` prints the environment of each process. */
function printsEnvironments([program, ...args]: readonly string[]): boolean {
  return program === "ps" &&
    args.some((arg, at) =>
      arg.includes("e") && /^[A-Za-z]+$/.test(arg) && args[at - 1]?.startsWith("-") !== true
    );
}

/**
 * Returns whether the output of a reading command may be secret: credentials, all variables, or a file that isn't known
 * yet.
 *
 * @param open further arguments, or parts of them, aren't known yet.
 */
export function mayPrintSecrets(command: readonly string[], { open }: { open: boolean }): boolean {
  const [program = "", ...args] = command;
  if (namesCredentials(command)) return true;
  if (program === "env" || program === "printenv") return open || args.length === 0;
  return open && (program === "cat" || partPrinters.has(program));
}
