/** Pods: the form of a selection, and the pods that it matches. */
import { useState } from "preact/hooks";
import type { PodData } from "../api.ts";
import { useEvents, useNow } from "./hooks.ts";
import {
  Badge,
  Check,
  Heading,
  InputForm,
  Loading,
  Scroll,
  StreamNotice,
  TextField,
} from "./parts.tsx";
import { podsAfter, type PodsState } from "./pods_state.ts";
import { routeHref } from "./route.ts";
import { queryOf, type SelectionFields, selectionFields, selectionOfFields } from "./selection.ts";
import { ageOf, plain, plural } from "./text.ts";

/** The fields of a selection, the common ones first; those with a value are never hidden. */
export function SelectionForm(
  { fields, onChange }: { fields: SelectionFields; onChange: (fields: SelectionFields) => void },
) {
  const set = (name: keyof SelectionFields) => (text: string) =>
    onChange({ ...fields, [name]: text });
  const field = (
    name: Exclude<keyof SelectionFields, "allNamespaces">,
    label: string,
    placeholder: string,
  ) => (
    <TextField
      label={label}
      placeholder={placeholder}
      value={fields[name]}
      onText={set(name)}
    />
  );
  const { exclude, fieldSelector, container, node, sample, contexts } = fields;
  const [isOpen] = useState(
    [exclude, fieldSelector, container, node, sample, contexts].some((text) => text !== ""),
  );
  return (
    <fieldset class="selection">
      <legend>Pods</legend>
      <div class="fields">
        {field("pods", "Names or workloads", "deploy/web web-0")}
        {field("match", "Name contains", "web /^db-\\d/")}
        {field("selector", "Labels", "app=web")}
        {field("namespaces", "Namespaces", "shop prod")}
      </div>
      <Check
        label="All namespaces"
        isOn={fields.allNamespaces}
        onChange={(allNamespaces) => onChange({ ...fields, allNamespaces })}
      />
      <details open={isOpen}>
        <summary>More</summary>
        <div class="fields">
          {field("exclude", "Name doesn't contain", "canary")}
          {field("container", "Container", "app")}
          {field("node", "Node", "node-1")}
          {field("fieldSelector", "Fields", "status.phase=Running")}
          {field("sample", "Random sample of", "3")}
          {field("contexts", "Contexts", "prod staging")}
        </div>
      </details>
    </fieldset>
  );
}

/** The pods of the selection in the address. */
export function Pods({ query, mayChange }: { query: URLSearchParams; mayChange: boolean }) {
  const [fields, setFields] = useState(() => selectionFields(query));
  const [state, setState] = useState<PodsState>({ pods: undefined, notes: [] });
  const [round, setRound] = useState(0);
  const stream = useEvents(
    "GET api/pods",
    { query: selectionOfFields(selectionFields(query)) },
    {
      apply: (events) => setState((before) => events.reduce(podsAfter, before)),
      reset: () => setState({ pods: undefined, notes: [] }),
      round,
    },
  );
  const submit = () => {
    const href = routeHref({ view: "pods", query: queryOf(fields) });
    if (href === location.hash) setRound(round + 1);
    else location.hash = href;
  };
  return (
    <>
      <Heading title="Pods" />
      {/* On a phone, the pods come first. */}
      <details open={matchMedia("(min-width: 40rem)").matches}>
        <summary>Which pods</summary>
        <InputForm onSubmit={submit} aria-label="Selection">
          <SelectionForm fields={fields} onChange={setFields} />
          <div class="buttons">
            <button type="submit" class="main">Show</button>
            <a class="button" href={routeHref({ view: "logs", query: logsOf(query) })}>
              Logs of these
            </a>
            {mayChange && (
              <a class="button" href={routeHref({ view: "newRun", query })}>
                Run a command in these
              </a>
            )}
          </div>
        </InputForm>
      </details>
      <StreamNotice state={stream} retry={() => setRound(round + 1)} />
      {state.pods === undefined && stream.kind !== "failed" && <Loading />}
      {state.notes.map((note) => <p key={note} class="warning-text">{plain(note)}</p>)}
      {state.pods !== undefined && <PodTable pods={state.pods} mayChange={mayChange} />}
    </>
  );
}

/** Rows that are drawn at once; more are shown on request. */
const rowsAtOnce = 300;

function PodTable({ pods, mayChange }: { pods: readonly PodData[]; mayChange: boolean }) {
  const now = useNow();
  const [limit, setLimit] = useState(rowsAtOnce);
  const hasContexts = new Set(pods.map(({ context }) => context)).size > 1;
  return (
    <>
      <p role="status">{plural(pods.length, "pod")}</p>
      {pods.length > 0 && (
        <Scroll label="Pods">
          <table class="as-cards">
            <thead>
              <tr>
                {hasContexts && <th scope="col">Context</th>}
                <th scope="col">Pod</th>
                <th scope="col">Status</th>
                <th scope="col">Ready</th>
                <th scope="col">Restarts</th>
                <th scope="col">Age</th>
                <th scope="col">Node</th>
                <th scope="col">Open</th>
              </tr>
            </thead>
            <tbody>
              {pods.slice(0, limit).map((pod) => (
                <tr key={`${pod.context}/${pod.namespace}/${pod.pod}/${pod.container}`}>
                  {hasContexts && <td>{plain(pod.context)}</td>}
                  <th scope="row">
                    {plain(pod.pod)}
                    <span class="soft">{plain(pod.namespace)}</span>
                  </th>
                  <td>{"status" in pod && <Badge state={plain(pod.status)} />}</td>
                  <td data-title="Ready">{"ready" in pod && pod.ready}</td>
                  <td data-title="Restarts">{"restarts" in pod && pod.restarts}</td>
                  <td data-title="Age">{"createdAt" in pod && ageOf(pod.createdAt, now)}</td>
                  <td data-title="Node">{plain(pod.node)}</td>
                  <td class="links">
                    <PodLinks pod={pod} mayChange={mayChange} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {pods.length > limit && (
        <button type="button" onClick={() => setLimit(limit * 4)}>
          {`Show more (${pods.length - limit} aren't shown)`}
        </button>
      )}
    </>
  );
}

/** The address of the logs themselves: without `follow` it is that of the form. */
function logsOf(pods: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams(pods);
  query.set("tail", "1000");
  query.set("follow", "true");
  return query;
}

function PodLinks({ pod, mayChange }: { pod: PodData; mayChange: boolean }) {
  const { context, namespace, pod: name, container } = pod;
  const one = new URLSearchParams({ pods: name, namespaces: namespace, contexts: context });
  const shell = new URLSearchParams({ context, namespace, pod: name, container });
  return (
    <>
      <a
        href={routeHref({ view: "logs", query: logsOf(one) })}
        aria-label={`Logs of ${plain(name)}`}
      >
        logs
      </a>
      {mayChange && (
        <a
          href={routeHref({ view: "shell", query: shell })}
          aria-label={`Shell in ${plain(name)}`}
        >
          shell
        </a>
      )}
    </>
  );
}
