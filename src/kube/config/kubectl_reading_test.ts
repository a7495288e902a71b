import assert from "node:assert/strict";
import { noneOf, unless } from "../../base/testing/unless.ts";
import { textOf } from "../host.ts";
import { findProgram } from "../testing/image_shells.ts";
import type { Kubeconfig } from "./kubeconfig.ts";
import { mergeKubeconfigs } from "./load_kubeconfig.ts";

/** What a kubeconfig means: namespaces by context, servers with their verification by cluster, identities by user. */
interface Meaning {
  current: string;
  contexts: Record<string, string>;
  clusters: Record<string, string>;
  users: Record<string, string>;
}

const server = `clusters: [{name: c, cluster: {server: "https://a:1"}}]\n`;
const parts = `x-a: &a {namespace: a, user: u}\nx-b: &b {namespace: b, cluster: c}\n`;
const context = (fields: string) => `contexts: [{name: x, context: ${fields}}]`;
const contexts = (fields: string) => `${server}${parts}${context(fields)}`;
const utf16 = (text: string, isLittle: boolean) => {
  const bytes = new Uint8Array(2 * text.length + 2);
  const view = new DataView(bytes.buffer);
  [..."\ufeff", ...text].forEach((char, at) =>
    view.setUint16(2 * at, char.charCodeAt(0), isLittle)
  );
  return bytes;
};

const none = { current: "", contexts: {}, clusters: {}, users: {} };
const inNamespace = (namespace: string) => ({ ...none, contexts: { x: namespace } });
const withServer = (namespace: string) => ({
  ...inNamespace(namespace),
  clusters: { c: "https://a:1 verified" },
});
const insecure = { ...none, clusters: { c: "https://a:1 unverified" } };

/** The texts, each with its meaning to kubectl; without a meaning kubectl refuses it. */
const table: [name: string, text: string | Uint8Array, meaning?: Meaning][] = [
  ["a merge key before others", contexts("{<<: *a, namespace: mine}"), withServer("mine")],
  ["a merge key behind others", contexts("{namespace: mine, <<: *a}"), withServer("a")],
  ["a merge key of a list", contexts("{<<: [*a, *b]}"), withServer("a")],
  ["a merge key of a mapping itself", contexts("{<<: {namespace: q}}"), withServer("q")],
  ["merge keys over two levels", contexts("{<<: {<<: *b, cluster: d}}"), withServer("b")],
  ["merge keys twice", contexts("{<<: *a, <<: *b}"), withServer("b")],
  ["a merge key of a text", contexts("{<<: text}")],
  [
    "a user's merge key",
    `users: [{name: a, user: &a {token: t, as: reader}}, {name: b, user: {<<: *a, token: s}}]`,
    { ...none, users: { a: "t as reader", b: "s as reader" } },
  ],
  [
    "an alias of a whole entry",
    "contexts: [&a {name: x, context: {namespace: a}}]\nx-again: *a",
    inNamespace("a"),
  ],
  ["an anchor that isn't there", context("*a")],
  ["a key twice", context("{namespace: a, namespace: b}"), inNamespace("b")],
  ["a list twice", `${context("{namespace: a}")}\n${context("{namespace: b}")}`, inNamespace("b")],
  [
    "a second document",
    `${context("{namespace: a}")}\n---\n${context("{namespace: b}")}`,
    inNamespace("a"),
  ],
  ["a broken second document", `${context("{namespace: a}")}\n---\na: [`, inNamespace("a")],
  ["an empty first document", `---\n---\n${context("{namespace: a}")}`, none],
  [
    "a directive and an end",
    `%YAML 1.1\n---\n${context("{namespace: a}")}\n...\n`,
    inNamespace("a"),
  ],
  ["only a comment", "# nothing\n", none],
  ["nothing", "", none],
  ["carriage returns", `${context("{namespace: a}")}\r\ncurrent-context: x\r\n`, {
    ...inNamespace("a"),
    current: "x",
  }],
  ["UTF-8 with a mark", `\ufeff${context("{namespace: a}")}`, inNamespace("a")],
  [
    "JSON with a mark",
    `\ufeff{"contexts": [{"name": "x", "context": {"namespace": "a"}}]}`,
    inNamespace("a"),
  ],
  [
    "JSON with tabs",
    `{"contexts": [{"name": "x",\n\t"context": {"namespace": "a"}}]}`,
    inNamespace("a"),
  ],
  [
    "JSON with a comma at the end",
    `{"contexts": [{"name": "x", "context": {"namespace": "a",}},]}`,
    inNamespace("a"),
  ],
  [
    "JSON with a key twice",
    `{"contexts": [{"name": "x", "context": {"namespace": "a", "namespace": "b"}}]}`,
    inNamespace("b"),
  ],
  ["UTF-16, little-endian", utf16(context("{namespace: a}"), true), inNamespace("a")],
  ["UTF-16, big-endian", utf16(context("{namespace: a}"), false), inNamespace("a")],
  ["bytes that aren't UTF-8", Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0x0a)],
  ["a zero byte", "a: \0"],
  ...["yes", "y", "On", "true"].map((word): [string, string, Meaning] => [
    `a flag that says ${word}`,
    `clusters: [{name: c, cluster: {server: "https://a:1", insecure-skip-tls-verify: ${word}}}]`,
    insecure,
  ]),
  ["a text for a flag", `clusters: [{name: c, cluster: {insecure-skip-tls-verify: "yes"}}]`],
  ["a tag on a number", context("{namespace: !!str 12}"), inNamespace("12")],
  ["a tag on a boolean", context("{namespace: !!str yes}"), inNamespace("yes")],
  ["a tag of an application", context("{namespace: !mine a}"), inNamespace("a")],
  ["binary data", context("{namespace: !!binary YWJj}"), inNamespace("abc")],
  ["a date for a text", context("{namespace: 2026-01-01}"), inNamespace("2026-01-01")],
  ["a time for a text", context("{namespace: 1:30}"), inNamespace("1:30")],
  ["null for a text", context("{namespace: ~}"), inNamespace("")],
  ["a number for a text", context("{namespace: 12}")],
  ["a boolean for a text", context("{namespace: no}")],
  ["another kind of object", "kind: Pod\napiVersion: v1"],
  ["one name twice", "contexts: [{name: x}, {name: x}]"],
];

