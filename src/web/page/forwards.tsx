/** Forwards in the background of this machine. */
import type { ForwardData } from "../api.ts";
import { call } from "./client.ts";
import { useAnswer, useDoing, useNow } from "./hooks.ts";
import { Badge, Heading, Loading, Problem } from "./parts.tsx";
import { ageOf, commandLine, plain } from "./text.ts";

/** All of them. */
export function Forwards({ mayChange }: { mayChange: boolean }) {
  const answer = useAnswer("GET api/forwards", {});
  const doing = useDoing();
  const stop = async (name: string) => {
    const isDone = await doing.run(() => call("POST api/forwards/:name/stop", { path: { name } }));
    if (isDone) answer.reload();
  };
  const forwards = answer.data?.forwards;
  return (
    <>
      <Heading title="Forwards">
        <button type="button" onClick={answer.reload}>Refresh</button>
      </Heading>
      <Problem error={answer.error ?? doing.error} />
      {answer.isLoading && <Loading />}
      {forwards?.length === 0 && (
        <p>
          None. <code>kodama forward svc/web 8080:80 --detach</code> starts one.
        </p>
      )}
      <ul class="cards">
        {forwards?.map((one) => (
          <li key={one.name}>
            <ForwardCard
              forward={one}
              stop={mayChange && one.phase === "running" && !doing.isBusy
                ? () => stop(one.name)
                : undefined}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

function ForwardCard(
  { forward, stop }: { forward: ForwardData; stop: (() => void) | undefined },
) {
  const now = useNow();
  const { name, args, phase, state } = forward;
  return (
    <article class="card">
      <h2>
        {plain(name)} <Badge state={phase} />
      </h2>
      <p>
        <code>{plain(commandLine(args))}</code>
      </p>
      <ul class="names">
        {state?.forwards.map((row, at) => <li key={at}>{rowText(row)}</li>)}
      </ul>
      {state?.lines.slice(-3).map((line, at) => <p key={at} class="soft">{plain(line)}</p>)}
      {phase === "running" && state !== undefined && (
        <p class="soft">{`since ${ageOf(state.startedAt, now)}`}</p>
      )}
      {stop !== undefined && (
        <button type="button" onClick={stop} aria-label={`Stop ${plain(name)}`}>Stop</button>
      )}
    </article>
  );
}

function rowText(row: Record<string, unknown>): string {
  const text = (field: string) => plain(String(row[field] ?? ""));
  const pod = row["pod"] === null || row["pod"] === undefined ? "" : ` (${text("pod")})`;
  return `${text("local")} → ${text("target")}:${text("remote")}${pod}`;
}
