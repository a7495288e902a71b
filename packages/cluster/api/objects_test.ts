import assert from "node:assert/strict";
import { resources } from "../resources.ts";
import { podNamed, testApi } from "./testing/api.ts";

const pods = "/api/v1/namespaces/default/pods";
const deployments = "/apis/apps/v1/namespaces/default/deployments";

function deployment(name: string, labels: Record<string, string> = { app: name }) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "main", image: "busybox" }] },
      },
    },
  };
}

Deno.test("a created pod comes back with what Kubernetes fills in", async () => {
  const pod = await testApi().json("POST", pods, { body: podNamed("a") });
  const spec = pod["spec"] as Record<string, unknown>;
  assert.equal(spec["restartPolicy"], "Always");
  assert.equal(spec["terminationGracePeriodSeconds"], 30);
  assert.equal(spec["serviceAccountName"], "default");
  assert.deepEqual(pod["status"], { phase: "Pending", qosClass: "BestEffort" });
  const [container] = spec["containers"] as Record<string, unknown>[];
  assert.equal(container?.["imagePullPolicy"], "Always");
});

Deno.test("generateName makes a name", async () => {
  const body = { ...podNamed(""), metadata: { generateName: "web-" } };
  const { metadata } = await testApi().json("POST", pods, { body });
  assert.match(metadata.name ?? "", /^web-[a-z0-9]{5}$/);
});

const refusals: [
  string,
  string,
  string,
  unknown,
  { code: number; reason: string; message: RegExp },
][] = [
  ["an unknown pod", "GET", `${pods}/x`, undefined, {
    code: 404,
    reason: "NotFound",
    message: /^pods "x" not found$/,
  }],
  ["an unknown deployment", "GET", `${deployments}/x`, undefined, {
    code: 404,
    reason: "NotFound",
    message: /^deployments\.apps "x" not found$/,
  }],
  ["an unknown collection", "GET", "/api/v1/namespaces/default/widgets", undefined, {
    code: 404,
    reason: "NotFound",
    message: /^the server could not find the requested resource$/,
  }],
  ["an unknown namespace", "POST", "/api/v1/namespaces/nope/pods", podNamed("a"), {
    code: 404,
    reason: "NotFound",
    message: /^namespaces "nope" not found$/,
  }],
  ["another namespace in the object", "POST", pods, {
    ...podNamed("a"),
    metadata: { name: "a", namespace: "other" },
  }, {
    code: 400,
    reason: "BadRequest",
    message: /does not match the namespace sent on the request/,
  }],
  ["a bad name", "POST", pods, podNamed("A"), {
    code: 422,
    reason: "Invalid",
    message:
      /^Pod "A" is invalid: metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain/,
  }],
  ["no containers", "POST", pods, { ...podNamed("a"), spec: {} }, {
    code: 422,
    reason: "Invalid",
    message: /^Pod "a" is invalid: spec\.containers: Required value$/,
  }],
  ["a selector that doesn't match", "POST", deployments, deployment("a", { app: "b" }), {
    code: 422,
    reason: "Invalid",
    message:
      /^Deployment\.apps "a" is invalid: spec\.template\.metadata\.labels: Invalid value: \{"app":"b"\}: `selector` does not match template `labels`$/,
  }],
  ["a wrong type", "POST", pods, { ...podNamed("a"), spec: { containers: "main" } }, {
    code: 400,
    reason: "BadRequest",
    message: /^Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string/,
  }],
  ["a post to an object", "POST", `${pods}/a`, podNamed("a"), {
    code: 405,
    reason: "MethodNotAllowed",
    message: /does not allow this method/,
  }],
];

for (const [name, method, path, body, expected] of refusals) {
  Deno.test(`${name} is refused with Kubernetes' message`, async () => {
    const status = await testApi().json(method, path, { body });
    assert.equal(status.kind, "Status");
    assert.deepEqual([status.code, status["reason"]], [expected.code, expected.reason]);
    assert.match(status.message ?? "", expected.message);
  });
}

