/** Commands of panes, and those of them that plugins get: JSON with a tag `type`, as the plugin interface defines it. */

/** A command that a pane can get from a key, the mouse or a prompt. */
export type PaneCommand =
  | { readonly type: PlainCommand | "search_confirm" | "search_clear" | "toggle_sort_order" }
  | { readonly type: "send_input" | "search_input"; readonly text: string }
  | { readonly type: "filter"; readonly query: string }
  | { readonly type: "sort_by_column"; readonly column: string };

/** A command that a plugin gets: those of panes that make sense for it, and its pane's focus and size. */
export type PluginCommand =
  | { readonly type: PlainCommand }
  | { readonly type: "send_input"; readonly text: string }
  | { readonly type: "filter"; readonly query: string }
  | { readonly type: "focus"; readonly focused: boolean }
  | { readonly type: "resize"; readonly width: number; readonly height: number };

/** Without an argument. */
export const plainCommands = [
  "scroll_up",
  "scroll_down",
  "select_next",
  "select_prev",
  "select",
  "back",
  "go_to_top",
  "go_to_bottom",
  "page_up",
  "page_down",
  "toggle_follow",
  "toggle_wrap",
  "scroll_left",
  "scroll_right",
  "clear_filter",
] as const;

type PlainCommand = typeof plainCommands[number];

/** Returns the plugin's form of a pane's command; undefined for those that aren't for plugins: searching and sorting. */
export function pluginCommandOf(command: PaneCommand): PluginCommand | undefined {
  switch (command.type) {
    case "search_input":
    case "search_confirm":
    case "search_clear":
    case "sort_by_column":
    case "toggle_sort_order":
      return undefined;
    case "send_input":
      return { type: command.type, text: command.text };
    case "filter":
      return { type: command.type, query: command.query };
    default:
      return { type: command.type };
  }
}

/** Returns a recorded command; undefined if the value isn't a command. */
export function parsePluginCommand(value: unknown): PluginCommand | undefined {
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  const { type, text, query, focused, width, height } = value as Record<string, unknown>;
  const plain = plainCommands.find((name) => name === type);
  if (plain !== undefined) return { type: plain };
  if (type === "send_input" && typeof text === "string") return { type, text };
  if (type === "filter" && typeof query === "string") return { type, query };
  if (type === "focus" && typeof focused === "boolean") return { type, focused };
  if (type === "resize" && isSize(width) && isSize(height)) return { type, width, height };
  return undefined;
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff;
}
