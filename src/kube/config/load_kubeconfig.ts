/** Finds and reads the kubeconfig files, like kubectl. */
import { action, hint, option } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { permissionError } from "../failures.ts";
import type { KubeHost } from "../host.ts";
import type {
  ClusterEntry,
  ContextEntry,
  ExecPlugin,
  Impersonation,
  Kubeconfig,
  KubeconfigFile,
  Named,
  PemSource,
  UserEntry,
} from "./kubeconfig.ts";
import { isRecord } from "../../base/json_value.ts";

/**
 * Returns the merged kubeconfig: `explicit` (`--kubeconfig`) alone, else the files of `KUBECONFIG`, else
 * `~/.kube/config`. Undefined if none of them exists; a missing explicit file is a `config` error.
 */
export async function loadKubeconfig(
  explicit: string | undefined,
  host: KubeHost,
): Promise<Kubeconfig | undefined> {
  const paths = explicit === undefined ? kubeconfigPaths(host) : [explicit];
  const files = await Promise.all(paths.map((path) => readIfExists(path, host)));
  const found = files.filter((file) => file !== undefined);
  if (explicit !== undefined && found.length === 0) {
    throw new KodamaError("config", `kubeconfig ${explicit} does not exist`);
  }
  return found.length === 0 ? undefined : await mergeKubeconfigs(found);
}

/** Returns the error if there is neither a kubeconfig nor a surrounding cluster. */
export function noKubeconfigError(host: KubeHost): KodamaError {
  const paths = kubeconfigPaths(host);
  const missing = `${paths.join(", ")} ${paths.length === 1 ? "does" : "do"} not exist`;
  const fromVariable = (host.env("KUBECONFIG") ?? "") !== "";
  return new KodamaError("config", `no kubeconfig: ${missing}`, {
    hint: fromVariable
      ? "$KUBECONFIG names this: correct it, or unset it to use ~/.kube/config"
      : hint`set $KUBECONFIG or pass ${option("kubeconfig", "FILE")}; ${
        action("cluster.up")
      } starts a small cluster to try things in`,
  });
}

/** Empty entries of `KUBECONFIG` are ignored, repeated ones count once. */
function kubeconfigPaths(host: KubeHost): string[] {
  const listed = (host.env("KUBECONFIG") ?? "").split(":").filter((path) => path !== "");
  return listed.length > 0 ? [...new Set(listed)] : [`${host.env("HOME") ?? ""}/.kube/config`];
}

