/** Command lines, the pods in which their command runs, and their exit codes: the whole way but for the network. */
import assert from "node:assert/strict";
import { exec } from "../src/actions/exec/exec.ts";
import type { ExecOptions } from "../src/actions/exec/events.ts";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import { exitCodeOfKind, KodamaError } from "../src/base/errors.ts";
import { resolved } from "../src/cli/testing/resolve.ts";
import { BadValue } from "../src/cli/parser/flag.ts";
import type { PodScript } from "../src/exec/testing/simulated_pod.ts";
import type { KubeClient, ListScope } from "../src/kube/client.ts";
import { findTargets } from "../src/kube/select/find_targets.ts";
import type { KubeObject, Pod } from "../src/kube/types.ts";

/* Two clusters: `lab`, the current one, and `prod`. */

interface PodFields {
  namespace?: string;
  labels?: Record<string, string>;
  /** As `ReplicaSet/web-5d8f9c7b6`. */
  owner?: string;
  node?: string;
  containers?: string[];
  /** The default container of its annotation. */
  annotated?: string;
  phase?: string;
  deleted?: true;
}

function pod(name: string, fields: PodFields = {}): Pod {
  const { namespace = "default", labels = {}, owner, node = "n1", phase = "Running" } = fields;
  const { containers = ["main"], annotated, deleted } = fields;
  const [kind = "", ownerName = ""] = owner?.split("/") ?? [];
  const isStateful = kind === "StatefulSet";
  return {
    metadata: {
      name,
      namespace,
      uid: `${namespace}/${name}`,
      labels,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...owner === undefined ? {} : {
        generateName: isStateful ? `${ownerName}-` : name.slice(0, -5),
        ownerReferences: [
          { apiVersion: "apps/v1", kind, name: ownerName, uid: owner, controller: true },
        ],
      },
      ...annotated === undefined
        ? {}
        : { annotations: { "kubectl.kubernetes.io/default-container": annotated } },
      ...deleted && { deletionTimestamp: "2026-01-01T00:00:00Z" },
    },
    spec: { nodeName: node, containers: containers.map((name) => ({ name })) },
    status: {
      phase,
      containerStatuses: phase !== "Running" ? [] : containers.map((name) => ({
        ...{ name, image: "", imageID: "", ready: true, restartCount: 0 },
        state: { running: {} },
      })),
    },
  };
}

const hash = "58579db948";
const web = (suffix: string, fields: PodFields = {}) =>
  pod(`web-${hash}-${suffix}`, {
    labels: { "app": "web", "pod-template-hash": hash },
    owner: `ReplicaSet/web-${hash}`,
    ...fields,
  });
const db = (index: number, fields: PodFields = {}) =>
  pod(`db-${index}`, {
    labels: { app: "db", tier: "data" },
    owner: "StatefulSet/db",
    containers: ["main", "side"],
    ...fields,
  });

const clusters: Readonly<Record<string, readonly Pod[]>> = {
  lab: [
    ...[db(0), db(1, { node: "n2" }), db(2), db(10, { node: "n2" })],
    ...[web("bcdfg"), web("hzg9b", { node: "n2" })],
    pod("canary", { labels: { app: "web", track: "canary" } }),
    pod("agent-x2v4z", { labels: { app: "agent" }, owner: "DaemonSet/agent" }),
    pod("pending", { labels: { app: "odd" }, phase: "Pending" }),
    pod("done", { labels: { app: "odd" }, phase: "Succeeded" }),
    pod("leaving", { labels: { app: "odd" }, deleted: true }),
    pod("mesh", { labels: { app: "mesh" }, containers: ["istio-proxy", "app"] }),
    pod("wrong", { labels: { app: "mesh" }, containers: ["a", "b"], annotated: "gone" }),
    db(0, { namespace: "store" }),
    pod("cache", { namespace: "store", labels: { app: "cache" } }),
    pod("tidy-bbbbb", { owner: "Job/tidy", labels: { "job-name": "tidy" } }),
  ],
  prod: [db(0), pod("only", { labels: { app: "db" } })],
};

const namespaces = ["default", "store", "empty"];
const selector = (labels: Record<string, string>) => ({ selector: { matchLabels: labels } });

