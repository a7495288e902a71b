/** What people who share a session know of each other, and how it changes hands or ends. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Note, SessionDetailsData, SessionRowData } from "../api.ts";
import { attachedText } from "../../present/team_text.ts";
import type { SessionTarget } from "./agent.tsx";
import { call } from "./client.ts";
import { useAnswer, useDoing, useNow } from "./hooks.ts";
import { FormField, InputForm, Loading, Problem, TextField } from "./parts.tsx";
import { routeHref } from "./route.ts";
import { ageOf, plain } from "./text.ts";

/** Who is attached, in words; empty if no one is. */
export function presenceText(session: SessionRowData, nowMs: number): string {
  const attached = "attached" in session ? session.attached ?? [] : [];
  return attached.map((one) => plain(attachedText(one, new Date(nowMs)))).join(", ");
}

/** The notes on a session. @param lastNote the newest one's number, as the list has it. */
export function Notes(
  { target, lastNote, mayChange }: {
    target: SessionTarget;
    lastNote: number | undefined;
    mayChange: boolean;
  },
) {
  const [text, setText] = useState("");
  const answer = useAnswer("GET api/sessions/:name/notes", target);
  const doing = useDoing();
  const now = useNow();
  // Someone else has added one.
  useEffect(answer.reload, [lastNote]);
  const change = async (action: () => Promise<unknown>) => {
    const isDone = await doing.run(action);
    if (isDone) answer.reload();
    return isDone;
  };
  const add = async () => {
    const body = { text };
    const isDone = await change(() => call("POST api/sessions/:name/notes", { ...target, body }));
    if (isDone) setText("");
  };
  const remove = ({ number }: Note) =>
    change(() => call("POST api/sessions/:name/delete-note", { ...target, body: { number } }));
  const notes = answer.data?.notes;
  return (
    <section aria-label="Notes">
      {mayChange && (
        <InputForm class="prompt-form" onSubmit={() => text.trim() !== "" && add()}>
          <FormField
            label="Note"
            help="For everyone who works with this session, in one line; the newest 50 are stored beside it."
          >
            {(ids) => (
              <input
                {...ids}
                type="text"
                maxLength={1000}
                autocomplete="off"
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
              />
            )}
          </FormField>
          <div class="buttons">
            <button type="submit" class="main" disabled={doing.isBusy || text.trim() === ""}>
              Add
            </button>
          </div>
        </InputForm>
      )}
      <Problem error={doing.error ?? answer.error} />
      {answer.isLoading && <Loading />}
      {notes?.length === 0 && <p>No one has added a note.</p>}
      <ul class="cards">
        {notes?.toReversed().map((note) => (
          <li key={note.number}>
            <article class="card note-card">
              <p class="prompt">{plain(note.text)}</p>
              <p class="soft">{`${plain(note.by)}, ${ageOf(note.at, now)} ago`}</p>
              {mayChange && (
                <button
                  type="button"
                  disabled={doing.isBusy}
                  aria-label={`Delete note ${note.number}`}
                  onClick={() => remove(note)}
                >
                  Delete
                </button>
              )}
            </article>
          </li>
        ))}
      </ul>
    </section>
  );
}

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
