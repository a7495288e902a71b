/** What the views are made of. Texts go in as children, and so stay texts, whatever they contain. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { WebQuestion } from "../api.ts";
import type { RequestError, StreamState } from "./client.ts";
import { outcomeCounts, type PodProgress, type RunLine } from "../../runs/run_state.ts";
import { pasteProblem, plain } from "./text.ts";

/** The heading of a view; the document's title. The keyboard starts there after each change of the view. */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = `${title} · kodama`;
    // Not when the page was opened: there the focus starts with the document, and with its skip link.
    if (document.body.dataset["moved"] === "yes") heading.current?.focus();
  }, [title]);
  return (
    <div class="heading">
      <h1 ref={heading} tabIndex={-1}>{title}</h1>
      {children}
    </div>
  );
}

/** A state by its colour and its name: colour alone says nothing. */
export function Badge({ state, text }: { state: string; text?: string }) {
  return <span class={`badge ${toneOf(state)}`}>{text ?? state}</span>;
}

/** The class of a state's colour. */
export function toneOf(state: string): string {
  switch (state.toLowerCase()) {
    case "ok":
    case "done":
    case "running":
    case "completed":
    case "rescued":
    case "succeeded":
      return "good";
    case "working":
    case "starting":
    case "pending":
    case "queued":
    case "open":
      return "busy";
    case "waiting":
    case "timeout":
    case "unknown":
    case "interrupted":
    case "unreachable":
    case "forbidden":
      return "warning";
    case "stopped":
    case "cancelled":
    case "skipped":
      return "idle";
    default:
      return "bad";
  }
}

/** An error, and the way out. */
export function Problem(
  { error, retry }: { error: RequestError | undefined; retry?: (() => void) | undefined },
) {
  if (error === undefined) return null;
  const { message, hint } = error.error;
  return (
    <div class="problem" role="alert">
      <p>{plain(message)}</p>
      {error.status === 401 && (
        <p>
          This browser isn't signed in any more. Run <code>kodama web</code>{" "}
          again, and open the link that it prints.
        </p>
      )}
      {hint !== undefined && <p class="hint">{plain(hint)}</p>}
      {retry !== undefined && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

/** The state of a stream, unless it is as it should be. */
export function StreamNotice(
  { state, retry }: { state: StreamState; retry?: (() => void) | undefined },
) {
  if (state.kind === "failed") return <Problem error={state.error} retry={retry} />;
  return (
    <p class="stream" role="status">
      {state.kind === "waiting" ? `${plain(state.reason)} Reconnecting…` : ""}
    </p>
  );
}

/** What is shown until there is something. */
export function Loading({ what = "Loading…" }: { what?: string }) {
  return <p class="soft" role="status">{what}</p>;
}

/** A labelled control. `children` gets the ids that connect it to its label, its help and its problem. */
export function FormField(
  { label, help, problem, isRequired, children }: {
    label: string;
    help?: string | undefined;
    problem?: string | undefined;
    isRequired?: boolean;
    children: (
      ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean },
    ) => ComponentChildren;
  },
) {
  const id = useId();
  const describedBy = [help && `${id}-help`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{isRequired ? `${label} (required)` : label}</label>
      {children({
        id,
        "aria-describedby": describedBy === "" ? undefined : describedBy,
        "aria-invalid": problem !== undefined,
      })}
      {help && <p class="help" id={`${id}-help`}>{help}</p>}
      {problem && <p class="wrong" id={`${id}-problem`}>{problem}</p>}
    </div>
  );
}

/**
 * A line of a form that takes a text. With `keepsLines` the text may have several lines: Enter submits the form, and
 * Shift with Enter begins another line. Otherwise a paste of several lines is refused.
 */
export function TextField(
  {
    label,
    help,
    problem,
    isRequired,
    value,
    onText,
    isSecret = false,
    keepsLines = false,
    ...others
  }: {
    label: string;
    help?: string | undefined;
    problem?: string | undefined;
    isRequired?: boolean;
    value: string;
    onText: (text: string) => void;
    isSecret?: boolean;
    keepsLines?: boolean;
    name?: string;
    inputMode?: "text" | "decimal" | "search";
    maxLength?: number;
    placeholder?: string;
    class?: string;
  },
) {
  const [refusal, setRefusal] = useState<string>();
  const input = {
    ...others,
    value,
    spellcheck: false,
    autocomplete: "off",
    autocapitalize: "off",
    onInput: (event: { currentTarget: { value: string } }) => {
      setRefusal(undefined);
      onText(event.currentTarget.value);
    },
    onPaste: (event: ClipboardEvent) => {
      const room = (others.maxLength ?? Infinity) - value.length;
      const pasted = event.clipboardData?.getData("text") ?? "";
      const refused = pasteProblem(pasted, { room, keepsLines });
      if (refused !== undefined) event.preventDefault();
      setRefusal(refused);
    },
  } as const;
  const shown = refusal ?? problem;
  return (
    <FormField label={label} help={help} problem={shown} isRequired={isRequired ?? false}>
      {(ids) =>
        isSecret ? <input {...ids} {...input} type="password" /> : keepsLines
          ? (
            <textarea
              {...ids}
              {...input}
              rows={Math.min(10, value.split("\n").length)}
              onKeyDown={(event) => {
                const isPlain = event.key === "Enter" && !event.shiftKey && !event.isComposing;
                if (!isPlain) return;
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }}
            />
          )
          : <input {...ids} {...input} type="text" />}
    </FormField>
  );
}

/** A switch with its text beside it. */
export function Check(
  { label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void },
) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isOn}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}

