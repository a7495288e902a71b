/** How a session changes hands, or ends. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { SessionDetailsData } from "../api.ts";
import type { SessionTarget } from "./agent.tsx";
import { call } from "./client.ts";
import { useDoing } from "./hooks.ts";
import { InputForm, Problem, TextField } from "./parts.tsx";
import { routeHref } from "./route.ts";
import { plain } from "./text.ts";

/** Another owner, and the end of a session. */
export function Manage({ session }: { session: SessionDetailsData }) {
  const { name, namespace } = session;
  const target = { path: { name }, query: { namespace } };
  return (
    <>
      <Transfer target={target} owner={"owner" in session ? session.owner : undefined} />
      <Deletion target={target} />
    </>
  );
}

function Transfer({ target, owner }: { target: SessionTarget; owner: string | undefined }) {
  const [to, setTo] = useState("");
  const [lines, setLines] = useState<readonly string[]>([]);
  const doing = useDoing();
  const transfer = () =>
    doing.run(async () => {
      const body = { to: to.trim() };
      setLines((await call("POST api/sessions/:name/transfer", { ...target, body })).lines);
      setTo("");
    });
  return (
    <Part title="Hand over">
      <p>
        {owner === undefined
          ? "The owner of this session isn't known. "
          : `It belongs to ${plain(owner)}. `}
        The new owner can stop and delete it without being asked whose it is; the session continues.
      </p>
      <InputForm onSubmit={() => to.trim() !== "" && transfer()} aria-label="Hand over">
        <TextField
          label="New owner"
          help="As the cluster knows the user."
          value={to}
          onText={setTo}
        />
        <div class="buttons">
          <button type="submit" disabled={doing.isBusy || to.trim() === ""}>Transfer</button>
          <span role="status">{lines.length > 0 && "Transferred."}</span>
        </div>
      </InputForm>
      {lines.length > 0 && <pre class="question">{plain(lines.join("\n"))}</pre>}
      <Problem error={doing.error} />
    </Part>
  );
}

function Deletion({ target }: { target: SessionTarget }) {
  const doing = useDoing();
  const remove = async (purge: boolean) => {
    const body = { purge };
    const isDone = await doing.run(() =>
      call("POST api/sessions/:name/delete", { ...target, body })
    );
    if (isDone) location.hash = routeHref({ view: "sessions" });
  };
  return (
    <Part title="Delete">
      <p>
        The pod, its secrets and its state are deleted. The workspace and the agent's home are
        retained, and a session of the same name uses them again, unless they are deleted too. You
        see first what is deleted.
      </p>
      <div class="buttons">
        <button type="button" disabled={doing.isBusy} onClick={() => remove(false)}>Delete…</button>
        <button type="button" disabled={doing.isBusy} onClick={() => remove(true)}>
          Delete with its volumes…
        </button>
        <span role="status">{doing.isBusy ? "Working…" : ""}</span>
      </div>
      <Problem error={doing.error} />
    </Part>
  );
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
