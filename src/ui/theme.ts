/** The tones of the UI's parts. Their colours are the painter's. */
import type { Theme } from "./pane.ts";

/** The theme of every pane. */
export const defaultTheme: Theme = {
  error: "bad",
  warning: "warn",
  success: "good",
  title: "strong",
  muted: "dim",
  cursor: "current",
  mark: "sign",
};