/** Workloads by kind and name; all are in the namespace `default` of `lab`. */
const workloads: Readonly<Record<string, Record<string, unknown>>> = {
  "deployments/web": selector({ app: "web" }),
  "statefulsets/db": selector({ app: "db" }),
  "daemonsets/agent": selector({ app: "agent" }),
  "replicasets/web-58579db948": selector({ app: "web", "pod-template-hash": hash }),
  "jobs/tidy": selector({ "job-name": "tidy" }),
  "services/web": { selector: { app: "web" } },
  "deployments/none": selector({ app: "none" }),
};
const owners: Readonly<Record<string, string>> = {
  deployments: "Deployment",
  statefulsets: "StatefulSet",
  daemonsets: "DaemonSet",
  replicasets: "ReplicaSet",
  jobs: "Job",
};

const notFound = (what: string) => new KodamaError("notFound", `${what} not found`);

/** Returns whether labels satisfy a selector, of the forms in this file. */
function matchesLabels(labels: Record<string, string>, text: string): boolean {
  return text.split(/,(?![^(]*\))/).every((part) => {
    const [, key = "", not, values = ""] = /^(\S+) (not)?in \((.*)\)$/.exec(part) ?? [];
    if (key !== "") return values.split(",").includes(labels[key] ?? "") === (not === undefined);
    const [, name = "", sign, value] = /^([^=!]+)(!=|==?)(.*)$/.exec(part) ?? [];
    if (name === "") return part.startsWith("!") ? !(part.slice(1) in labels) : part in labels;
    return (labels[name] === value) === (sign !== "!=");
  });
}

function inScope({ metadata, spec }: Pod, { namespace, labelSelector, fieldSelector }: ListScope) {
  const fields: Record<string, string | undefined> = {
    "metadata.name": metadata?.name,
    "spec.nodeName": spec?.nodeName,
  };
  return (namespace === undefined || metadata?.namespace === namespace) &&
    (labelSelector === undefined || matchesLabels(metadata?.labels ?? {}, labelSelector)) &&
    (fieldSelector === undefined ||
      fieldSelector.split(",").every((part) => {
        const [name = "", value] = part.split("=");
        return fields[name] === value;
      }));
}

const ok: PodScript = {
  openMs: 1,
  output: [],
  end: { kind: "exited", exitCode: 0 },
  diesOn: "TERM",
};

/** Returns a host of these clusters. In a pod that isn't running, or doesn't exist, nothing can be started. */
function stage() {
  const scripts = Object.values(clusters).flat()
    .map(({ metadata }) => [metadata?.name ?? "", ok] as const);
  const simulated = simulatedHost(
    Object.fromEntries(
      Object.keys(clusters).map((name) => [name, { pods: Object.fromEntries(scripts) }]),
    ),
  );
  const kube = async (name = "lab"): Promise<KubeClient> => {
    const base = await simulated.host.kube(name);
    const pods = clusters[name] ?? [];
    const podIn = (namespace: string | undefined, named: string) =>
      pods.find(({ metadata }) => metadata?.namespace === namespace && metadata?.name === named);
    return {
      ...base,
      get: <T>({ plural }: { plural: string }, named: string, scope: { namespace?: string }) => {
        const spec = workloads[`${plural}/${named}`];
        const object = plural === "pods"
          ? podIn(scope.namespace, named)
          : plural === "namespaces"
          ? namespaces.includes(named) && { metadata: { name: named } }
          : spec !== undefined && name === "lab" && scope.namespace === "default" &&
            { metadata: { name: named, uid: `${owners[plural]}/${named}` }, spec };
        if (object) return Promise.resolve(object as T);
        return Promise.reject(notFound(`${plural} "${named}"`));
      },
      list: async function* <T>({ plural }: { plural: string }, scope: ListScope) {
        await Promise.resolve();
        const items: (Pod | KubeObject)[] = plural === "pods"
          ? pods.filter((one) => inScope(one, scope))
          : [];
        yield { items: items as T[], resourceVersion: "1" };
      },
      exec: (request, options) => {
        const found = podIn(request.namespace, request.pod);
        if (found === undefined) return Promise.reject(notFound(`pods "${request.pod}"`));
        if (!found.spec?.containers.some((one) => one.name === request.container)) {
          return Promise.reject(
            new KodamaError("server", `container ${request.container} is not valid`),
          );
        }
        if (found.status?.phase !== "Running") {
          return Promise.reject(new KodamaError("server", "container not found"));
        }
        return base.exec(request, options);
      },
    };
  };
  const host = {
    ...simulated.host,
    kube,
    select: (client: KubeClient, selection: ExecOptions["selection"], options: object) =>
      findTargets(client, selection, {
        signal: new AbortController().signal,
        random: () => 0,
        ...options,
      }),
  };
  return { host, clock: simulated.clock };
}

