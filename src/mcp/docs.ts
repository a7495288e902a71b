/**
 * Pages of the documentation that an agent needs to use kodama, and to write workflow files; loaded when a page is
 * read.
 */
import agents from "../../docs/agents.md" with { type: "text" };
import exec from "../../docs/exec.md" with { type: "text" };
import exitCodes from "../../docs/exit-codes.md" with { type: "text" };
import expressions from "../../docs/expressions.md" with { type: "text" };
import forward from "../../docs/forward.md" with { type: "text" };
import runs from "../../docs/runs.md" with { type: "text" };
import selection from "../../docs/selection.md" with { type: "text" };
import sessions from "../../docs/sessions.md" with { type: "text" };
import wait from "../../docs/wait.md" with { type: "text" };
import workflowReference from "../../docs/workflow-reference.md" with { type: "text" };
import workflows from "../../docs/workflows.md" with { type: "text" };

interface DocPage {
  description: string;
  text: string;
}

/** The pages by their names in `docs/`. */
export const docPages: Readonly<Record<string, DocPage>> = {
  "selection": { description: "how pods are selected", text: selection },
  "exec": { description: "commands in many pods, and their outcomes", text: exec },
  "runs": { description: "records of runs, reruns and reports", text: runs },
  "wait": { description: "waiting for states of objects", text: wait },
  "forward": { description: "port-forwards that reconnect", text: forward },
  "workflows": { description: "how workflow files are written", text: workflows },
  "workflow-reference": { description: "every key of a workflow file", text: workflowReference },
  "expressions": { description: "the language of ${{ … }}", text: expressions },
  "sessions": { description: "sessions: pods to work in", text: sessions },
  "agents": { description: "coding agents in sessions", text: agents },
  "exit-codes": { description: "exit codes of every command", text: exitCodes },
};
