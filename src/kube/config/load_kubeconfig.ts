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
  for (const parsed of await Promise.all(files.map(parseKubeconfigFile))) {
    currentContext ??= parsed.currentContext;
    addMissing(clusters, parsed.clusters);
    addMissing(users, parsed.users);
    addMissing(contexts, parsed.contexts);
  }
  return { paths: files.map(({ path }) => path), currentContext, clusters, users, contexts };
}

function addMissing<T>(into: Map<string, Named<T>>, entries: readonly Named<T>[]): void {
  for (const entry of entries) {
    if (!into.has(entry.name)) into.set(entry.name, entry);
  }
}

/* One kubeconfig file: from YAML or JSON text to narrow types, or to one exact error. */

/** The content of one file, in its order. */
interface ParsedKubeconfig {
  currentContext: string | undefined;
  clusters: Named<ClusterEntry>[];
  users: Named<UserEntry>[];
  contexts: Named<ContextEntry>[];
}

/** More characters than any fleet's kubeconfig has, and fewer than would stall a parser noticeably. */
const maxChars = 2 * 1024 * 1024;

/** Reads one file. Relative paths in it are relative to its folder. Rejects with a `config` error. */
async function parseKubeconfigFile(file: KubeconfigFile): Promise<ParsedKubeconfig> {
  const json = readJson(file);
  if (json !== undefined) {
    try {
      return readKubeconfig(json, file);
    } catch {
      // Reported below, with the line.
    }
  }
  return readKubeconfig(await readYaml(file), file);
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

async function readYaml(file: KubeconfigFile): Promise<Node> {
  const { FileError, YamlSource } = await import("../../base/yaml/source.ts");
  try {
    const yaml = YamlSource.parse(file, { maxChars, maxAliases: 100, onlyJson: false });
    const lineOf = (path: Path) => path.length === 0 ? undefined : yaml.location(path).line;
    return new Node({ path: file.path, lineOf }, [], yaml.plain);
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

function readKubeconfig(root: Node, file: KubeconfigFile): ParsedKubeconfig {
  const kind = root.field("kind").optionalText();
  if (kind !== undefined && kind !== "Config") {
    root.field("kind").fail(`expected "Config", found ${JSON.stringify(kind.slice(0, 40))}`);
  }
  return {
    currentContext: root.field("current-context").optionalText(),
    clusters: entries(root, file, "clusters", "cluster", clusterEntry),
    users: entries(root, file, "users", "user", userEntry),
    contexts: entries(root, file, "contexts", "context", contextEntry),
  };
}

function entries<T>(
  root: Node,
  file: KubeconfigFile,
  list: string,
  item: string,
  read: (node: Node, folder: string) => T,
): Named<T>[] {
  const seen = new Set<string>();
  const folder = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  return root.field(list).items().map((node) => {
    const name = node.field("name").text();
    // kubectl refuses a file with one name twice; between files the first wins.
    if (seen.has(name)) node.field("name").fail(`"${name}" is there twice`);
    seen.add(name);
    return { name, path: file.path, value: read(node.field(item).objectOrEmpty(), folder) };
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
      name: authProvider.field("name").text(),
      config: authProvider.field("config").objectOrEmpty().record(),
    },
    impersonate: impersonation(node),
  };
}

function execPlugin(node: Node, folder: string): ExecPlugin {
  const mode = node.field("interactiveMode");
  const command = node.field("command").text();
  return {
    apiVersion: node.field("apiVersion").oneOf(
      ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"],
      "expected client.authentication.k8s.io/v1 or /v1beta1: the credential plugin is too old or too new",
    ),
    // Like kubectl: a path is relative to the file, a bare name is searched in PATH.
    command: command.includes("/") ? resolvePath(folder, command) : command,
    args: node.field("args").items().map((item) => item.text()),
    env: node.field("env").items().map((item) => ({
      name: item.field("name").text(),
      value: item.field("value").optionalText() ?? "",
    })),
    installHint: node.field("installHint").optionalText(),
    provideClusterInfo: node.field("provideClusterInfo").flag(),
    interactiveMode: mode.isAbsent()
      ? "IfAvailable"
      : mode.oneOf(["Never", "IfAvailable", "Always"], "expected Never, IfAvailable or Always"),
  };
}

function impersonation(node: Node): Impersonation | undefined {
  const user = node.field("as").optionalText();
  const groups = node.field("as-groups").items().map((item) => item.text());
  const extraNode = node.field("as-user-extra").objectOrEmpty();
  const extra = Object.fromEntries(
    Object.keys(extraNode.record()).map((
      key,
    ) => [key, extraNode.field(key).items().map((item) => item.text())]),
  );
  const uid = node.field("as-uid").optionalText();
  if (user === undefined) {
    if (groups.length > 0) node.field("as-groups").fail(`needs "as" beside it`);
    return undefined;
  }
  return { user, uid, groups, extra };
}

/** `NAME-data` (base64) wins over `NAME` (a path), as in kubectl. */
function pemSource(node: Node, name: string, folder: string): PemSource | undefined {
  const dataNode = node.field(`${name}-data`);
  const data = dataNode.optionalText();
  if (data !== undefined) {
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

  /** Returns one of the given keywords; `problem` lists them. */
  oneOf<T extends string>(keywords: readonly T[], problem: string): T {
    const text = this.text();
    return keywords.find((word) => word === text) ?? this.fail(problem);
  }

  flag(): boolean {
    if (this.isAbsent()) return false;
    if (typeof this.value === "boolean") return this.value;
    return this.fail(`expected true or false, found ${shapeOf(this.value)}`);
  }

  /** Throws the `config` error of this node. */
  fail(problem: string): never {
    const field = this.path.reduce<string>(
      (text, part) =>
        typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
      "",
    );
    const subject = field === "" ? "" : `${field}: `;
    throw configError(this.source.path, this.source.lineOf(this.path), `${subject}${problem}`);
  }
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a mapping";
  return typeof value === "string" ? "a text" : `${typeof value} ${String(value).slice(0, 40)}`;
}
