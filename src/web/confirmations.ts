/**
 * Questions of one request: it fails with the question as data, and is repeated with a token that confirms exactly this
 * request of this browser with exactly this question. If pods have changed meanwhile, the question is another one.
 */
import type { Clock } from "../base/clock.ts";
import { sha256Of } from "../base/sha256.ts";
import { UnconfirmedError } from "../base/errors.ts";
import type { Consent } from "../actions/session/owner.ts";
import { othersLine } from "../present/session_changes.ts";
import type { WebQuestion } from "./api.ts";

/** A question that wasn't answered stops being one after this time. */
const questionMs = 10 * 60_000;

/** Unanswered questions of all browsers; the oldest is forgotten. */
const maxQuestions = 256;

/** A change that needs an answer. */
export class UnconfirmedQuestion extends UnconfirmedError {
  constructor(readonly question: WebQuestion, readonly confirm: string) {
    super("this change needs a confirmation");
  }
}

/** Asks during one request. */
export interface Asking {
  /** Returns true if the request confirms this question. @throws UnconfirmedQuestion otherwise. */
  ask(question: WebQuestion): Promise<boolean>;
}

/** The questions of a server. */
export class Confirmations {
  readonly #asked = new Map<string, { digest: string; endsAtMs: number }>();

  constructor(private readonly clock: Clock) {}

  /**
   * Returns what asks during a request.
   *
   * @param identity of the browser, the request and its body.
   * @param token that it was sent with; used up by this.
   */
  of(identity: readonly string[], token: string | undefined): Asking {
    const given = token === undefined ? undefined : this.#asked.get(token);
    if (token !== undefined) this.#asked.delete(token);
    return {
      ask: async (question) => {
        const digest = await sha256Of(JSON.stringify([...identity, question]));
        const now = this.clock.elapsedMs();
        if (given?.digest === digest && given.endsAtMs > now) return true;
        for (const [old, { endsAtMs }] of this.#asked) {
          if (endsAtMs <= now || this.#asked.size >= maxQuestions) this.#asked.delete(old);
        }
        const confirm = crypto.getRandomValues(new Uint8Array(16)).toHex();
        this.#asked.set(confirm, { digest, endsAtMs: now + questionMs });
        throw new UnconfirmedQuestion(question, confirm);
      },
    };
  }
}

/** Returns how a request obtains the consent to a verb on another user's session: by a question of its own. */
export function askConsent(asking: Asking): Consent {
  return async (session) => {
    await asking.ask({ kind: "others", text: `${othersLine(session)}: ${session.verb} it?` });
  };
}