/**
 * Returns `db-0 db-1 = 0`: the targets in their order, with the container if it isn't `main`, the namespace if it isn't
 * `default`, the context if it isn't `lab`, and `!` in front of one that wasn't reached; or `usage = 2`.
 */
async function reached(args: string): Promise<string> {
  const { host, clock } = stage();
  try {
    const { options } = await resolved(`exec ${args} -- hostname`) as {
      options: { options: ExecOptions };
    };
    const { signal } = new AbortController();
    const running = exec(host, { ...options.options, signal, unrecorded: true });
    const events = await clock.runUntil(Array.fromAsync(running));
    const targets = events.flatMap((event) =>
      event.kind === "runStarted" || event.kind === "targetsAdded" ? event.targets : []
    );
    const end = events.findLast((event) => event.kind === "runEnded");
    const texts = targets.map(({ context, namespace, pod, container }, index) => {
      const missed = end?.outcomes[index]?.kind === "ok" ? "" : "!";
      const place = `${context === "lab" ? "" : `${context}/`}${
        namespace === "default" ? "" : `${namespace}/`
      }`;
      return `${missed}${place}${pod}${
        container === "main" || container === "" ? "" : `:${container}`
      }`;
    });
    return `${texts.join(" ")} = ${end?.exitCode}`;
  } catch (error) {
    if (error instanceof BadValue) return "usage = 2";
    if (error instanceof KodamaError) return `${error.kind} = ${exitCodeOfKind(error.kind)}`;
    throw error;
  }
}

const allDb = "db-0 db-1 db-2 db-10";
const webs = `web-${hash}-bcdfg web-${hash}-hzg9b`;
const running = `agent-x2v4z canary ${allDb} mesh:app tidy-bbbbb ${webs} !wrong:gone`;

