/** The variables of dotenv files that reach a session, and those that never do. Pure. */
import { hint, option } from "../base/hint.ts";
import { KodamaError } from "../base/errors.ts";

/** A dotenv file and its text. */
export interface DotenvFile {
  /** As the user named it. */
  path: string;
  text: string;
}

/** The merged variables of the files. */
interface DotenvVariables {
  /** The values by name, sorted. */
  values: ReadonlyMap<string, string>;
  /** Names in a file that don't reach the session, each with the reason. */
  omitted: readonly { name: string; reason: "excluded" | "protected" }[];
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
export function isProtectedVariable(name: string): boolean {
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
  const omitted = new Map<string, "excluded" | "protected">();
  for (const { path, text } of files) {
    for (const { name, value, line } of parseDotenv(path, text)) {
      if (without.has(name)) omitted.set(name, "excluded");
      else if (isProtectedVariable(name)) omitted.set(name, "protected");
      else if (!allowedName.test(name)) throw badName(`${path}:${line}`, name);
      else if (value.includes("\0")) throw nulByte(`${path}:${line}`, name);
      else values.set(name, value);
    }
  }
  refuseTooMuch(values);
  const byName = (a: [string, unknown], b: [string, unknown]) => a[0] < b[0] ? -1 : 1;
  return {
    values: new Map([...values].sort(byName)),
    omitted: [...omitted].sort(byName).map(([name, reason]) => ({ name, reason })),
  };
}

function badName(location: string, name: string): KodamaError {
  const shown = JSON.stringify(name.slice(0, 60));
  return new KodamaError("config", `${location}: ${shown} can't be the name of a variable`, {
    hint: hint`names have A-Z, 0-9 and _, and begin with no digit; ${
      option("envExclude", name)
    } leaves it out`,
  });
}

/** No process accepts it; the pod would fail repeatedly. */
function nulByte(location: string, name: string): KodamaError {
  return new KodamaError("config", `${location}: the value of ${name} holds a NUL byte`, {
    hint: hint`no variable can; ${option("envExclude", name)} leaves it out`,
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
    {
      hint: hint`leave the largest out with ${
        option("envExclude", "NAME")
      }; files belong into the workspace`,
    },
  );
}

/*
 * Dotenv files: names and values, with quotes, several lines and comments, as the `dotenv` package of npm reads them.
 * Pure. An error never contains any of a value.
 */

/** A variable of a file. */
interface DotenvEntry {
  name: string;
  value: string;
  /** Starts at 1. */
  line: number;
}

/** Returns the variables of a text, in order; a name may occur several times, and the last value counts. */
export function parseDotenv(path: string, text: string): DotenvEntry[] {
  const reader = new Reader(path, text.replace(/\r\n?/g, "\n").replace(/^\uFEFF/, ""));
  return [...reader.entries()];
}

class Reader {
  #at = 0;
  #line = 1;

  constructor(private readonly path: string, private readonly text: string) {}

  *entries(): Generator<DotenvEntry, void> {
    while (this.#at < this.text.length) {
      const line = this.#line;
      const head = /^[ \t]*(?:export[ \t]+)?([^\s=#:'"`]+)[ \t]*=[ \t]*/.exec(this.#rest());
      if (head === null) {
        this.#skipLine(line);
        continue;
      }
      this.#at += head[0].length;
      yield { name: head[1] ?? "", value: this.#value(line), line };
    }
  }

  /** Returns the remaining text from the current position: a line, unless more is read. */
  #rest(): string {
    const end = this.text.indexOf("\n", this.#at);
    return this.text.slice(this.#at, end < 0 ? undefined : end);
  }

  /** Skips a blank line or a comment; anything else is invalid here. */
  #skipLine(line: number): void {
    const rest = this.#rest();
    if (!/^\s*(?:#|$)/.test(rest)) {
      throw this.#wrong(line, "expected NAME=VALUE or a comment");
    }
    this.#advance(rest.length);
  }

  #value(line: number): string {
    const quote = this.text[this.#at];
    if (quote === "'" || quote === '"' || quote === "`") {
      const end = this.#endOfQuote(quote);
      if (end !== undefined) {
        const inner = this.text.slice(this.#at + 1, end);
        this.#advance(end + 1 - this.#at, false);
        const tail = this.#rest();
        this.#advance(tail.length);
        if (quote !== '"') return inner;
        return inner.replace(/\\([nrt"\\$])/g, (_, one: string) => escapes[one] ?? one);
      }
      if (!this.#rest().slice(1).trim()) throw this.#wrong(line, `the ${quote} has no end`);
    }
    const rest = this.#rest();
    this.#advance(rest.length);
    return rest.replace(/(?:^|\s)#.*$/, "").trim();
  }

  /** Returns the closing quote's position; a backslash before a double quote escapes it. */
  #endOfQuote(quote: string): number | undefined {
    for (let at = this.#at + 1; at < this.text.length; at++) {
      if (this.text[at] === "\\" && quote === '"') at++;
      else if (this.text[at] === quote) return at;
    }
    return undefined;
  }

  /** Advances by N characters, and past a line end there. */
  #advance(length: number, overLineEnd = true): void {
    const taken = this.text.slice(this.#at, this.#at + length);
    this.#line += taken.split("\n").length - 1;
    this.#at += length;
    if (!overLineEnd || this.text[this.#at] !== "\n") return;
    this.#at += 1;
    this.#line += 1;
  }

  #wrong(line: number, message: string): KodamaError {
    return new KodamaError("config", `${this.path}:${line}: ${message}`, {
      hint: 'values with several lines stand between quotes: NAME="…"',
    });
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