async function readIfExists(path: string, host: KubeHost): Promise<KubeconfigFile | undefined> {
  try {
    return { path, text: await host.readText(path) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw permissionError(error) ?? unreadable(path, error);
  }
}

/** A file that is root's alone is usual: k3s writes its kubeconfig so. */
function unreadable(path: string, error: unknown): KodamaError {
  // Deno adds its own name of the operation, and the path.
  const reason = error instanceof Error ? error.message.replace(/ \(os error.*$/s, "") : `${error}`;
  return new KodamaError("config", `cannot read kubeconfig ${path}: ${reason}`, {
    ...(error instanceof Deno.errors.PermissionDenied
      ? { hint: hint`make a copy that you may read, and pass ${option("kubeconfig", "FILE")}` }
      : {}),
    cause: error,
  });
}

/*
 * Several kubeconfigs merged into one, by kubectl's rules.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */

/**
 * Merges files: the first that names a context, cluster or user defines it completely, and the first that sets
 * `current-context` wins. Rejects with a `config` error that names the file and the path.
 */
export async function mergeKubeconfigs(files: readonly KubeconfigFile[]): Promise<Kubeconfig> {
  const clusters = new Map<string, Named<ClusterEntry>>();
  const users = new Map<string, Named<UserEntry>>();
  const contexts = new Map<string, Named<ContextEntry>>();
  let currentContext: string | undefined;
  const notes: string[] = [];
  for (const parsed of await Promise.all(files.map(parseKubeconfigFile))) {
    currentContext ??= parsed.currentContext;
    notes.push(...parsed.notes);
    addMissing(clusters, parsed.clusters);
    addMissing(users, parsed.users);
    addMissing(contexts, parsed.contexts);
  }
  const paths = files.map(({ path }) => path);
  return { paths, currentContext, clusters, users, contexts, notes };
}

function addMissing<T>(into: Map<string, Named<T>>, entries: readonly Named<T>[]): void {
  for (const entry of entries) {
    const first = into.get(entry.name);
    into.set(
      entry.name,
      first === undefined ? entry : { ...first, overruled: [...first.overruled, entry] },
    );
  }
}

/* One kubeconfig file: from YAML or JSON text to narrow types, or to one exact error. */

/** The content of one file, in its order. */
interface ParsedKubeconfig {
  currentContext: string | undefined;
  clusters: Named<ClusterEntry>[];
  users: Named<UserEntry>[];
  contexts: Named<ContextEntry>[];
  notes: string[];
}

/** More characters than any fleet's kubeconfig has, and fewer than would stall a parser noticeably. */
const maxChars = 2 * 1024 * 1024;

/** Reads one file. Relative paths in it are relative to its folder. Rejects with a `config` error. */
async function parseKubeconfigFile({ path, text }: KubeconfigFile): Promise<ParsedKubeconfig> {
  // Neither parser expects the byte order mark.
  const file = { path, text: text.replace(/^\ufeff/, "") };
  const json = readJson(file);
  if (json !== undefined) {
    try {
      const parsed = await readKubeconfig(json, file);
      const all = [...parsed.clusters, ...parsed.users, ...parsed.contexts];
      if (all.every(({ problem }) => problem === undefined)) return parsed;
    } catch {
      // Reported below, with the line.
    }
  }
  const { root, notes } = await readYaml(file);
  const parsed = await readKubeconfig(root, file);
  return { ...parsed, notes };
}

/**
 * JSON is YAML too, and the runtime reads it in a hundredth of the time, without loading a parser. Text that it refuses
 * is passed to the YAML reader.
 */
function readJson({ path, text }: KubeconfigFile): Node | undefined {
  if (!text.startsWith("{") || text.length > maxChars) return undefined;
  try {
    return new Node({ path, lineOf: () => undefined }, [], JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function readYaml(file: KubeconfigFile): Promise<{ root: Node; notes: string[] }> {
  const { FileError, YamlSource } = await import("../../base/yaml/source.ts");
  // The decoder has put it where bytes are no text.
  const broken = file.text.indexOf("\ufffd");
  if (broken >= 0) {
    throw configError(file.path, file.text.slice(0, broken).split("\n").length, "not UTF-8");
  }
  try {
    const { source, isFollowed } = YamlSource.parseAsKubectl(file, maxChars);
    const lineOf = (path: Path) => path.length === 0 ? undefined : source.location(path).line;
    const root = new Node({ path: file.path, lineOf }, [], source.plain);
    const note = `kubeconfig ${file.path}: only the first of its YAML documents counts`;
    return { root, notes: isFollowed ? [note] : [] };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const [{ line, message } = { line: 1, message: "not YAML" }] = error.problems;
    throw configError(file.path, line, message);
  }
}

/** A kubeconfig has secrets: errors name the line, and don't show it. */
function configError(path: string, line: number | undefined, problem: string): KodamaError {
  const where = line === undefined ? "" : `line ${line}: `;
  return new KodamaError("config", `kubeconfig ${path}: ${where}${problem}`);
}

async function readKubeconfig(root: Node, file: KubeconfigFile): Promise<ParsedKubeconfig> {
  const kind = root.field("kind").optionalText();
  if (kind !== undefined && kind !== "Config") {
    root.field("kind").fail(`expected "Config", found ${JSON.stringify(kind.slice(0, 40))}`);
  }
  const version = root.field("apiVersion").optionalText();
  if (version !== undefined && version !== "v1") {
    root.field("apiVersion").fail(`expected "v1", found ${JSON.stringify(version.slice(0, 40))}`);
  }
  await requireSpelling(root);
  return {
    currentContext: root.field("current-context").optionalText(),
    clusters: entries(root, file, "clusters", "cluster", clusterEntry),
    users: entries(root, file, "users", "user", userEntry),
    contexts: entries(root, file, "contexts", "context", contextEntry),
    notes: [],
  };
}

/** The fields of the top that decide where commands go. */
const decisive = ["current-context", "contexts", "clusters", "users"];

/** Letters in which a misspelled name differs. */
const maxSlips = 2;

/**
 * Throws a `config` error for a field of the top that is nearly one that decides where commands go. kubectl ignores
 * any other field, which may hold anchors: `x-shared: &shared`.
 */
async function requireSpelling(root: Node): Promise<void> {
  const known = [...decisive, "apiVersion", "kind", "preferences", "extensions"];
  const unknown = (root.isAbsent() ? [] : Object.keys(root.record())).filter((name) =>
    !known.includes(name) && !/^(?:x-|\.|_)/.test(name)
  );
  if (unknown.length === 0) return;
  const { distance } = await import("fastest-levenshtein");
  for (const name of unknown) {
    const meant = decisive.find((one) => distance(one, name.toLowerCase()) <= maxSlips);
    if (meant !== undefined) root.field(name).fail(`unknown field; did you mean "${meant}"?`);
  }
}

/** The fields of an entry. Any other is refused by a connection that uses the entry. */
const knownFields: Readonly<Record<"cluster" | "user" | "context" | "exec", readonly string[]>> = {
  cluster: [
    "server",
    "certificate-authority",
    "certificate-authority-data",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "proxy-url",
    "disable-compression",
    "extensions",
    // Kubernetes ignores it since 1.3.
    "api-version",
  ],
  context: ["cluster", "user", "namespace", "extensions"],
  user: [
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
    "as",
    "as-uid",
    "as-groups",
    "as-user-extra",
    "username",
    "password",
    "auth-provider",
    "exec",
    "extensions",
  ],
  exec: [
    "apiVersion",
    "command",
    "args",
    "env",
    "installHint",
    "provideClusterInfo",
    "interactiveMode",
  ],
};

function entries<T>(
  root: Node,
  file: KubeconfigFile,
  list: string,
  item: "cluster" | "user" | "context",
  read: (node: Node, folder: string) => T,
): Named<T>[] {
  const seen = new Set<string>();
  const folder = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  return root.field(list).items().map((node) => {
    const name = node.field("name").text();
    // kubectl refuses a file with one name twice; between files the first wins.
    if (seen.has(name)) node.field("name").fail(`"${name}" is there twice`);
    seen.add(name);
    const noted = node.collecting();
    noted.requireKnown(["name", item]);
    const content = noted.field(item).objectOrEmpty();
    content.requireKnown(knownFields[item]);
    const value = read(content, folder);
    return { name, path: file.path, value, problem: noted.problem, overruled: [] };
  });
}

function clusterEntry(node: Node, folder: string): ClusterEntry {
  return {
    server: node.field("server").optionalText() ?? "",
    certificateAuthority: pemSource(node, "certificate-authority", folder),
    tlsServerName: node.field("tls-server-name").optionalText(),
    insecureSkipTlsVerify: node.field("insecure-skip-tls-verify").flag(),
    proxyUrl: node.field("proxy-url").optionalText(),
  };
}

function contextEntry(node: Node): ContextEntry {
  return {
    cluster: node.field("cluster").optionalText() ?? "",
    user: node.field("user").optionalText() ?? "",
    namespace: node.field("namespace").optionalText(),
  };
}

function userEntry(node: Node, folder: string): UserEntry {
  const tokenFile = node.field("tokenFile").optionalText();
  const authProvider = node.field("auth-provider");
  return {
    clientCertificate: pemSource(node, "client-certificate", folder),
    clientKey: pemSource(node, "client-key", folder),
    token: node.field("token").optionalText(),
    tokenFile: tokenFile === undefined ? undefined : resolvePath(folder, tokenFile),
    username: node.field("username").optionalText(),
    password: node.field("password").optionalText(),
    exec: node.field("exec").isAbsent() ? undefined : execPlugin(node.field("exec"), folder),
    authProvider: authProvider.isAbsent() ? undefined : {
      name: authProvider.field("name").usableText(),
      config: authProvider.field("config").objectOrEmpty().record(),
    },
    impersonate: impersonation(node),
  };
}

function execPlugin(node: Node, folder: string): ExecPlugin {
  node.requireKnown(knownFields.exec);
  const mode = node.field("interactiveMode");
  const command = node.field("command").usableText();
  const apiVersion = node.field("apiVersion").oneOf(
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"],
    "expected client.authentication.k8s.io/v1 or /v1beta1: the credential plugin is too old or too new",
  );
  return {
    apiVersion,
    // Like kubectl: a path is relative to the file, a bare name is searched in PATH.
    command: command.includes("/") ? resolvePath(folder, command) : command,
    args: node.field("args").items().map((item) => item.optionalText() ?? ""),
    env: node.field("env").items().map((item) => ({
      name: item.field("name").usableText(),
      value: item.field("value").optionalText() ?? "",
    })),
    installHint: node.field("installHint").optionalText(),
    provideClusterInfo: node.field("provideClusterInfo").flag(),
    // Only the older version has a default.
    interactiveMode: mode.isAbsent() && apiVersion.endsWith("v1beta1")
      ? "IfAvailable"
      : mode.oneOf(["Never", "IfAvailable", "Always"], "expected Never, IfAvailable or Always"),
  };
}

function impersonation(node: Node): Impersonation | undefined {
  const user = node.field("as").optionalText();
  const groups = node.field("as-groups").items().map((item) => item.optionalText() ?? "");
  const extraNode = node.field("as-user-extra").objectOrEmpty();
  const extra = Object.fromEntries(
    Object.keys(extraNode.record()).map((
      key,
    ) => [key, extraNode.field(key).items().map((item) => item.optionalText() ?? "")]),
  );
  const uid = node.field("as-uid").optionalText();
  if (user !== undefined) return { user, uid, groups, extra };
  for (const name of ["as-groups", "as-uid", "as-user-extra"]) {
    if (!node.field(name).isEmpty()) node.field(name).refuseUse(`needs "as" beside it`);
  }
  return undefined;
}

/** `NAME-data` is base64, `NAME` a path. Both together are refused, as by kubectl. */
function pemSource(node: Node, name: string, folder: string): PemSource | undefined {
  const dataNode = node.field(`${name}-data`);
  const data = dataNode.optionalText();
  if (data !== undefined) {
    if (!node.field(name).isAbsent()) {
      dataNode.refuseUse(`"${name}" is there too, and only one of them can count`);
    }
    try {
      return { kind: "inline", pem: atob(data.replace(/\s+/g, "")) };
    } catch {
      return dataNode.fail("not base64");
    }
  }
  const path = node.field(name).optionalText();
  return path === undefined ? undefined : { kind: "file", path: resolvePath(folder, path) };
}

function resolvePath(folder: string, path: string): string {
  return path.startsWith("/") ? path : folder + path;
}

/*
 * The fields of a kubeconfig, each read with its path, so that every mismatch ends in one error that names the file,
 * the field and the line. Narrowed by hand rather than by a schema: a kubeconfig has forty fields of four shapes, and a
 * start doesn't load a schema library.
 */

/** Keys and indexes, from the top of a file. */
type Path = readonly (string | number)[];

/** The file of a node. */
interface Source {
  path: string;
  /** Returns the line of the nearest path that exists; undefined if lines aren't known. */
  lineOf(path: Path): number | undefined;
  /** The first problem of an entry that kubectl too reports only to a user of the entry. */
  problem?: KodamaError;
}

/** One node of a document. Absent, `null` and the empty text all count as "not there", as in kubectl. */
class Node {
  constructor(
    private readonly source: Source,
    private readonly path: Path,
    private readonly value: unknown,
  ) {}

  isAbsent(): boolean {
    return this.value === undefined || this.value === null || this.value === "";
  }

  /** Returns the same node with a problem of its own, for all nodes below. */
  collecting(): Node {
    const { path, lineOf } = this.source;
    return new Node({ path, lineOf }, this.path, this.value);
  }

  /** The first problem that {@link refuseUse} was given. */
  get problem(): KodamaError | undefined {
    return this.source.problem;
  }

  /** Stores the error of this node for those who use the entry. */
  refuseUse(problem: string): void {
    this.source.problem ??= this.#error(problem);
  }

  /** Refuses the use of a mapping with other fields: a misspelled one would be ignored. */
  requireKnown(names: readonly string[]): void {
    if (!isRecord(this.value)) return;
    const unknown = Object.keys(this.value).find((name) => !names.includes(name));
    if (unknown === undefined) return;
    this.field(unknown).refuseUse(`unknown field; expected ${listOf(names)}`);
  }

  /** Returns whether there is nothing in it. */
  isEmpty(): boolean {
    return this.isAbsent() ||
      Object.keys(Array.isArray(this.value) ? this.value : this.record()).length === 0;
  }

  field(name: string): Node {
    const object = this.isAbsent() ? {} : this.record();
    return new Node(this.source, [...this.path, name], object[name]);
  }

  objectOrEmpty(): Node {
    return this.isAbsent() ? new Node(this.source, this.path, {}) : this;
  }

  record(): Record<string, unknown> {
    if (isRecord(this.value)) return this.value;
    return this.fail(`expected a mapping, found ${shapeOf(this.value)}`);
  }

  items(): Node[] {
    if (this.isAbsent()) return [];
    if (!Array.isArray(this.value)) {
      return this.fail(`expected a list, found ${shapeOf(this.value)}`);
    }
    return this.value.map((item, index) => new Node(this.source, [...this.path, index], item));
  }

  optionalText(): string | undefined {
    if (this.isAbsent()) return undefined;
    if (typeof this.value === "string") return this.value;
    return this.fail(`expected a text, found ${shapeOf(this.value)}`);
  }

  text(): string {
    return this.optionalText() ?? this.fail("must be there");
  }

  /** Returns the text; an absent text is an error of everyone that uses the entry. */
  usableText(): string {
    const text = this.optionalText();
    if (text === undefined) this.refuseUse("must be there");
    return text ?? "";
  }

  /** Returns one of the given keywords; any other is a problem of everyone that uses the entry. */
  oneOf<T extends string>(keywords: readonly [T, ...T[]], problem: string): T {
    const text = this.usableText();
    const found = keywords.find((word) => word === text);
    if (found === undefined) this.refuseUse(problem);
    return found ?? keywords[0];
  }

  flag(): boolean {
    if (this.isAbsent()) return false;
    if (typeof this.value === "boolean") return this.value;
    return this.fail(`expected true or false, found ${shapeOf(this.value)}`);
  }

  /** Throws the `config` error of this node. */
  fail(problem: string): never {
    throw this.#error(problem);
  }

  #error(problem: string): KodamaError {
    const field = this.path.reduce<string>(
      (text, part) =>
        typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
      "",
    );
    const subject = field === "" ? "" : `${field}: `;
    return configError(this.source.path, this.source.lineOf(this.path), `${subject}${problem}`);
  }
}

function listOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a mapping";
  return typeof value === "string" ? "a text" : `${typeof value} ${String(value).slice(0, 40)}`;
}
