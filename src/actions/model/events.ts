/** What front ends read of an answer. */
export type { AnswerEvent as ModelAnswerEvent } from "../../model/fallback.ts";