Deno.test("a second object of one name is refused", async () => {
  const api = testApi();
  await api.json("POST", pods, { body: podNamed("a") });
  const status = await api.json("POST", pods, { body: podNamed("a") });
  assert.deepEqual([status.code, status.message], [409, 'pods "a" already exists']);
});

Deno.test("an update of an old version is a conflict", async () => {
  const api = testApi();
  const first = await api.json("POST", deployments, { body: deployment("a") });
  const changed = { ...first, spec: { ...first["spec"] as object, replicas: 3 } };
  assert.equal((await api.json("PUT", `${deployments}/a`, { body: changed })).code, undefined);
  const status = await api.json("PUT", `${deployments}/a`, { body: changed });
  assert.equal(
    status.message,
    'Operation cannot be fulfilled on deployments.apps "a": the object has been modified; please apply your changes to the latest version and try again',
  );
});

Deno.test("unknown fields: Strict refuses them, Warn warns, Ignore ignores them; none stores them", async () => {
  const body = { ...podNamed("a"), spec: { ...podNamed("a")["spec"] as object, colour: "red" } };
  const api = testApi();
  const strict = await api.json("POST", `${pods}?fieldValidation=Strict`, { body });
  assert.match(strict.message ?? "", /strict decoding error: unknown field "spec\.colour"$/);
  const warned = await api.call("POST", `${pods}?fieldValidation=Warn&dryRun=All`, { body });
  assert.deepEqual(warned.kind === "json" && warned.warnings, ['unknown field "spec.colour"']);
  const ignored = await api.call("POST", `${pods}?fieldValidation=Ignore`, { body });
  assert.equal(ignored.kind === "json" && ignored.warnings, undefined);
  assert.ok(!("colour" in (api.store.get(resources.pods, "default", "a")?.["spec"] as object)));
});

Deno.test("a dry run changes nothing", async () => {
  const api = testApi();
  const before = api.store.resourceVersion;
  assert.equal(
    (await api.json("POST", `${pods}?dryRun=All`, { body: podNamed("a") })).metadata.name,
    "a",
  );
  assert.equal(api.store.resourceVersion, before);
});

Deno.test("deleting a pod that a node has gives it its time; one that no node has goes at once", async () => {
  const api = testApi();
  await api.json("POST", pods, { body: podNamed("free") });
  await api.json("POST", pods, { body: podNamed("bound") });
  const target = { apiVersion: "v1", kind: "Node", name: "n1" };
  await api.json("POST", `${pods}/bound/binding`, {
    body: { metadata: { name: "bound" }, target },
  });
  await api.json("DELETE", `${pods}/free`);
  assert.equal(api.store.get(resources.pods, "default", "free"), undefined);
  const dying = await api.json("DELETE", `${pods}/bound`, { body: { gracePeriodSeconds: 7 } });
  assert.equal(dying.metadata.deletionGracePeriodSeconds, 7);
  assert.equal(dying.metadata.deletionTimestamp, "2026-01-02T03:04:12Z");
  await api.json("DELETE", `${pods}/bound?gracePeriodSeconds=0`);
  assert.equal(api.store.get(resources.pods, "default", "bound"), undefined);
});

Deno.test("preconditions of a delete are held to", async () => {
  const api = testApi();
  await api.json("POST", pods, { body: podNamed("a") });
  const status = await api.json("DELETE", `${pods}/a`, { body: { preconditions: { uid: "x" } } });
  assert.equal(status.code, 409);
  assert.match(
    status.message ?? "",
    /Precondition failed: UID in precondition: x, UID in object meta: uid-/,
  );
});

Deno.test("a scale reads and writes replicas alone", async () => {
  const api = testApi();
  await api.json("POST", deployments, { body: deployment("a") });
  const scale = await api.json("GET", `${deployments}/a/scale`);
  assert.deepEqual([scale.kind, scale["spec"]], ["Scale", { replicas: 1 }]);
  await api.json("PUT", `${deployments}/a/scale`, { body: { ...scale, spec: { replicas: 4 } } });
  const spec = (await api.json("GET", `${deployments}/a`))["spec"] as { replicas: number };
  assert.equal(spec.replicas, 4);
});

