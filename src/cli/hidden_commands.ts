/** First arguments that programs pass to kodama, and people don't. They aren't in help. */

/** `__complete ARG…`: a shell requests candidates for the last argument. */
export const completeCommand = "__complete";

/** `__serve-sync KEY`: what `sync start` starts in the background. */
export const serveSyncCommand = "__serve-sync";

/** `__serve-cluster FOLDER WORLD`: what `cluster up` starts in the background. */
export const serveClusterCommand = "__serve-cluster";
