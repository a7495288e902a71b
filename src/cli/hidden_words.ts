/** First arguments that programs pass to kodama, and people don't. They aren't in help. */

/** `__complete WORD…`: a shell requests candidates for the last argument. */
export const completeWord = "__complete";

/** `__serve-sync KEY`: what `sync start` starts in the background. */
export const serveSyncWord = "__serve-sync";

/** `__serve-cluster FOLDER WORLD`: what `cluster up` starts in the background. */
export const serveWord = "__serve-cluster";
