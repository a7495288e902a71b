/** The form that starts a session. */
import { useState } from "preact/hooks";
import type { FormTexts, StartForm } from "../api.ts";
import { TaskFields } from "./agent.tsx";
import { call } from "./client.ts";
import { useAnswer, useDoing } from "./hooks.ts";
import { paramFields } from "./param_form.ts";
import { ParamInput } from "./param_input.tsx";
import { FormField, Heading, InputForm, Loading, Problem, TextField } from "./parts.tsx";
import { routeHref } from "./route.ts";

/** Those that most people leave to the settings. */
const rare: ReadonlySet<string> = new Set(["image", "cpu", "memory", "ttl", "idleTimeout"]);

/** A new session: its name, its options, and the first task of its agent. */
export function NewSession({ namespace }: { namespace: string }) {
  const form = useAnswer("GET api/start", {});
  return (
    <>
      <Heading title="New session" />
      <Problem error={form.error} retry={form.reload} />
      {form.data === undefined
        ? form.error === undefined && <Loading />
        : <StartFields form={form.data} namespace={namespace} />}
    </>
  );
}

function StartFields({ form, namespace: own }: { form: StartForm; namespace: string }) {
  const [name, setName] = useState("");
  const [namespace, setNamespace] = useState(own);
  const [prompt, setPrompt] = useState("");
  const [options, setOptions] = useState<FormTexts>({});
  const [task, setTask] = useState<FormTexts>({});
  const doing = useDoing();
  const start = () =>
    doing.run(async () => {
      const query = namespace.trim() === "" ? {} : { namespace: namespace.trim() };
      const first = prompt.trim() === "" ? {} : { prompt: { text: prompt, options: task } };
      const body = { name: name.trim(), options, ...first };
      const started = await call("POST api/sessions", { query, body });
      location.hash = routeHref({ view: "session", ...started, tab: "log" });
    });
  const fields = (isRare: boolean) =>
    paramFields(form.session).filter((field) => rare.has(field.name) === isRare).map((field) => (
      <ParamInput
        key={field.name}
        field={field}
        text={options[field.name] ?? field.initial}
        onText={(text) => setOptions({ ...options, [field.name]: text })}
      />
    ));
  return (
    <InputForm onSubmit={() => name.trim() !== "" && start()} aria-label="New session">
      <TextField
        label="Name"
        isRequired
        help="Lower case letters, digits and dashes. Volumes that an earlier session of the name has left are used again."
        value={name}
        onText={setName}
      />
      {fields(false)}
      <FormField label="First task" help="What the agent works on as soon as the session runs.">
        {(ids) => (
          <textarea
            {...ids}
            rows={3}
            value={prompt}
            onInput={(event) => setPrompt(event.currentTarget.value)}
          />
        )}
      </FormField>
      {prompt.trim() !== "" && <TaskFields form={form} texts={task} onTexts={setTask} />}
      <details>
        <summary>More</summary>
        <TextField label="Namespace" value={namespace} onText={setNamespace} />
        {fields(true)}
      </details>
      <div class="buttons">
        <button type="submit" class="main" disabled={doing.isBusy || name.trim() === ""}>
          Start
        </button>
        <span role="status">{doing.isBusy ? "Working…" : ""}</span>
      </div>
      <Problem error={doing.error} />
    </InputForm>
  );
}