/** Facts as a list of names and values. Without a value a fact isn't shown. */
export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  const shown = facts.filter(([, value]) => value !== undefined && value !== "" && value !== null);
  return (
    <dl class="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A wide part that scrolls by itself, also by keyboard. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

/** How many pods have each outcome: as a bar, and in words. */
export function Outcomes({ pods }: { pods: Iterable<PodProgress> }) {
  const counts = outcomeCounts(pods);
  if (counts.length === 0) return null;
  return (
    <div class="outcomes">
      <div class="bar" aria-hidden="true">
        {counts.map(([outcome, count]) => (
          <span key={outcome} class={toneOf(outcome)} style={{ flexGrow: count }} />
        ))}
      </div>
      <p role="status">
        {counts.map(([outcome, count]) => `${count} ${outcome}`).join(", ")}
      </p>
    </div>
  );
}

/** Lines of output; those of standard error are marked. */
export function OutputLines(
  { lines, omitted = 0 }: { lines: readonly RunLine[]; omitted?: number },
) {
  return (
    <pre class="output">
      {omitted > 0 && <span class="soft">{`(${omitted} earlier lines)\n`}</span>}
      {lines.map(({ stream, text }, at) =>
        <span key={at} class={stream}>{`${text}\n`}</span>
      )}
    </pre>
  );
}

/** A question before something is done. */
export interface OpenQuestion {
  question: WebQuestion;
  answer(isConfirmed: boolean): void;
}

/** A modal dialog; Escape closes it. */
export function ModalDialog(
  { title, onClose, children }: {
    title: string;
    onClose: () => void;
    children: ComponentChildren;
  },
) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

const titles: Readonly<Record<WebQuestion["kind"], string>> = {
  change: "Make this change?",
  stop: "Stop this session?",
  delete: "Delete this session?",
  others: "Another user's session",
};

const confirmations: Readonly<Record<WebQuestion["kind"], string>> = {
  change: "Continue",
  stop: "Stop it",
  delete: "Delete it",
  others: "Do it",
};

/** The question before a change: exactly what it does, and what it reaches. */
export function QuestionDialog({ asking: { question, answer } }: { asking: OpenQuestion }) {
  return (
    <ModalDialog
      title={titles[question.kind]}
      onClose={() => answer(false)}
    >
      <QuestionText question={question} />
      <div class="buttons">
        <button type="button" class="danger" onClick={() => answer(true)}>
          {confirmations[question.kind]}
        </button>
        <button type="button" autofocus onClick={() => answer(false)}>Cancel</button>
      </div>
    </ModalDialog>
  );
}

/** What is asked, with all names of a change. */
export function QuestionText({ question }: { question: WebQuestion }) {
  if (question.kind !== "change") return <pre class="question">{plain(question.text)}</pre>;
  const { count, scopes } = question.change;
  return (
    <>
      <pre class="question">{plain(question.text)}</pre>
      <details>
        <summary>{count === 1 ? "The pod" : `All ${count} pods`}</summary>
        {scopes.map(({ context, namespace, pods }) => (
          <div key={`${context}/${namespace}`}>
            <p class="soft">{plain(`${context} · ${namespace}`)}</p>
            <ul class="names">{pods.map((pod) => <li key={pod}>{plain(pod)}</li>)}</ul>
          </div>
        ))}
      </details>
    </>
  );
}

/** A button that copies a text, and says so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return <button type="button" onClick={copy}>{isCopied ? "Copied" : label}</button>;
}

/** A form whose submission stays on the page. */
export function InputForm(
  { onSubmit, children, ...form }: {
    onSubmit: () => void;
    children: ComponentChildren;
    class?: string;
    "aria-label"?: string;
  },
) {
  return (
    <form
      {...form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
