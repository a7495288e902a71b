/** The prompts that a client offers to its user. Their texts are in `model/prompts`. */
import { fromJsonSchema, type McpServer } from "@modelcontextprotocol/server";
import { PromptTemplate } from "../model/template.ts";
import compareText from "../model/prompts/compare.md" with { type: "text" };
import diagnoseText from "../model/prompts/diagnose.md" with { type: "text" };
import explainRunText from "../model/prompts/explain_run.md" with { type: "text" };

interface PromptInfo<Names extends string> {
  title: string;
  description: string;
  /** The description of each parameter. */
  parameters: Readonly<Record<Names, string>>;
}

/** Returns a function that registers a prompt at a server. */
function prompt<Names extends string>(
  name: string,
  text: string,
  { title, description, parameters }: PromptInfo<Names>,
): (server: McpServer) => void {
  const names = Object.keys(parameters) as Names[];
  const template = new PromptTemplate(text, names);
  const schema = fromJsonSchema<Record<Names, string>>({
    type: "object",
    properties: Object.fromEntries(
      names.map((one) => [one, { type: "string", description: parameters[one] }]),
    ),
    required: names,
  });
  return (server) => {
    server.registerPrompt(name, { title, description, argsSchema: schema }, (values) => ({
      messages: [{
        role: "user" as const,
        content: { type: "text" as const, text: template.render(values) },
      }],
    }));
  };
}

/** All prompts. */
export const prompts: readonly ((server: McpServer) => void)[] = [
  prompt("diagnose", diagnoseText, {
    title: "Find out what is wrong",
    description: "finds out why pods of a workload have problems",
    parameters: {
      namespace: "namespace of the workload",
      workload: "the workload, such as deploy/web",
    },
  }),
  prompt("compare", compareText, {
    title: "Compare pods",
    description: "finds out what differs between the pods of a workload",
    parameters: {
      namespace: "namespace of the workload",
      workload: "the workload, such as sts/db",
      subject: "what to compare: versions, settings, disk usage",
    },
  }),
  prompt("explain_run", explainRunText, {
    title: "Explain a run",
    description: "explains how a past run ended",
    parameters: { id: "id of the run" },
  }),
];
