/**
 * Deadlines of tests: a test or a step that runs for longer fails, with what it waits for. The time of a test stands
 * still while a step of it runs. Loaded before the test files, by `deno test --preload`.
 */
import { describeWaits } from "../../src/base/testing/waits.ts";

/** No test of these suites takes half of it on a slow machine; the limit of a single wait is lower. */
const deadlineMs = 58_000;

type TestFn = (t: Deno.TestContext) => void | Promise<void>;
type StepFn = Deno.TestStepDefinition["fn"];

/** The variable with the folder in which each thread of tests notes the test that it runs. */
const startedVariable = "KODAMA_TEST_STARTED";

/** Gives every test that is registered from now on a deadline. */
function limitTests(): void {
  const register = Deno.test;
  const limited = (...args: unknown[]) => {
    const definition = args.find((arg) => typeof arg === "object") as
      | Partial<Deno.TestDefinition>
      | undefined;
    const fn = (args.find((arg) => typeof arg === "function") ?? definition?.fn) as TestFn;
    const [first] = args;
    const name = typeof first === "string" ? first : definition?.name ?? fn.name;
    const run = async (t: Deno.TestContext) => {
      note(name);
      try {
        await withDeadline((deadline) => fn(limitedContext(t, deadline)));
      } finally {
        note("");
      }
    };
    register({ ...definition, name, fn: run });
  };
  Object.defineProperty(Deno, "test", { value: Object.assign(limited, register) });
}

const folder = Deno.env.get(startedVariable);
const notes = `${folder}/${crypto.randomUUID()}`;

/** Notes what this thread runs: the time of the file is when it began. */
function note(test: string): void {
  if (folder === undefined) return;
  try {
    Deno.writeTextFileSync(notes, test);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

/** The running time of a test or a step: it stands still while a step below it runs. */
class Deadline {
  readonly #late = Promise.withResolvers<never>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #steps = 0;

  constructor() {
    this.#late.promise.catch(() => {});
    this.#start();
  }

  get late(): Promise<never> {
    return this.#late.promise;
  }

  #start(): void {
    this.#timer = setTimeout(() => {
      const what = `it still runs after ${deadlineMs / 1000} s, and waits for: ${describeWaits()}`;
      this.#late.reject(new Error(what));
    }, deadlineMs);
  }

  /** Returns the result of a step, which has a deadline of its own. */
  async pausedFor<T>(step: Promise<T>): Promise<T> {
    this.#steps++;
    this[Symbol.dispose]();
    try {
      return await step;
    } finally {
      this.#steps--;
      if (this.#steps === 0) this.#start();
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

async function withDeadline(run: (deadline: Deadline) => void | Promise<void>): Promise<void> {
  using deadline = new Deadline();
  await Promise.race([run(deadline), deadline.late]);
}

function limitedContext(t: Deno.TestContext, deadline: Deadline): Deno.TestContext {
  const step = (...args: unknown[]): Promise<boolean> => {
    const limited = args.map((arg) => {
      if (typeof arg === "function") return limitedStep(arg as StepFn);
      if (typeof arg !== "object" || arg === null || !("fn" in arg)) return arg;
      return { ...arg, fn: limitedStep(arg.fn as StepFn) };
    });
    return deadline.pausedFor((t.step as (...args: unknown[]) => Promise<boolean>)(...limited));
  };
  return { ...t, name: t.name, origin: t.origin, step } as Deno.TestContext;
}

function limitedStep(fn: StepFn): StepFn {
  return async (t) => {
    note(t.name);
    try {
      await withDeadline((deadline) => fn(limitedContext(t, deadline)));
    } finally {
      note(t.parent?.name ?? "");
    }
  };
}

limitTests();
