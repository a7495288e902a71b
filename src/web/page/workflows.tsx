/** Workflows: the list, and the form that starts one, after its plan. */
import { useState } from "preact/hooks";
import type { WorkflowDetails } from "../api.ts";
import { type AnswerOf, call, RequestError } from "./client.ts";
import { useAnswer, useDoing } from "./hooks.ts";
import { Badge, Facts, Heading, InputForm, Loading, Problem } from "./parts.tsx";
import { formValues, paramFields } from "./param_form.ts";
import { ParamInput } from "./param_input.tsx";
import { SelectionForm } from "./pods.tsx";
import { routeHref } from "./route.ts";
import { selectionFields, selectionOfFields } from "./selection.ts";
import { commandLine, plain, plural } from "./text.ts";

/** What a run would do. */
type PlanAnswer = AnswerOf<"POST api/workflows/:name/plan">;

/** All workflows. */
export function WorkflowList() {
  const answer = useAnswer("GET api/workflows", {});
  const workflows = answer.data?.workflows;
  return (
    <>
      <Heading title="Workflows" />
      <Problem error={answer.error} retry={answer.reload} />
      {answer.isLoading && <Loading />}
      {workflows?.length === 0 && (
        <p>
          None. <code>kodama workflow new NAME</code> writes one.
        </p>
      )}
      <ul class="cards">
        {workflows?.map(({ name, description, params, errors }) => (
          <li key={name}>
            <article class="card">
              <h2>
                <a
                  href={routeHref({ view: "workflow", name, query: new URLSearchParams() })}
                >
                  {plain(name)}
                </a>
                {errors > 0 && <Badge state="failed" text={plural(errors, "error")} />}
              </h2>
              {description !== undefined && <p>{plain(description)}</p>}
              {params.length > 0 && <p class="soft">{plain(params.join(", "))}</p>}
            </article>
          </li>
        ))}
      </ul>
    </>
  );
}

/** One workflow: its parameters, its plan, its start. */
export function WorkflowView(
  { name, query, mayChange }: { name: string; query: URLSearchParams; mayChange: boolean },
) {
  const answer = useAnswer("GET api/workflows/:name", { path: { name } });
  const details = answer.data;
  return (
    <>
      <Heading title={plain(name)} />
      <Problem error={answer.error} retry={answer.reload} />
      {answer.isLoading && <Loading />}
      {details !== undefined && (
        <>
          {details.description !== undefined && <p>{plain(details.description)}</p>}
          <details>
            <summary>What it does</summary>
            <pre class="output">{plain(details.text)}</pre>
          </details>
          {details.errors > 0
            ? (
              <p class="problem" role="alert">
                {`The file has ${plural(details.errors, "error")}: it can't be run.`}
              </p>
            )
            : <WorkflowForm details={details} query={query} mayChange={mayChange} />}
        </>
      )}
    </>
  );
}

function WorkflowForm(
  { details, query, mayChange }: {
    details: WorkflowDetails;
    query: URLSearchParams;
    mayChange: boolean;
  },
) {
  const fields = paramFields(details.parameters);
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      fields.map(({ name, initial }) => [name, query.get(`param.${name}`) ?? initial]),
    )
  );
  const [selection, setSelection] = useState(() => selectionFields(query));
  const [problems, setProblems] = useState<Record<string, string>>({});
  const [plan, setPlan] = useState<{ plan: PlanAnswer; request: string }>();
  const doing = useDoing();
  const request = () => {
    const result = formValues(details.parameters, texts);
    setProblems(result.kind === "wrong" ? result.problems : {});
    if (result.kind === "wrong") {
      const [first] = fields.filter(({ name }) => result.problems[name] !== undefined);
      if (first !== undefined) document.getElementsByName(`param.${first.name}`)[0]?.focus();
      return undefined;
    }
    const chosen = selectionOfFields(selection);
    return {
      params: result.values,
      ...(Object.keys(chosen).length === 0 ? {} : { selection: chosen }),
    };
  };
  const makePlan = () => {
    const body = request();
    if (body === undefined) return;
    return doing.run(async () => {
      const path = { name: details.name };
      const plan = await call("POST api/workflows/:name/plan", { path, body });
      setPlan({ plan, request: JSON.stringify(body) });
    });
  };
  const start = () => {
    const body = request();
    if (body === undefined) return;
    return doing.run(async () => {
      // A plan of other values says nothing about this run.
      if (JSON.stringify(body) !== plan?.request) {
        setPlan(undefined);
        throw new RequestError({
          kind: "conflict",
          message: "The form has changed since the plan: make it again.",
        }, 0);
      }
      const { id } = await call("POST api/runs", {
        body: { kind: "workflow", workflow: details.name, ...body },
      });
      location.hash = routeHref({ view: "run", id });
    });
  };
  const isOverridden = Object.keys(selectionOfFields(selection)).length > 0;
  return (
    <InputForm onSubmit={makePlan} aria-label="Parameters">
      {fields.map((field) => (
        <ParamInput
          key={field.name}
          field={field}
          text={texts[field.name] ?? ""}
          problem={problems[field.name]}
          onText={(text) => setTexts({ ...texts, [field.name]: text })}
        />
      ))}
      <details open={isOverridden}>
        <summary>Other pods than the workflow's own</summary>
        <SelectionForm fields={selection} onChange={setSelection} />
      </details>
      <div class="buttons">
        <button type="submit" class={plan === undefined ? "main" : ""} disabled={doing.isBusy}>
          Plan
        </button>
        {plan !== undefined && mayChange && (
          <button type="button" class="main" disabled={doing.isBusy} onClick={start}>
            Start the run
          </button>
        )}
        <span role="status">{doing.isBusy ? "Working…" : ""}</span>
      </div>
      <Problem error={doing.error} />
      {plan !== undefined && <PlanView plan={plan.plan} />}
    </InputForm>
  );
}

function PlanView({ plan }: { plan: PlanAnswer }) {
  const { changes, steps, params, omitted = {} } = plan;
  return (
    <section class="plan" aria-label="Plan" role="status">
      <h2>Plan</h2>
      <p>
        {changes.length === 0
          ? "No step is known to change anything."
          : `May change something: ${plain(changes.join(", "))}`}
      </p>
      <Facts
        facts={Object.entries(params).map(([name, value]) => [
          plain(name),
          value === null ? "" : plain(typeof value === "string" ? value : JSON.stringify(value)),
        ])}
      />
      <PlanSteps steps={[...steps, ...plan.finally]} />
      {Object.entries(omitted).map(([step, reason]) => (
        <p key={step} class="soft">{plain(`${step} is left out: ${reason}`)}</p>
      ))}
    </section>
  );
}

function PlanSteps({ steps }: { steps: readonly PlanAnswer["steps"][number][] }) {
  return (
    <ol class="steps">
      {steps.map(({ id, title, does, command, when, targets, targetsNote, effect, steps }) => (
        <li key={id}>
          <b>{plain(id)}</b> {title !== id && plain(title)} <Badge state={plain(effect)} />
          <p>
            <code>{plain(command === null ? does : commandLine(command))}</code>
          </p>
          {when !== null && <p class="soft">{plain(`if ${when}`)}</p>}
          {targets !== null && targets.length > 0 && (
            <details>
              <summary>{plural(targets.length, "pod")}</summary>
              <ul class="names">{targets.map((name) => <li key={name}>{plain(name)}</li>)}</ul>
            </details>
          )}
          {targetsNote !== null && <p class="warning-text">{plain(targetsNote)}</p>}
          {steps.length > 0 && <PlanSteps steps={steps} />}
        </li>
      ))}
    </ol>
  );
}
