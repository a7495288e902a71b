import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { doctor, type Finding } from "./doctor.ts";
import { type SimulatedCluster, simulatedHost } from "../testing/simulated_host.ts";

const healthy = {
  "/version": { gitVersion: "v1.34.4" },
  "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": { status: { allowed: true } },
  "/apis/authentication.k8s.io/v1/selfsubjectreviews": {
    metadata: { creationTimestamp: "2026-01-01T00:00:00Z" },
  },
};

async function findings(clusters: Readonly<Record<string, SimulatedCluster>>, contexts: string[]) {
  const { host, clock } = simulatedHost(clusters, { env: { TERM: "xterm" } });
  const signal = new AbortController().signal;
  return await clock.runUntil(Array.fromAsync(doctor(host, { contexts, signal })));
}

function words(all: readonly Finding[]): string {
  return all.map(({ id, status }) => `${id} ${status}`).join(", ");
}

Deno.test("a healthy cluster is ok throughout; programs that lack are said", async () => {
  const all = await findings({ c: { documents: healthy } }, []);
  assert.equal(
    words(all),
    "kubeconfig ok, server ok, listPods ok, execPods ok, streams ok, versions skipped, clock ok, " +
      "settings ok, image warn, terminal ok, tmux warn, kubectl warn",
  );
});

Deno.test("a permission that lacks, an old server and a wrong clock are each said", async () => {
  const documents = {
    "/version": { gitVersion: "v1.27.3" },
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": { status: { allowed: false } },
    "/apis/authentication.k8s.io/v1/selfsubjectreviews": {
      metadata: { creationTimestamp: "2026-01-01T00:01:00Z" },
    },
  };
  const all = await findings({ c: { documents } }, ["c"]);
  assert.match(
    words(all),
    /listPods fail, execPods fail, streams warn, versions skipped, clock warn/,
  );
  assert.equal(
    all.find(({ id }) => id === "clock")?.detail,
    "this machine is 61s behind the server",
  );
});

for (const [verb, status] of [["get", "ok"], ["create", "fail"]] as const) {
  Deno.test(`streams need \`create\` on pods/exec and not \`get\`: without ${verb} they ${status}`, async () => {
    const { host, clock } = simulatedHost({ c: { documents: healthy } }, {
      env: { TERM: "xterm" },
    });
    const kube = async (name?: string) => {
      const client = await host.kube(name);
      return {
        ...client,
        raw: <T>(method: "GET" | "POST", path: string, options: { body?: unknown } = {}) => {
          const denied = JSON.stringify(options.body ?? "").includes(`"verb":"${verb}"`);
          if (!denied) return client.raw<T>(method, path, options);
          return Promise.resolve({ status: { allowed: false } } as T);
        },
      };
    };
    const signal = new AbortController().signal;
    const asked = doctor({ ...host, kube }, { contexts: ["c"], signal });
    const all = await clock.runUntil(Array.fromAsync(asked));
    const exec = all.find(({ id }) => id === "execPods");
    assert.equal(exec?.status, status);
    if (status === "ok") return;
    assert.equal(exec?.detail, 'you cannot create pods/exec in namespace "default"');
    assert.equal(exec?.advice, "a role needs the verb create for pods/exec");
  });
}

Deno.test("a server that doesn't report its version is reported as such", async () => {
  for (const version of [{}, { gitVersion: 7 }]) {
    const all = await findings({ c: { documents: { ...healthy, "/version": version } } }, []);
    const server = all.find(({ id }) => id === "server");
    assert.equal(server?.detail, "answers, without its version");
  }
});

Deno.test("a dead cluster is one failure, and the others are looked at", async () => {
  const failure = new KodamaError("unreachable", "no route");
  const all = await findings({ dead: { failure }, c: { documents: healthy } }, ["dead", "c"]);
  const of = (context: string) => words(all.filter((finding) => finding.context === context));
  assert.match(of("dead"), /^kubeconfig ok, server fail, listPods skipped/);
  assert.match(of("c"), /server ok, listPods ok/);
});

Deno.test("a program that may not be run leaves its own checks out, and no other", async () => {
  const { host, clock } = simulatedHost({ c: { documents: healthy } }, { env: { TERM: "xterm" } });
  const hint = "allow it with KODAMA_ALLOW_RUN=tmux";
  const machine = {
    ...host.machine,
    findProgram: (name: string) => Promise.resolve(`/bin/${name}`),
    capture: (program: string) =>
      Promise.reject(new KodamaError("environment", `not allowed to run ${program}`, { hint })),
  };
  const signal = new AbortController().signal;
  const all = await clock.runUntil(
    Array.fromAsync(doctor({ ...host, machine }, { contexts: [], signal })),
  );
  assert.match(
    words(all),
    /versions skipped, clock ok, settings ok, image warn, terminal ok, tmux skipped, kubectl skipped$/,
  );
  const tmux = all.find(({ id }) => id === "tmux");
  assert.equal(tmux?.detail, "/bin/tmux: not allowed to run tmux");
  assert.equal(tmux?.advice, hint);
});

