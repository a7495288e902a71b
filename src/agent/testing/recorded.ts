/** Lines as Claude Code 2.1.330 wrote them, without unused fields. */

const session = "47b98826-0ea8-4e3e-b162-05b9ac54a22e";

function line(event: Record<string, unknown>): string {
  return JSON.stringify({ ...event, session_id: session });
}

function assistant(id: string, block: Record<string, unknown>): string {
  const usage = { input_tokens: 100, output_tokens: 1, cache_read_input_tokens: 20 };
  const message = { id, type: "message", role: "assistant", content: [block], usage };
  return line({ type: "assistant", message, parent_tool_use_id: null });
}

function toolResult(id: string, content: unknown, isError?: boolean): string {
  const block = { tool_use_id: id, type: "tool_result", content, is_error: isError };
  return line({ type: "user", message: { role: "user", content: [block] } });
}

/** By which it is continued. */
export const recordedConversation = session;

/** A task that writes a file, runs a command and answers. */
export const recordedTask: readonly string[] = [
  line({ type: "system", subtype: "init", cwd: "/workspace", model: "claude-opus-5-5" }),
  assistant("msg_1", { type: "text", text: "I'll write it." }),
  assistant("msg_1", {
    type: "tool_use",
    id: "toolu_1",
    name: "Write",
    input: { file_path: "/workspace/hello.txt", content: "hello\n" },
  }),
  toolResult("toolu_1", "File created successfully"),
  assistant("msg_2", {
    type: "tool_use",
    id: "toolu_2",
    name: "Bash",
    input: { command: "cat hello.txt", description: "look" },
  }),
  toolResult("toolu_2", [{ type: "text", text: "hello" }], false),
  assistant("msg_3", { type: "text", text: "All done." }),
  line({
    type: "result",
    subtype: "success",
    is_error: false,
    num_turns: 3,
    result: "All done.",
    total_cost_usd: 0.0056,
    usage: { input_tokens: 300, output_tokens: 150, cache_read_input_tokens: 60 },
    model_usage_since_last_result: { "claude-opus-5-5": { costUSD: 0.0042 } },
    permission_denials: [],
  }),
];

/** A tool that wasn't allowed. */
export const recordedRefusal: readonly string[] = [
  line({
    type: "system",
    subtype: "permission_denied",
    tool_name: "Bash",
    message: "it needs approval",
  }),
  line({
    type: "result",
    subtype: "success",
    is_error: false,
    num_turns: 1,
    result: "I may not.",
    permission_denials: [{ tool_name: "Bash", tool_use_id: "toolu_1", tool_input: {} }],
  }),
];

/** A request for approval; then, each an end of its wait: the tool's result, its withdrawal, the task's result. */
export const recordedApproval: readonly string[] = [
  JSON.stringify({
    type: "control_request",
    request_id: "d358e6aa-238e-4bc2-83cf-327c0f7186ab",
    request: {
      subtype: "can_use_tool",
      tool_name: "Bash",
      display_name: "Bash",
      input: { command: "touch made", description: "look" },
      description: "look",
      tool_use_id: "toolu_1",
    },
  }),
  toolResult("toolu_1", "no, not that", true),
  JSON.stringify({
    type: "control_cancel_request",
    request_id: "d358e6aa-238e-4bc2-83cf-327c0f7186ab",
  }),
  line({ type: "result", subtype: "success", is_error: false, num_turns: 1, result: "" }),
];

/** A conversation that doesn't exist. */
export const recordedFailure: readonly string[] = [
  `No conversation found with session ID: ${session}`,
  line({
    type: "result",
    subtype: "error_during_execution",
    is_error: true,
    num_turns: 0,
    total_cost_usd: 0,
    errors: [`No conversation found with session ID: ${session}`],
  }),
];

/** The model isn't there. */
export const recordedRetry = line({
  type: "system",
  subtype: "api_retry",
  attempt: 2,
  max_retries: 10,
  error_status: 429,
  error: "rate_limit",
});
