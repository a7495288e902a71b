import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRoute, type Route, routeHref, sectionOf, sessionTabs } from "./route.ts";

const name = fc.string({ minLength: 1, unit: "grapheme" });
const query = fc.array(fc.tuple(name, name)).map((pairs) => new URLSearchParams(pairs));

const routes: fc.Arbitrary<Route> = fc.oneof(
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
  fc.record({ view: fc.constantFrom("sessions" as const, "runs" as const, "forwards" as const) }),
);

Deno.test("`parseRoute()` returns what `routeHref()` was given, whatever a name contains", () => {
  fc.assert(fc.property(routes, (route) => {
    assert.deepEqual(shown(parseRoute(routeHref(route))), shown(route));
  }));
});

/** As an URL has it: without lone surrogates, and with the query as text. */
function shown(route: Route): unknown {
  return { ...route, ...("query" in route ? { query: route.query.toString() } : {}) };
}

Deno.test("`parseRoute()` starts with the sessions, and doesn't guess", () => {
  assert.deepEqual(parseRoute(""), { view: "sessions" });
  assert.deepEqual(parseRoute("#/sessions/a/b"), {
    view: "session",
    namespace: "a",
    name: "b",
    tab: "log",
  });
  for (const path of ["/sessions/a", "/sessions/a/b/files", "/runs/a/b", "/nothing", "/pods/x"]) {
    assert.deepEqual(parseRoute(`#${path}`), { view: "unknown", path });
  }
  assert.equal(parseRoute("#/runs/%zz").view, "run");
});

Deno.test("`sectionOf()` marks the section of a page below it", () => {
  const cases = { "#/runs/new": "runs", "#/sessions/a/b/log": "sessions", "#/shell?pod=a": "pods" };
  for (const [href, section] of Object.entries(cases)) {
    assert.equal(sectionOf(parseRoute(href)), section);
  }
});