Deno.test("a tmux that is too old for walls is said to be", async () => {
  const { host, clock } = simulatedHost({ c: { documents: healthy } }, { env: { TERM: "xterm" } });
  const tmuxOf = async (version: string) => {
    const machine = {
      ...host.machine,
      findProgram: (name: string) => Promise.resolve(`/bin/${name}`),
      capture: () => Promise.resolve({ code: 0, stdout: `${version}\n` }),
    };
    const signal = new AbortController().signal;
    const asked = doctor({ ...host, machine }, { contexts: [], signal });
    return (await clock.runUntil(Array.fromAsync(asked))).find(({ id }) => id === "tmux");
  };
  for (const version of ["tmux 3.2", "tmux 3.3a", "tmux next-3.6", "tmux master"]) {
    assert.equal((await tmuxOf(version))?.status, "ok", version);
  }
  const old = await tmuxOf("tmux 3.1c");
  assert.equal(old?.status, "warn");
  assert.equal(old?.detail, "tmux 3.1c (/bin/tmux) is too old");
  assert.equal(old?.advice, "walls of panes need tmux 3.2 or later");
});

Deno.test("settings that can't be read are a failure, before a command meets them", async () => {
  const looked = async (text: string) => {
    const files = { "/config/config.yaml": text };
    const { host, clock } = simulatedHost({ c: { documents: healthy } }, { files });
    const signal = new AbortController().signal;
    const asked = doctor(host, { contexts: [], signal });
    return (await clock.runUntil(Array.fromAsync(asked))).find(({ id }) => id === "settings");
  };
  assert.deepEqual(await looked("exec: {fanout: 3}\n"), {
    id: "settings",
    status: "ok",
    detail: "/config/config.yaml",
  });
  const wrong = await looked("exec: {fanot: 3}\n");
  assert.equal(wrong?.status, "fail");
  assert.match(wrong?.detail ?? "", /^\/config\/config.yaml:1:8: unknown field "fanot"/);
});

Deno.test("the end of a client certificate is reported: a warning two weeks before, then a failure", async () => {
  const { host, clock } = simulatedHost({ c: { documents: healthy } });
  const foundAfter = async (days: number | undefined, failure?: KodamaError) => {
    const certificateEnd = days === undefined
      ? undefined
      : new Date(clock.now().getTime() + days * 86_400_000);
    const kube = async (name?: string) => {
      const client = { ...await host.kube(name), certificateEnd };
      return failure === undefined ? client : { ...client, raw: () => Promise.reject(failure) };
    };
    const signal = new AbortController().signal;
    const all = await clock.runUntil(
      Array.fromAsync(doctor({ ...host, kube }, { contexts: ["c"], signal })),
    );
    const found = all.find(({ id }) => id === "certificate");
    return found && `${found.status}: ${found.detail.replace(/\d{4}-.*UTC/, "DATE")}`;
  };
  assert.equal(await foundAfter(undefined), undefined);
  assert.equal(await foundAfter(15), "ok: the client certificate is valid until DATE");
  assert.equal(await foundAfter(13), "warn: the client certificate expires on DATE");
  const refused = new KodamaError("unauthorized", "Unauthorized");
  assert.equal(await foundAfter(-1, refused), "fail: the client certificate expired on DATE");
});

Deno.test("a context that hangs is reported after the others, with the plugin that is awaited", async () => {
  const awaited = { text: "the credential plugin login", mayPrompt: false };
  const { host, clock } = simulatedHost({ c: { documents: healthy } });
  const kube = async (name?: string) => {
    const client = await host.kube("c");
    if (name === "c") return client;
    return { ...client, context: "plug", awaited, raw: () => new Promise<never>(() => {}) };
  };
  const seen: unknown[] = [];
  await clock.runUntil((async () => {
    const { signal } = new AbortController();
    for await (
      const { id, context, detail } of doctor({ ...host, kube }, {
        contexts: ["plug", "c"],
        signal,
      })
    ) {
      if (id === "server") seen.push([context, clock.elapsedMs(), detail]);
    }
  })());
  assert.deepEqual(seen, [
    ["c", 0, "answers, v1.34.4"],
    ["plug", 10_000, "no answer from the credential plugin login in 10s"],
  ]);
});
