/** The page's own address: the fragment of the URL. Pure. */

/** What the page shows. */
export type PageRoute =
  | { view: "sessions" }
  | { view: "newSession" }
  | { view: "session"; namespace: string; name: string; tab: SessionTab }
  | { view: "runs" }
  | { view: "newRun"; query: URLSearchParams }
  | { view: "run"; id: string }
  | { view: "workflows" }
  | { view: "workflow"; name: string; query: URLSearchParams }
  | { view: "pods"; query: URLSearchParams }
  | { view: "logs"; query: URLSearchParams }
  | { view: "shell"; query: URLSearchParams }
  | { view: "forwards" }
  | { view: "unknown"; path: string };

/** What the page shows of a session. */
export type SessionTab = typeof sessionTabs[number];

/** The tabs of a session. */
export const sessionTabs = ["log", "tasks", "changes", "terminal", "manage"] as const;

/** Returns the route of a fragment: `#/sessions/NAMESPACE/NAME/log`. The first view if it is empty. */
export function pageRoute(fragment: string): PageRoute {
  const [path = "", search = ""] = fragment.replace(/^#/, "").split("?", 2);
  const query = new URLSearchParams(search);
  const [view = "", ...parts] = path.split("/").filter((part) => part !== "").map(decoded);
  const [first, second, third] = parts;
  switch (view) {
    case "":
      return { view: "sessions" };
    case "sessions": {
      if (first === undefined) return { view };
      const tab = sessionTabs.find((one) => one === (third ?? "log"));
      if (second === undefined && first === "new") return { view: "newSession" };
      if (second === undefined || tab === undefined || parts.length > 3) break;
      return { view: "session", namespace: first, name: second, tab };
    }
    case "runs":
      if (first === undefined) return { view };
      if (second !== undefined) break;
      return first === "new" ? { view: "newRun", query } : { view: "run", id: first };
    case "workflows":
      if (first === undefined) return { view };
      if (second !== undefined) break;
      return { view: "workflow", name: first, query };
    case "pods":
    case "logs":
    case "shell":
      if (first !== undefined) break;
      return { view, query };
    case "forwards":
      if (first !== undefined) break;
      return { view };
  }
  return { view: "unknown", path };
}

/** Returns the fragment of a route: {@link pageRoute} returns the route again. */
export function routeHref(route: PageRoute): string {
  switch (route.view) {
    case "sessions":
    case "runs":
    case "workflows":
    case "forwards":
      return `#/${route.view}`;
    case "session":
      return `#/${["sessions", route.namespace, route.name, route.tab].map(encode).join("/")}`;
    case "run":
      return `#/runs/${encode(route.id)}`;
    case "newSession":
      return "#/sessions/new";
    case "newRun":
      return withQuery("#/runs/new", route.query);
    case "workflow":
      return withQuery(`#/workflows/${encode(route.name)}`, route.query);
    case "pods":
    case "logs":
    case "shell":
      return withQuery(`#/${route.view}`, route.query);
    case "unknown":
      return `#${route.path}`;
  }
}

/** Returns the section of the navigation that a route belongs to. */
export function sectionOf(route: PageRoute): string {
  switch (route.view) {
    case "session":
    case "newSession":
      return "sessions";
    case "run":
    case "newRun":
      return "runs";
    case "workflow":
      return "workflows";
    case "shell":
      return "pods";
    default:
      return route.view;
  }
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** A name of `.` or `..` would be a step in a path of a URL, and is none in a fragment. */
function encode(part: string): string {
  return encodeURIComponent(part);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
