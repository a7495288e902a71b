import assert from "node:assert/strict";
import fc from "fast-check";
import type { KubeObject } from "../../../src/kube/types.ts";
import { quiet } from "../../../src/base/testing/manual_clock.ts";
import { resources } from "../resources.ts";
import { podNamed, type TestApi, testApi } from "./testing/api.ts";

const pods = "/api/v1/namespaces/default/pods";

interface Line {
  type: string;
  object: KubeObject & { code?: number };
}

/** Returns the lines of a watch, read on demand. */
async function openWatch(
  api: TestApi,
  path: string,
  signal?: AbortSignal,
): Promise<AsyncIterator<Line>> {
  const answer = await api.call("GET", path, signal ? { signal } : {});
  assert.equal(answer.kind, "stream");
  const chunks = answer.kind === "stream" ? answer.chunks : [];
  return (async function* () {
    for await (const chunk of chunks) yield JSON.parse(String(chunk)) as Line;
  })();
}

async function nextLine(watch: AsyncIterator<Line>): Promise<string> {
  const { value, done } = await watch.next();
  return done ? "end" : `${value.type} ${value.object.metadata.name ?? ""}`.trim();
}

Deno.test("pages of one list are of one moment, whatever happens between them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(7), async (limit, count) => {
      const api = testApi();
      for (let index = 0; index < count; index++) {
        await api.json("POST", pods, { body: podNamed(`p${index}`) });
      }
      const seen: (string | undefined)[] = [];
      const versions = new Set<unknown>();
      let next = "";
      do {
        const page = await api.json(
          "GET",
          `${pods}?limit=${limit}&continue=${encodeURIComponent(next)}`,
        );
        seen.push(...(page.items ?? []).map(({ metadata }) => metadata.name));
        versions.add(page.metadata.resourceVersion);
        const metadata = page.metadata as { continue?: string; remainingItemCount?: number };
        next = metadata.continue ?? "";
        assert.equal(metadata.remainingItemCount ?? 0, count - seen.length);
        await api.json("POST", pods, { body: podNamed(`between${seen.length}`) });
      } while (next !== "");
      assert.deepEqual(seen, Array.from({ length: count }, (_, index) => `p${index}`));
      assert.equal(versions.size, 1);
    }),
    { numRuns: 30 },
  );
});

const badOptions: [query: string, code: number, message: RegExp][] = [
  ["limit=1&continue=abc", 400, /^continue key is not valid: "abc"$/],
  [
    "resourceVersionMatch=Exact",
    422,
    /^ListOptions\.meta\.k8s\.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided$/,
  ],
  ["resourceVersion=1&resourceVersionMatch=Near", 422, /Unsupported value: "Near"/],
  ["sendInitialEvents=true", 422, /sendInitialEvents is forbidden for list/],
  [
    "watch=1&sendInitialEvents=true",
    422,
    /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/,
  ],
  ["watch=1&resourceVersionMatch=NotOlderThan", 422, /forbidden for watch unless/],
  ["watch=1&timeoutSeconds=abc", 400, /parsing "abc": invalid syntax/],
];

for (const [query, code, message] of badOptions) {
  Deno.test(`a list or watch with ${query} is refused with ${code}`, async () => {
    const status = await testApi().json("GET", `${pods}?${query}`);
    assert.equal(status.code, code);
    assert.match(status.message ?? "", message);
  });
}

Deno.test("an object of a version that is still to come is refused", async () => {
  const status = await testApi().json("GET", `${pods}/a?resourceVersion=99999`);
  assert.deepEqual([status.code, status["reason"]], [504, "Timeout"]);
});

Deno.test("an unknown continue token is 410", async () => {
  const token = btoa('{"v":"meta.k8s.io/v1","id":"old"}');
  const status = await testApi().json("GET", `${pods}?limit=1&continue=${token}`);
  assert.deepEqual([status.code, status["reason"]], [410, "Expired"]);
});

Deno.test("a watch reports what enters and what leaves its selection", async () => {
  const api = testApi();
  const controller = new AbortController();
  const watch = await openWatch(api, `${pods}?watch=true&labelSelector=app%3Da`, controller.signal);
  const first = nextLine(watch);
  await api.json("POST", pods, { body: podNamed("b", { app: "b" }) });
  await api.json("POST", pods, { body: podNamed("a", { app: "a" }) });
  assert.equal(await first, "ADDED a");
  const headers = { "content-type": "application/merge-patch+json" };
  const relabel = (name: string, app: string) =>
    api.json("PATCH", `${pods}/${name}`, { headers, body: { metadata: { labels: { app } } } });
  await relabel("a", "b");
  assert.equal(await nextLine(watch), "DELETED a");
  await relabel("b", "a");
  assert.equal(await nextLine(watch), "ADDED b");
  await api.json("DELETE", `${pods}/b`);
  assert.equal(await nextLine(watch), "DELETED b");
  controller.abort();
  assert.equal(await nextLine(watch), "end");
});

