/** The agent of a session: what it asks for, its tasks and their cost, and the options of a new one. */
import { useState } from "preact/hooks";
import type { FormTexts, StartForm, TaskData } from "../api.ts";
import { call } from "./client.ts";
import { useAnswer, useDoing, useNow } from "./hooks.ts";
import { paramFields } from "./param_form.ts";
import { ParamInput } from "./param_input.tsx";
import { Badge, Loading, Problem, Scroll, TextField } from "./parts.tsx";
import { ageOf, costText, firstLine, plain, plural, tokensText } from "./text.ts";

/** A session as requests name it. */
export interface SessionTarget {
  path: { name: string };
  query: { namespace: string };
}

/** The tools that the agent waits with: exactly what each would do, and an answer to it. */
export function Approvals(
  { target, task, mayChange }: { target: SessionTarget; task: TaskData; mayChange: boolean },
) {
  // The list shows an answer a few seconds later.
  const [answered, setAnswered] = useState<readonly string[]>([]);
  const approvals = task.approvals.filter(({ request }) => !answered.includes(request));
  if (approvals.length === 0) return null;
  return (
    <section class="approvals" aria-label="Approvals">
      {approvals.map((approval) => (
        <ApprovalCard
          key={`${task.number} ${approval.request}`}
          {...{ target, task, approval, mayChange }}
          onAnswer={() => setAnswered([...answered, approval.request])}
        />
      ))}
    </section>
  );
}

function ApprovalCard(
  { target, task, approval, mayChange, onAnswer }: {
    target: SessionTarget;
    task: TaskData;
    approval: TaskData["approvals"][number];
    mayChange: boolean;
    onAnswer: () => void;
  },
) {
  const [message, setMessage] = useState("");
  const doing = useDoing();
  const tool = plain(approval.tool);
  const answer = async (decision: "allow" | "deny") => {
    const reason = decision === "deny" && message.trim() !== "" ? { message } : {};
    const body = { task: task.number, ...approval, decision, ...reason };
    const isDone = await doing.run(() =>
      call("POST api/sessions/:name/approval", { ...target, body })
    );
    if (isDone) onAnswer();
  };
  return (
    <article class="card approval">
      <h2>The agent waits for your approval: {tool}</h2>
      <Scroll label={`What ${tool} would do`}>
        <pre class="question">{plain(approval.summary)}</pre>
      </Scroll>
      {mayChange
        ? (
          <>
            <div class="buttons">
              <button
                type="button"
                class="main"
                disabled={doing.isBusy}
                onClick={() => answer("allow")}
              >
                Approve
              </button>
              <button type="button" disabled={doing.isBusy} onClick={() => answer("deny")}>
                Deny
              </button>
            </div>
            <TextField
              label="Reason of a refusal"
              help="The agent reads it, and continues without the tool."
              value={message}
              onText={setMessage}
              keepsLines
            />
          </>
        )
        : <p class="soft">This page is read-only.</p>}
      <Problem error={doing.error} />
    </article>
  );
}

/** All tasks, the newest first, and what they have used together. */
export function Tasks({ target, newest }: { target: SessionTarget; newest: number | undefined }) {
  const answer = useAnswer("GET api/sessions/:name/tasks", target);
  const now = useNow();
  const tasks = answer.data?.tasks.toReversed() ?? [];
  const isOld = answer.data !== undefined && newest !== undefined && newest !== tasks[0]?.number;
  const cost = tasks.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  const used = tasks.reduce(
    (sum, { tokens }) => sum + tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite,
    0,
  );
  return (
    <section aria-label="Tasks">
      <div class="buttons">
        {answer.data !== undefined && (
          <p>
            {[
              plural(tasks.length, "task"),
              `${tokensText({ input: used, output: 0, cacheRead: 0, cacheWrite: 0 })} tokens`,
              cost === 0 ? "" : `${costText(cost)} in total`,
            ].filter((text) => text !== "").join(" · ")}
          </p>
        )}
        <button type="button" onClick={answer.reload}>
          {isOld ? "Show the newest" : "Refresh"}
        </button>
      </div>
      <Problem error={answer.error} retry={answer.reload} />
      {answer.isLoading && <Loading />}
      {tasks.length > 0 && (
        <Scroll label="Tasks">
          <table>
            <thead>
              <tr>
                {["Task", "State", "Agent", "Turns", "Tools", "Tokens", "Cost", "Age", "Prompt"]
                  .map((title) => <th key={title}>{title}</th>)}
              </tr>
            </thead>
            <tbody>
              {tasks.map((task) => (
                <tr key={task.number}>
                  <td>{task.number}</td>
                  <td>
                    <Badge state={task.state} />
                  </td>
                  <td>{plain(task.adapter)}</td>
                  <td>{task.turns}</td>
                  <td>{task.tools}</td>
                  <td>{tokensText(task.tokens)}</td>
                  <td>{costText(task.costUsd)}</td>
                  <td>{ageOf(task.createdAt, now)}</td>
                  <td>{plain(firstLine(task.prompt, 120))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

/** The fields of a new task: its agent, and the limits that this agent supports. */
export function TaskFields(
  { form, texts, onTexts }: {
    form: StartForm;
    texts: FormTexts;
    onTexts: (texts: FormTexts) => void;
  },
) {
  const chosen = form.agents.find(({ name }) => name === texts["adapter"]) ?? form.agents[0];
  const isOffered = (name: string) =>
    name === "permissions"
      ? chosen?.asks === true
      : name === "budget"
      ? chosen?.limitsCost === true
      : true;
  return (
    <>
      {paramFields(form.task).filter(({ name }) => isOffered(name)).map((field) => (
        <ParamInput
          key={field.name}
          field={field}
          text={texts[field.name] ?? field.initial}
          onText={(text) => {
            // Another agent may not know the options of this one.
            const others = field.name === "adapter" ? {} : texts;
            onTexts({ ...others, [field.name]: text });
          }}
        />
      ))}
    </>
  );
}
