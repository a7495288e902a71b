/** First words that programs say to kodama, and people don't. They are in no help. */

/** `__complete WORD…`: a shell asks what the last word may be. */
export const completeWord = "__complete";

/** `__serve-sync KEY`: what `sync start` starts in the background. */
export const serveSyncWord = "__serve-sync";

/** `__serve-cluster FOLDER WORLD`: what `cluster up` starts in the background. */
export const serveWord = "__serve-cluster";
