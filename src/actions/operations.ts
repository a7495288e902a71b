/** The operations that are declared as a whole. */
import { cp } from "../copy/copy.ts";
import { exec } from "../exec/exec.ts";
import { logs } from "../logs/logs.ts";

/** All of them, as far as what is asked of every one. */
export const operations = [logs, exec, cp] as const;
