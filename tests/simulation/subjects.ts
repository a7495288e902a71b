/** What is simulated. */
import { contradictions } from "./exec_invariants.ts";
import { execHistories, happen } from "./exec_history.ts";
import { type Subject, subject } from "./histories.ts";
import { judgeLogs, logsHistories } from "./logs_history.ts";
import { judgeRerun, rerunHistories } from "./rerun_history.ts";
import { judgeWatch, watchHistories } from "./watch_history.ts";

/** All subjects. */
export const subjects: readonly Subject[] = [
  subject("exec", execHistories, async (history) => contradictions(await happen(history))),
  /* A run, and `kodama runs rerun --failed`. */
  subject("rerun", rerunHistories, judgeRerun),
  /* `kodama logs -f`. */
  subject("logs", logsHistories, judgeLogs),
  /* The informer, below everything that watches or waits. */
  subject("watch", watchHistories, judgeWatch),
];
