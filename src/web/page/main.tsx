/** The page of `kodama web`. Its parts are by view; what they show is by pure functions in `*_state.ts` and others. */
import { Component, type ComponentChildren, type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { About, SignInLink, WebQuestion } from "../api.ts";
import { call, onQuestion } from "./client.ts";
import { Forwards } from "./forwards.tsx";
import { useAnswer, useDoing } from "./hooks.ts";
import { Logs } from "./logs.tsx";
import {
  CopyButton,
  Heading,
  Loading,
  ModalDialog,
  type OpenQuestion,
  Problem,
  QuestionDialog,
} from "./parts.tsx";
import { NewSession } from "./new_session.tsx";
import { Pods } from "./pods.tsx";
import { type PageRoute, pageRoute, routeHref, sectionOf } from "./route.ts";
import { NewRun, RunDetailsView, RunListView } from "./runs.tsx";
import { SessionListView, SessionView } from "./sessions.tsx";
import { PodTerminal } from "./terminals.tsx";
import { plain } from "./text.ts";
import { WorkflowList, WorkflowView } from "./workflows.tsx";

const sections = [
  ["Sessions", { view: "sessions" }],
  ["Runs", { view: "runs" }],
  ["Workflows", { view: "workflows" }],
  ["Pods", { view: "pods", query: new URLSearchParams() }],
  ["Logs", { view: "logs", query: new URLSearchParams() }],
  ["Forwards", { view: "forwards" }],
] satisfies [string, PageRoute][];

function App() {
  const about = useAnswer("GET api/about", {});
  const route = useRoute();
  const [asking, setAsking] = useState<OpenQuestion>();
  useEffect(() => onQuestion((question) => ask(question, setAsking)), []);
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>Skip to the content</a>
      <header>
        <a class="name" href={routeHref({ view: "sessions" })}>kodama</a>
        <nav aria-label="Sections">
          {sections.map(([title, target]) => (
            <a
              key={title}
              href={routeHref(target)}
              aria-current={sectionOf(route) === target.view ? "page" : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        {about.data !== undefined && <Where about={about.data} />}
        <Menu />
      </header>
      <main id="main" tabIndex={-1}>
        {about.error !== undefined
          ? (
            <>
              <Heading title="Not connected" />
              <Problem error={about.error} retry={about.reload} />
            </>
          )
          : about.data === undefined
          ? <Loading />
          : (
            <Guard key={location.hash}>
              <View route={route} about={about.data} />
            </Guard>
          )}
      </main>
      {asking !== undefined && <QuestionDialog asking={asking} />}
    </>
  );
}

function ask(
  question: WebQuestion,
  show: (asking: OpenQuestion | undefined) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isConfirmed: boolean) => {
      show(undefined);
      resolve(isConfirmed);
    };
    show({ question, answer });
  });
}

/** The link's fragment isn't one of a view: it only moves the focus. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function useRoute(): PageRoute {
  const [route, setRoute] = useState(() => pageRoute(location.hash));
  useEffect(() => {
    const change = () => {
      document.body.dataset["moved"] = "yes";
      setRoute(pageRoute(location.hash));
      scrollTo(0, 0);
    };
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return route;
}

function View({ route, about }: { route: PageRoute; about: About }) {
  const mayChange = !about.readOnly;
  switch (route.view) {
    case "sessions":
      return <SessionListView mayChange={mayChange} />;
    case "newSession":
      return mayChange ? <NewSession namespace={about.namespace} /> : <ReadOnlyView />;
    case "session":
      return <SessionView route={route} mayChange={mayChange} />;
    case "runs":
      return <RunListView mayChange={mayChange} />;
    case "newRun":
      return <NewRun query={route.query} />;
    case "run":
      return <RunDetailsView id={route.id} mayChange={mayChange} />;
    case "workflows":
      return <WorkflowList />;
    case "workflow":
      return <WorkflowView name={route.name} query={route.query} mayChange={mayChange} />;
    case "pods":
      return <Pods query={route.query} mayChange={mayChange} />;
    case "logs":
      return <Logs query={route.query} />;
    case "shell":
      return <PodTerminal query={route.query} />;
    case "forwards":
      return <Forwards mayChange={mayChange} />;
    case "unknown":
      return (
        <>
          <Heading title="Nothing is here" />
          <p>This page has no {plain(route.path)}.</p>
        </>
      );
  }
}

/** A view that only changes something, by its address. */
function ReadOnlyView() {
  return (
    <>
      <Heading title="Read-only" />
      <p>This server was started with --read-only: nothing can be changed from here.</p>
    </>
  );
}

/** Where the page acts. */
function Where({ about: { context, namespace, readOnly } }: { about: About }) {
  return (
    <p class="where">
      <span title="Context">{plain(context)}</span>
      <span title="Namespace">{plain(namespace)}</span>
      {readOnly && <span class="badge warning">read-only</span>}
    </p>
  );
}

/** The theme, a link for a phone, and the end of this browser's access. */
function Menu() {
  const [link, setLink] = useState<SignInLink>();
  const [theme, setTheme] = useState(() => localStorage.getItem("theme") ?? "system");
  const doing = useDoing();
  const choose = (chosen: string) => {
    setTheme(chosen);
    if (chosen === "system") {
      localStorage.removeItem("theme");
      delete document.documentElement.dataset["theme"];
    } else {
      localStorage.setItem("theme", chosen);
      document.documentElement.dataset["theme"] = chosen;
    }
  };
  const signOut = async () => {
    if (await doing.run(() => call("POST api/sign-out"))) location.reload();
  };
  return (
    <details class="menu">
      <summary>Menu</summary>
      <div>
        <label>
          Theme{" "}
          <select value={theme} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="system">as the system</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
          </select>
        </label>
        <button
          type="button"
          onClick={() => doing.run(async () => setLink(await call("POST api/links")))}
        >
          Link for another browser…
        </button>
        <button type="button" onClick={signOut}>Sign out</button>
        <Problem error={doing.error} />
      </div>
      {link !== undefined && (
        <ModalDialog
          title="Sign in another browser"
          onClose={() => setLink(undefined)}
        >
          <p>This link works once, until {new Date(link.expiresAt).toLocaleTimeString()}:</p>
          <p class="link">{link.url}</p>
          <div class="buttons">
            <CopyButton text={link.url} label="Copy" />
            <button type="button" autofocus onClick={() => setLink(undefined)}>Close</button>
          </div>
        </ModalDialog>
      )}
    </details>
  );
}

/** An error of a view doesn't take the navigation with it. */
class Guard extends Component<{ children: ComponentChildren }, { error?: Error }> {
  override componentDidCatch(error: Error): void {
    this.setState({ error });
  }
  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <>
        <Heading title="This view failed" />
        <p class="problem" role="alert">{plain(error.message)}</p>
      </>
    );
  }
}

const root = document.getElementById("app");
const Page: ComponentType = App;
if (root !== null) render(<Page />, root);
