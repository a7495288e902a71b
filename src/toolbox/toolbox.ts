/** All tools, in the order in which they are offered. */
import { agentAnswerTool, agentLogTool, agentPromptTool, agentsTool } from "./agent_tools.ts";
import { getTool, waitTool } from "./object_tools.ts";
import { kubectlTool } from "./kubectl_tools.ts";
import { execTool, logsTool, podsTool, readFileTool, topTool } from "./pod_tools.ts";
import {
  contextsTool,
  runsTool,
  runTool,
  runWorkflowTool,
  sessionsTool,
  workflowsTool,
  workflowTool,
} from "./record_tools.ts";
import type { Tool } from "./tool.ts";

/** All tools. */
export const tools: readonly Tool[] = [
  podsTool,
  topTool,
  getTool,
  logsTool,
  execTool,
  readFileTool,
  waitTool,
  runsTool,
  runTool,
  workflowsTool,
  workflowTool,
  runWorkflowTool,
  kubectlTool,
  sessionsTool,
  agentsTool,
  agentLogTool,
  agentPromptTool,
  agentAnswerTool,
  contextsTool,
];
