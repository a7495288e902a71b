/** Answers and streams as state of a component. */
import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import {
  type Answered,
  type AnswerOf,
  call,
  type EventOf,
  follow,
  type Followed,
  type Params,
  RequestError,
  type StreamState,
} from "./client.ts";

/** An answer, or why there is none yet. */
export interface Answering<Answer> {
  data: Answer | undefined;
  error: RequestError | undefined;
  isLoading: boolean;
  /** Requests it again; what is shown stays until then. */
  reload(): void;
}

/** Requests an answer, and again whenever the request changes; not at all if there are no `params`. */
export function useAnswer<Route extends Answered>(
  route: Route,
  params: Omit<Params, "signal"> | undefined,
): Answering<AnswerOf<Route>> {
  const [state, setState] = useState<
    { key?: string; data?: AnswerOf<Route>; error?: RequestError }
  >({});
  const [attempt, setAttempt] = useState(0);
  const key = JSON.stringify([route, params]);
  useEffect(() => {
    if (params === undefined) return;
    const stopped = new AbortController();
    call(route, { ...params, signal: stopped.signal }).then(
      (data) => setState({ key, data }),
      (error) => {
        if (!stopped.signal.aborted) setState({ key, error: asApiError(error) });
      },
    );
    return () => stopped.abort();
  }, [key, attempt]);
  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    isLoading: params !== undefined && !isCurrent,
    reload: useCallback(() => setAttempt((count) => count + 1), []),
  };
}

/**
 * Follows a stream while the component is there. `apply` is called with its events in bursts, at most once for each
 * frame of the screen, and `reset` before those of another request.
 */
export function useEvents<Route extends Followed>(
  route: Route,
  params: Omit<Params, "signal"> | undefined,
  { apply, reset, round = 0 }: {
    apply: (events: EventOf<Route>[]) => void;
    reset: () => void;
    /** Another number starts the stream again. */
    round?: number;
  },
): StreamState {
  const [state, setState] = useState<StreamState>({ kind: "connecting" });
  const handlers = useRef({ apply, reset });
  handlers.current = { apply, reset };
  const key = JSON.stringify([route, params, round]);
  useEffect(() => {
    if (params === undefined) return;
    handlers.current.reset();
    let waiting: EventOf<Route>[] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const events = waiting;
      waiting = [];
      handlers.current.apply(events);
    };
    const stop = follow(route, params, {
      onEvents(events) {
        for (const event of events) waiting.push(event);
        if (frame === 0) frame = requestAnimationFrame(flush);
      },
      onState: setState,
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [key]);
  return state;
}

/** Returns a function that draws the component again, after something changed that isn't its state. */
export function useRedraw(): () => void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  return redraw as () => void;
}

/** Returns the current time, every few seconds: for ages. */
export function useNow(everyMs = 5000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** An action of the user that is under way, or failed. */
export interface Doing {
  isBusy: boolean;
  error: RequestError | undefined;
  /** Does it, unless one is under way; resolves to whether it succeeded. */
  run(action: () => Promise<unknown>): Promise<boolean>;
}

/** Returns the state of the actions of a component. A change that the user didn't confirm isn't an error. */
export function useDoing(): Doing {
  const [state, setState] = useState<{ isBusy: boolean; error?: RequestError }>({ isBusy: false });
  const isBusy = useRef(false);
  const run = useCallback(async (action: () => Promise<unknown>) => {
    if (isBusy.current) return false;
    isBusy.current = true;
    setState({ isBusy: true });
    try {
      await action();
      setState({ isBusy: false });
      return true;
    } catch (thrown) {
      const error = asApiError(thrown);
      setState(error.error.kind === "unconfirmed" ? { isBusy: false } : { isBusy: false, error });
      return false;
    } finally {
      isBusy.current = false;
    }
  }, []);
  return { isBusy: state.isBusy, error: state.error, run };
}

function asApiError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError({ kind: "environment", message: String(error) }, 0);
}