Deno.test("the status is written separately", async () => {
  const api = testApi();
  const object = await api.json("POST", deployments, { body: deployment("a") });
  const body = {
    ...object,
    status: { replicas: 2 },
    spec: { ...object["spec"] as object, replicas: 9 },
  };
  const written = await api.json("PUT", `${deployments}/a/status`, { body });
  assert.deepEqual(written["status"], { replicas: 2 });
  assert.equal((written["spec"] as { replicas: number }).replicas, 1);
});

Deno.test("the table of pods has kubectl's columns", async () => {
  const api = testApi();
  await api.json("POST", pods, { body: podNamed("a") });
  api.clock.advance(90_000);
  const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
  const table = await api.json("GET", pods, { headers });
  const columns = table["columnDefinitions"] as { name: string }[];
  assert.deepEqual(columns.map(({ name }) => name), [
    "Name",
    "Ready",
    "Status",
    "Restarts",
    "Age",
    "IP",
    "Node",
    "Nominated Node",
    "Readiness Gates",
  ]);
  const [row] = table["rows"] as { cells: unknown[] }[];
  assert.deepEqual(row?.cells.slice(0, 7), ["a", "0/1", "Pending", "0", "90s", "<none>", "<none>"]);
});

Deno.test("nothing new is made in a namespace that is being deleted", async () => {
  const api = testApi();
  const body = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "leaving" },
    spec: { finalizers: ["kubernetes"] },
  };
  await api.json("POST", "/api/v1/namespaces", { body });
  await api.json("DELETE", "/api/v1/namespaces/leaving");
  const refused = await api.json("POST", "/api/v1/namespaces/leaving/pods", {
    body: podNamed("late"),
  });
  assert.equal(refused.code, 403);
  assert.match(refused.message ?? "", /namespace leaving because it is being terminated$/);
});

Deno.test("a token ends with its service account, and has at least ten minutes", async () => {
  const api = testApi();
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } };
  await api.json("POST", accounts, { body: account });
  const ask = (expirationSeconds: number) =>
    api.json("POST", `${accounts}/robot/token`, { body: { spec: { expirationSeconds } } });
  assert.deepEqual(
    await ask(60).then(({ code, message }) => [code, message]),
    [
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: ' +
      "may not specify a duration less than 10 minutes",
    ],
  );
  const { token } = (await ask(600))["status"] as { token: string };
  const holder = () => api.context.tokens.holder(token)?.name;
  assert.equal(holder(), "system:serviceaccount:default:robot");
  await api.json("DELETE", `${accounts}/robot`);
  assert.equal(holder(), undefined);
  // An account of the same name is a different one.
  await api.json("POST", accounts, { body: account });
  assert.equal(holder(), undefined);
});

Deno.test("finalizers are qualified names, and none is added to what is being deleted", async () => {
  const api = testApi();
  const configMaps = "/api/v1/namespaces/default/configmaps";
  const held = (...finalizers: string[]) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "held", finalizers },
  });
  const refused = await api.json("POST", configMaps, { body: held("hold") });
  assert.match(
    refused.message ?? "",
    /metadata\.finalizers\[0\]: Invalid value: "hold": name is neither a standard finalizer name/,
  );
  await api.json("POST", configMaps, { body: held("example.com/a", "example.com/b") });
  await api.json("DELETE", `${configMaps}/held`);
  const added = await api.json("PUT", `${configMaps}/held`, {
    body: held("example.com/a", "example.com/c"),
  });
  assert.match(
    added.message ?? "",
    /metadata\.finalizers: Forbidden: no new finalizers can be added .* \[\]string\{"example.com\/c"\}$/,
  );
  const fewer = await api.json("PUT", `${configMaps}/held`, { body: held("example.com/b") });
  assert.deepEqual(fewer.metadata.finalizers, ["example.com/b"]);
});