Deno.test("a watch from a list's version reports later changes, and none of other namespaces", async () => {
  const api = testApi();
  await api.json("POST", pods, { body: podNamed("old") });
  const { resourceVersion } = (await api.json("GET", pods)).metadata;
  await api.json("POST", "/api/v1/namespaces/other/pods", { body: podNamed("elsewhere") });
  await api.json("POST", pods, { body: podNamed("new") });
  const watch = await openWatch(api, `${pods}?watch=1&resourceVersion=${resourceVersion}`);
  assert.equal(await nextLine(watch), "ADDED new");
  await watch.return?.();
});

Deno.test("a watch from a forgotten version gets an ERROR of 410", async () => {
  const api = testApi({ historyPerKind: 2 });
  for (const name of ["a", "b", "c", "d"]) await api.json("POST", pods, { body: podNamed(name) });
  const watch = await openWatch(api, `${pods}?watch=1&resourceVersion=3`);
  const { value } = await watch.next();
  assert.deepEqual([value.type, value.object.code, value.object["reason"]], [
    "ERROR",
    410,
    "Expired",
  ]);
  assert.equal(await nextLine(watch), "end");
});

Deno.test("initial events end with their bookmark; later ones come by the minute", async () => {
  const api = testApi();
  await api.json("POST", pods, { body: podNamed("a") });
  const query =
    "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  const watch = await openWatch(api, `${pods}?${query}`);
  assert.equal(await nextLine(watch), "ADDED a");
  const { value } = await watch.next();
  assert.deepEqual(value.object.metadata.annotations, { "k8s.io/initial-events-end": "true" });
  const next = watch.next();
  await api.clock.waitedFor(60_000);
  api.clock.advance(60_000);
  const bookmark = (await next).value;
  assert.equal(bookmark.type, "BOOKMARK");
  assert.equal(bookmark.object.metadata.resourceVersion, String(api.store.resourceVersion));
  await watch.return?.();
});

Deno.test("a change at the moment of a bookmark comes before it", async () => {
  const api = testApi();
  const metadata = { name: "late", namespace: "default" };
  const create = () => api.store.create(resources.pods, { ...podNamed("late"), metadata });
  api.clock.timer(60_000, () => void create());
  const watch = await openWatch(api, `${pods}?watch=1&resourceVersion=1&allowWatchBookmarks=true`);
  const next = nextLine(watch);
  await api.clock.waitedFor(60_000);
  await quiet();
  api.clock.advance(60_000);
  assert.equal(await next, "ADDED late");
  assert.equal(await nextLine(watch), "BOOKMARK");
  await watch.return?.();
});

Deno.test("a watch ends when its time is over", async () => {
  const api = testApi();
  const watch = await openWatch(api, `${pods}?watch=1&timeoutSeconds=5`);
  const line = nextLine(watch);
  await api.clock.waitedFor(5_000);
  api.clock.advance(5_000);
  assert.equal(await line, "end");
});

const selections: [string, string[]][] = [
  ["labelSelector=app in (a,b)", ["a", "b"]],
  ["labelSelector=app notin (a)", ["b", "none"]],
  ["labelSelector=app", ["a", "b"]],
  ["labelSelector=!app", ["none"]],
  ["labelSelector=app!=a", ["b", "none"]],
  ["labelSelector=app==a,app", ["a"]],
  ["fieldSelector=metadata.name=a", ["a"]],
  ["fieldSelector=metadata.name!=a,spec.nodeName=", ["b", "none"]],
  ["fieldSelector=status.phase=Pending", ["a", "b", "none"]],
];

for (const [query, expected] of selections) {
  Deno.test(`a list by ${query}`, async () => {
    const api = testApi();
    for (
      const [name, labels] of [["a", { app: "a" }], ["b", { app: "b" }], ["none", {}]] as const
    ) {
      await api.json("POST", pods, { body: podNamed(name, labels) });
    }
    const { items = [] } = await api.json("GET", `${pods}?${query}`);
    assert.deepEqual(items.map(({ metadata }) => metadata.name), expected);
  });
}

Deno.test("what can't be selected by is a 400", async () => {
  const api = testApi();
  assert.equal(
    (await api.json("GET", `${pods}?fieldSelector=spec.colour=red`)).message,
    "field label not supported: spec.colour",
  );
  assert.equal(
    (await api.json("GET", `${pods}?labelSelector=a=b=c`)).message,
    "found '=', expected: ',' or 'end of string'",
  );
  assert.equal(api.store.list(resources.pods).length, 0);
});