Deno.test("a kubeconfig means what it does to kubectl, in every form", async () => {
  for (const [name, text, expected] of table) {
    assert.deepEqual(await ourMeaning(text), expected, name);
  }
});

const kubectl = await findProgram("kubectl");

Deno.test({
  ...unless(noneOf({ kubectl }), "kubectl itself reads the forms of a kubeconfig so"),
  async fn() {
    const path = await Deno.makeTempFile();
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => Deno.remove(path));
    for (const [name, text, expected] of table) {
      await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
      assert.deepEqual(await theirMeaning(path), expected, name);
    }
  },
});

async function ourMeaning(text: string | Uint8Array): Promise<Meaning | undefined> {
  const file = { path: "/k", text: typeof text === "string" ? text : textOf(text) };
  let config: Kubeconfig;
  try {
    config = await mergeKubeconfigs([file]);
  } catch (error) {
    assert.equal((error as { kind?: unknown }).kind, "config", String(error));
    return undefined;
  }
  const of = <T>(entries: ReadonlyMap<string, { value: T }>, text: (value: T) => string) =>
    Object.fromEntries([...entries].map(([name, { value }]) => [name, text(value)]));
  return {
    current: config.currentContext ?? "",
    contexts: of(config.contexts, ({ namespace = "" }) => namespace),
    clusters: of(config.clusters, (one) => clusterText(one.server, one.insecureSkipTlsVerify)),
    users: of(config.users, ({ token, impersonate }) => userText(token, impersonate?.user)),
  };
}

/** An entry of the JSON that kubectl writes. */
interface TheirEntry {
  name: string;
  context?: { namespace?: string };
  cluster?: { server?: string; "insecure-skip-tls-verify"?: boolean };
  user?: { token?: string; as?: string };
}

async function theirMeaning(path: string): Promise<Meaning | undefined> {
  const args = ["config", "view", "--raw", "-o", "json", `--kubeconfig=${path}`];
  const { code, stdout } = await new Deno.Command(kubectl ?? "", { args, stderr: "null" }).output();
  if (code !== 0) return undefined;
  const answer = JSON.parse(new TextDecoder().decode(stdout));
  const of = (entries: TheirEntry[] | null, text: (entry: TheirEntry) => string) =>
    Object.fromEntries((entries ?? []).map((entry) => [entry.name, text(entry)]));
  return {
    current: answer["current-context"],
    contexts: of(answer.contexts, ({ context }) => context?.namespace ?? ""),
    clusters: of(
      answer.clusters,
      ({ cluster }) => clusterText(cluster?.server, cluster?.["insecure-skip-tls-verify"]),
    ),
    users: of(answer.users, ({ user }) => userText(user?.token, user?.as)),
  };
}

function clusterText(server = "", isUnverified = false): string {
  return `${server} ${isUnverified ? "unverified" : "verified"}`;
}

function userText(token = "", as = ""): string {
  return `${token} as ${as}`;
}
