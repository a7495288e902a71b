/** The default settings. Data alone: importing it loads nothing. */
import type { Settings } from "./settings_shape.ts";

/** The values that apply if no file, variable or flag sets them. */
export const defaultSettings = {
  defaults: {
    namespace: "default",
    resources: { cpu: "1", memory: "2Gi" },
    storage: { workspace: "10Gi", claudeHome: "1Gi" },
    branchPrefix: "kodama/",
  },
  sync: { useGitignore: true },
  exec: {
    fanout: 32,
    connectTimeout: "15s",
    outputMode: "prefix",
    confirmAbove: 10,
    requireAll: false,
  },
  runs: {
    outputs: true,
    outputLimit: "1Mi",
    totalLimit: "64Mi",
    resources: { cpu: "1", memory: "1Gi" },
  },
  model: {
    name: "anthropic/claude-sonnet-5-5",
    maxRetries: 3,
    retryDelay: "1s",
    timeout: "2m",
  },
} as const satisfies Settings;

/** Environment variables, and the settings that they set. */
export const settingVariables = {
  KODAMA_IMAGE: "defaults.image",
  KODAMA_FANOUT: "exec.fanout",
  KODAMA_CONNECT_TIMEOUT: "exec.connectTimeout",
  KODAMA_OUTPUT_MODE: "exec.outputMode",
  KODAMA_CONFIRM_ABOVE: "exec.confirmAbove",
  KODAMA_RECORD_OUTPUT: "runs.outputs",
  KODAMA_LOG: "log.level",
  KODAMA_LOG_FILE: "log.file",
  KODAMA_LOG_FORMAT: "log.format",
  KODAMA_MODEL: "model.name",
  KODAMA_ANTHROPIC_URL: "model_urls.anthropic",
  KODAMA_OPENAI_URL: "model_urls.openai",
  KODAMA_MISTRAL_URL: "model_urls.mistral",
  KODAMA_GEMINI_URL: "model_urls.gemini",
  KODAMA_OLLAMA_URL: "model_urls.ollama",
  KODAMA_COMPATIBLE_URL: "model_urls.compatible",
} as const;