const rows: Readonly<Record<string, string>> = {
  // Names.
  "db-0": "db-0 = 0",
  "pod/db-0": "db-0 = 0",
  "pods/db-0": "db-0 = 0",
  "po/db-0": "db-0 = 0",
  "db-1 db-0": "db-0 db-1 = 0",
  "db-0 db-0": "db-0 = 0",
  "db-0 pod/db-0": "db-0 = 0",
  "default/db-0": "db-0 = 0",
  "store/db-0": "store/db-0 = 0",
  "store/db-0 default/db-0": "db-0 store/db-0 = 0",
  "store/db-0 db-1": "usage = 2",
  "db-O": "noMatch = 2",
  "lost gone": "noMatch = 2",
  "db-0 lost": "db-0 !lost = 4",
  "lost db-0 gone": "db-0 !lost !gone = 4",
  "db-0 store/lost": "usage = 2",
  "default/db-0 store/lost": "db-0 !store/lost = 4",
  "default/db-0 nowhere/db-0": "noMatch = 2",
  "db-0 deploy/lost": "noMatch = 2",
  "db-0 lost -l app=db": "noMatch = 2",
  "db-0 lost --node n1": "noMatch = 2",
  "db-0 lost -m lo": "!lost = 4",
  "db-0 lost -x lo": "db-0 = 0",
  // Names with ranges.
  "db-[0-2]": "db-0 db-1 db-2 = 0",
  "db-[0,2]": "db-0 db-2 = 0",
  "db-[0-1,10]": "db-0 db-1 db-10 = 0",
  "db-[0-3]": "db-0 db-1 db-2 !db-3 = 4",
  "pod/db-[0-1]": "db-0 db-1 = 0",
  "default/db-[0-1]": "db-0 db-1 = 0",
  "store/db-[0-1]": "store/db-0 !store/db-1 = 4",
  "db-[0-": "usage = 2",
  "db-[0-1": "usage = 2",
  "db-[1-0]": "usage = 2",
  "db-[a-b]": "usage = 2",
  "db-[]": "usage = 2",
  "db-*": "usage = 2",
  "db-?": "usage = 2",
  // States of named pods.
  "pending": "!pending = 4",
  "pending db-0": "db-0 !pending = 4",
  "done db-0": "db-0 !done = 4",
  "leaving": "leaving = 0",
  "leaving db-0": "db-0 leaving = 0",
  "pending done lost": "!done !pending !lost = 4",
  "pending db-0 --require-all": "db-0 !pending = 4",
  // Workloads.
  "deploy/web": `${webs} = 0`,
  "deployment/web": `${webs} = 0`,
  "deployments.apps/web": `${webs} = 0`,
  "deployment.v1.apps/web": `${webs} = 0`,
  "rs/web-58579db948": `${webs} = 0`,
  "sts/db": `${allDb} = 0`,
  "statefulset.apps/db": `${allDb} = 0`,
  "ds/agent": "agent-x2v4z = 0",
  "job/tidy": "tidy-bbbbb = 0",
  "svc/web": `canary ${webs} = 0`,
  "deploy/web sts/db": `${allDb} ${webs} = 0`,
  "deploy/web db-0": `db-0 ${webs} = 0`,
  "deploy/web deploy/web": `${webs} = 0`,
  "deploy/none": "noMatch = 2",
  "deploy/wbe": "noMatch = 2",
  "deploy/web -n store": "noMatch = 2",
  "deploy/web -A": "usage = 2",
  "node/n1": "usage = 2",
  "secret/x": "usage = 2",
  "deploy/web --node n2": "web-58579db948-hzg9b = 0",
  "sts/db -x 10": "db-0 db-1 db-2 = 0",
  // Texts and expressions of names.
  "-m db": `${allDb} = 0`,
  "-m db-1": "db-1 db-10 = 0",
  "-m /^db-1$/": "db-1 = 0",
  "-m web": `${webs} = 0`,
  "-m 948": "noMatch = 2",
  "-m 58579db948": `${webs} = 0`,
  "-m hzg9b": "web-58579db948-hzg9b = 0",
  "-m /948/": `${webs} = 0`,
  "-m db -m canary": `canary ${allDb} = 0`,
  "-m db -x 1": "db-0 db-2 = 0",
  "-m db -x db-1 -x db-2": "db-0 = 0",
  "-m db -x db": "noMatch = 2",
  "-m web -x hzg9b": "web-58579db948-bcdfg = 0",
  "-m agent": "agent-x2v4z = 0",
  "-m x2": "noMatch = 2",
  "-m x2v4z": "agent-x2v4z = 0",
  "-m lost": "noMatch = 2",
  "-m /(/": "usage = 2",
  "-m web-*": "usage = 2",
  "-m db-[01]": "usage = 2",
  "-x web-?": "usage = 2",
  "-x db -x web --all": "agent-x2v4z canary mesh:app tidy-bbbbb !wrong:gone = 4",
  "-m leaving": "noMatch = 2",
  // Labels and fields.
  "-l app=db": `${allDb} = 0`,
  "-l app==db": `${allDb} = 0`,
  "-l app=web": `canary ${webs} = 0`,
  "-l app=web -l track=canary": "canary = 0",
  "-l app=web,track=canary": "canary = 0",
  "-l app=web -l app=db": "noMatch = 2",
  "-l app=web,!track": `${webs} = 0`,
  "-l tier": `${allDb} = 0`,
  "-l app!=db": `agent-x2v4z canary mesh:app tidy-bbbbb ${webs} !wrong:gone = 4`,
  "-l app=wbe": "noMatch = 2",
  "-l app=": "noMatch = 2",
  "-l app=db -m 10": "db-10 = 0",
  "-l app=db --node n2": "db-1 db-10 = 0",
  "-l =db": "usage = 2",
  "-l app=(db": "usage = 2",
  "--field-selector metadata.name=db-1": "db-1 = 0",
  "--field-selector spec.nodeName=n2": "db-1 db-10 web-58579db948-hzg9b = 0",
  "--field-selector foo": "usage = 2",
  "--node n2": "db-1 db-10 web-58579db948-hzg9b = 0",
  "--node n9": "noMatch = 2",
  "db-0 -l app=web": "noMatch = 2",
  "db-0 -m web": "noMatch = 2",
  // An empty variable never means every pod.
  "-l=": "usage = 2",
  "--selector=": "usage = 2",
  "-l app=db -l=": "usage = 2",
  "-m=": "usage = 2",
  "-m db -m=": "usage = 2",
  "-x=": "usage = 2",
  "-x= --all": "usage = 2",
  "--field-selector=": "usage = 2",
  "--node=": "usage = 2",
  "-n= db-0": "usage = 2",
  "--context= db-0": "usage = 2",
  "db-0 -c=": "usage = 2",
  // Pods of selectors that aren't running.
  "-l app=odd": "noMatch = 2",
  "-l app=odd --require-all": "!done leaving !pending = 4",
  "-l app=odd --all-phases": "!done leaving !pending = 4",
  "-m pending -m db-0": "db-0 = 0",
  "-m pending -m db-0 --require-all": "db-0 !pending = 4",
  "-m pending -m db-0 --require-all=false": "db-0 = 0",
  // Containers.
  "db-0 -c side": "db-0:side = 0",
  "-l app=db -c side": "db-0:side db-1:side db-2:side db-10:side = 0",
  "db-0 canary -c side": "!canary:side db-0:side = 4",
  "-l app=db -m db-0 -m canary -c side": "db-0:side = 0",
  "-m canary -m db-0 -c side": "db-0:side = 0",
  "-m canary -m db-0 -c side --require-all": "!canary:side db-0:side = 4",
  "db-0 -c none": "noMatch = 2",
  "canary db-0 -c none": "noMatch = 2",
  "db-0 -c main -c side": "usage = 2",
  "db-0 -c side -c side": "db-0:side = 0",
  "mesh": "mesh:app = 0",
  "mesh -c istio-proxy": "mesh:istio-proxy = 0",
  "wrong": "!wrong:gone = 4",
  "wrong -c a": "wrong:a = 0",
  "-l app=mesh": "mesh:app !wrong:gone = 4",
  // Namespaces.
  "-n store -m db": "store/db-0 = 0",
  "-n store cache": "store/cache = 0",
  "-n store -n default -m db-0": "db-0 store/db-0 = 0",
  "-n default -n default db-0": "db-0 = 0",
  "-n store -n default db-0": "db-0 store/db-0 = 0",
  "-n store -n default db-2": "db-2 = 0",
  "-n store -n default db-2 lost": "noMatch = 2",
  "-n nowhere -m db": "noMatch = 2",
  "-n default,store -m db": "noMatch = 2",
  "-n default -n nowhere -m db": "noMatch = 2",
  "-n default -n nowhere db-0": "noMatch = 2",
  "-n empty -n default -m db-0": "db-0 = 0",
  "-n empty -m db": "noMatch = 2",
  "-n store -A -m db": "usage = 2",
  "-A -m db-0": "db-0 store/db-0 = 0",
  "-A db-0": "db-0 store/db-0 = 0",
  "-A cache": "store/cache = 0",
  "-A cache lost": "noMatch = 2",
  "-A -l app=cache": "store/cache = 0",
  "-n store default/db-0": "usage = 2",
  "-n store store/db-0": "store/db-0 = 0",
  // Contexts.
  "--context lab db-0": "db-0 = 0",
  "--context prod db-0": "prod/db-0 = 0",
  "--context prod -l app=db": "prod/db-0 prod/only = 0",
  "--context lab --context prod -m db-0": "db-0 prod/db-0 = 0",
  "--context lab --context prod db-0": "db-0 prod/db-0 = 0",
  "--context lab --context prod only": "prod/only = 4",
  "--context lab --context lab db-0": "db-0 = 0",
  "--context lab --context prod --context typo db-0": "db-0 prod/db-0 = 4",
  "--context typo db-0": "config = 1",
  "--context prod deploy/web": "noMatch = 2",
  // Order, samples, and everything.
  "-m db --sort name": `${allDb} = 0`,
  "-m db --sort node": "db-0 db-2 db-1 db-10 = 0",
  "-m db --sample 99": `${allDb} = 0`,
  "-m db --sample 0": "usage = 2",
  "-m db --shuffle --sort name": "usage = 2",
  "-m db --sample 1 --pick": "usage = 2",
  "--all": `${running} = 4`,
  "--all -n store": "store/cache store/db-0 = 0",
  "--all -m db": "usage = 2",
  "--all db-0": "usage = 2",
  "--sort node --all -n store": "store/cache store/db-0 = 0",
  "-n empty --all": "noMatch = 2",
  "--namespaces store db-0": "usage = 2",
};

Deno.test("command lines reach these pods, and end with these exit codes", async () => {
  const actual: Record<string, string> = {};
  for (const args of Object.keys(rows)) actual[args] = await reached(args);
  assert.deepEqual(actual, rows);
});
