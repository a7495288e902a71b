/** What kubeconfigs mean: requests of the real kubectl and of kodama, side by side, as they arrive at servers. */
import assert from "node:assert/strict";
import { relative } from "node:path";
import { KodamaError } from "../../src/base/errors.ts";
import { Semaphore } from "../../src/base/semaphore.ts";
import { writeProgram } from "../../src/base/testing/program_file.ts";
import { noneOf, unless } from "../../src/base/testing/unless.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { systemHost } from "../../src/kube/host.ts";
import { openKubeClient } from "../../src/kube/open_client.ts";
import { PODS } from "../../src/kube/resources.ts";
import { findProgram } from "../../src/kube/testing/image_shells.ts";
import { plainHint } from "../../src/base/hint.ts";
import { runCommand } from "../harness/command.ts";
import { type KubeconfigCase, kubeconfigGroups, type Places } from "../harness/kubeconfig_cases.ts";
import { RecordingServers } from "../harness/recording_servers.ts";
import { TestFolder } from "../harness/test_folder.ts";

const [openssl, kubectl] = await Promise.all(["openssl", "kubectl"].map(findProgram));
const PATH = Deno.env.get("PATH") ?? "";

/** How many cases are tried at a time: each is a process of kubectl. */
const slots = 3;

for (const [group, casesAt] of Object.entries(kubeconfigGroups)) {
  Deno.test({
    ...unless(
      noneOf({ openssl, kubectl }),
      `kubeconfigs, ${group}: kodama's requests arrive where kubectl's do, as the same user`,
    ),
    async fn() {
      await using scene = await openScene();
      const cases = casesAt(scene.places);
      const free = new Semaphore(slots);
      const found = await Promise.all(cases.map(async (one, number) => {
        using _slot = await free.acquire();
        const theirs = await theirMeaning(one, `kubectl-${number}-`, scene);
        const ours = await ourMeaning(one, `kodama-${number}-`, scene);
        return { one, theirs, ours };
      }));
      for (const { one: { name, means, ours: documented, says }, theirs, ours } of found) {
        assert.equal(theirs.means, means, `kubectl, ${name}: ${theirs.said}`);
        const [expected] = documented ?? [means];
        assert.equal(ours.means, expected, `kodama, ${name}: ${ours.said}`);
        if (says !== undefined) assert.match(ours.said, says, name);
      }
      const names = cases.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
    },
  });
}

/** The servers and certificates of a test. */
interface Scene extends AsyncDisposable {
  places: Places;
  servers: RecordingServers;
}

