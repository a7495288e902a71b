/** The scenarios as a test file of this folder: Deno starts the files of a deeper folder first. */
import "../scenarios_test.ts";
