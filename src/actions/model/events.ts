/** What front ends read of an answer. */
export type { AnswerEvent as ModelAnswerEvent, CallMetrics } from "../../model/fallback.ts";
