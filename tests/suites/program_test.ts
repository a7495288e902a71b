import { loadSuite } from "./suites.ts";

await loadSuite("program");
