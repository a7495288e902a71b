/** The operations that are declared as a whole. */
import { logs } from "../logs/logs.ts";

/** All of them, as far as what is asked of every one. */
export const operations = [logs] as const;