async function openScene(): Promise<Scene> {
  await using unlessOpen = new AsyncDisposableStack();
  const { path: folder } = unlessOpen.use(await TestFolder.open("kodama-kubeconfigs-"));
  const script = new URL("../harness/certificates.sh", import.meta.url).pathname;
  const made = await runCommand(["sh", script], { cwd: folder, env: { PATH, HOME: folder } });
  assert.equal(made.code, 0, made.stderr);
  const servers = unlessOpen.use(new RecordingServers());
  const identityOf = async (name: string) => ({
    cert: await Deno.readTextFile(`${folder}/${name}.crt`),
    key: await Deno.readTextFile(`${folder}/${name}.key`),
  });
  const identity = await identityOf("server");
  const ports = new Map<string, number>();
  for await (const { name } of Deno.readDir(folder)) {
    const [, server = ""] =
      /^(server.*|self.*|other|wild|named|chain|leaf|of-.*)\.crt$/.exec(name) ??
        [];
    if (server === "") continue;
    ports.set(server, await servers.serve({ name: server, identity: await identityOf(server) }));
  }
  ports.set("second", await servers.serve({ name: "second", identity }));
  ports.set("plain", await servers.serve({ name: "plain" }));
  ports.set("proxy", servers.serveProxy({ name: "proxy" }));
  ports.set("other proxy", servers.serveProxy({ name: "other proxy" }));
  ports.set("secure proxy", servers.serveProxy({ name: "secure proxy", identity }));
  const opened = unlessOpen.move();
  return {
    servers,
    places: {
      folder,
      port(name) {
        const port = ports.get(name);
        assert.ok(port !== undefined, name);
        return port;
      },
      data: (name) => btoa(Deno.readTextFileSync(`${folder}/${name}`)),
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What arrived, and what the program said. */
interface Meaning {
  means: string;
  said: string;
}

/** The request of kubectl that needs no other before it. */
async function theirMeaning(one: KubeconfigCase, mark: string, scene: Scene): Promise<Meaning> {
  const { env, own } = await written(one, mark, scene.places);
  const flags = (one.flags ?? []).map((flag) => flag.replace("{own}", own));
  const { code, stderr } = await runCommand(["kubectl", "create", "token", mark, ...flags], {
    env,
  });
  // The servers answer 404.
  assert.notEqual(code, 0, one.name);
  return { means: scene.servers.arrived(mark).join(" | ") || "refused", said: stderr };
}

/** Requests of all kinds of connections: all of them mean the same. */
async function ourMeaning(one: KubeconfigCase, mark: string, scene: Scene): Promise<Meaning> {
  const { env, own } = await written(one, mark, scene.places);
  const options: typeof one.options = {
    ...one.options,
    ...one.options?.kubeconfig && { kubeconfig: one.options.kubeconfig.replace("{own}", own) },
  };
  const said = new Set<string>();
  const host = {
    ...systemHost((warning) => void said.add(warning), undefined, (name) => env[name]),
    // The user says yes.
    allowsPlugin: () => Promise.resolve(true),
    isInteractive: () => false,
  };
  const meanings = new Set<string>();
  for (const [name, request] of Object.entries(requests)) {
    const pod = `${mark}${name}`;
    try {
      await using client = await openKubeClient(options, host);
      await request(client, { namespace: client.defaultNamespace, pod });
    } catch (error) {
      // Not one of kodama's own mistakes.
      assert.ok(error instanceof KodamaError, `${one.name}, ${name}: ${error}`);
      said.add(`${error.message} ${error.hint === undefined ? "" : plainHint(error.hint)}`);
    }
    meanings.add(scene.servers.arrived(pod).join(" | ") || "refused");
  }
  return { means: [...meanings].join(" | "), said: [...said].join("\n") };
}

type Request = (client: KubeClient, pod: { namespace: string; pod: string }) => Promise<unknown>;

const requests: Readonly<Record<string, Request>> = {
  list: (client, { namespace, pod }) =>
    Array.fromAsync(client.list(PODS, { namespace, labelSelector: pod })),
  get: (client, { namespace, pod }) => client.get(PODS, pod, { namespace }),
  exec: (client, pod) =>
    client.exec({ ...pod, container: "c", command: ["true"], stdin: false, tty: false }),
  logs: async (client, pod) => {
    const request = { ...pod, container: "c", follow: false, previous: false, bulk: true };
    await Array.fromAsync(await client.logs(request));
  },
};

/** Writes the files of a case. Returns the variables that lead to them. */
async function written(
  { files, programs = [], env = {} }: KubeconfigCase,
  mark: string,
  { folder }: Places,
): Promise<{ env: Record<string, string>; own: string }> {
  const own = `${folder}/${mark}`;
  await Deno.mkdir(own);
  for (const [name, content] of Object.entries(files)) {
    const path = `${own}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (programs.includes(name)) await writeProgram(path, content);
    else if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
  }
  const variables = Object.entries(env).map(([name, value]) => [
    name,
    value.replaceAll("{own}", own).replaceAll("{relative}", relative(Deno.cwd(), own)),
  ]);
  return {
    own,
    env: { KUBECONFIG: `${own}/k`, HOME: own, PATH, ...Object.fromEntries(variables) },
  };
}
