import assert from "node:assert/strict";
import fc from "fast-check";
import { type PageRoute, pageRoute, routeHref, sectionOf, sessionTabs } from "./route.ts";

const name = fc.string({ minLength: 1, unit: "grapheme" });
const query = fc.array(fc.tuple(name, name)).map((pairs) => new URLSearchParams(pairs));

const routes: fc.Arbitrary<PageRoute> = fc.oneof(
  fc.record({
    view: fc.constant("session" as const),
    namespace: name,
    name,
    tab: fc.constantFrom(...sessionTabs),
  }),
  fc.record({
    view: fc.constant("run" as const),
    id: name.filter((id) => id !== "new"),
  }),
  fc.record({ view: fc.constant("workflow" as const), name, query }),
  fc.record({ view: fc.constantFrom("pods" as const, "logs" as const, "newRun" as const), query }),
  fc.record({
    view: fc.constantFrom(
      "sessions" as const,
      "newSession" as const,
      "runs" as const,
      "forwards" as const,
    ),
  }),
);

Deno.test("`pageRoute()` returns what `routeHref()` was given, whatever a name contains", () => {
  fc.assert(fc.property(routes, (route) => {
    assert.deepEqual(shown(pageRoute(routeHref(route))), shown(route));
  }));
});

/** As an URL has it: without lone surrogates, and with the query as text. */
function shown(route: PageRoute): unknown {
  return { ...route, ...("query" in route ? { query: route.query.toString() } : {}) };
}

Deno.test("`pageRoute()` starts with the sessions, and doesn't guess", () => {
  assert.deepEqual(pageRoute(""), { view: "sessions" });
  assert.deepEqual(pageRoute("#/sessions/a/b"), {
    view: "session",
    namespace: "a",
    name: "b",
    tab: "log",
  });
  for (const path of ["/sessions/a", "/sessions/a/b/files", "/runs/a/b", "/nothing", "/pods/x"]) {
    assert.deepEqual(pageRoute(`#${path}`), { view: "unknown", path });
  }
  assert.equal(pageRoute("#/runs/%zz").view, "run");
});

Deno.test("`sectionOf()` marks the section of a page below it", () => {
  const cases = { "#/runs/new": "runs", "#/sessions/a/b/log": "sessions", "#/shell?pod=a": "pods" };
  for (const [href, section] of Object.entries(cases)) {
    assert.equal(sectionOf(pageRoute(href)), section);
  }
});
