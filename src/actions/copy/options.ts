/** The declaration of `cp`, for front ends. */
export { copyCallFields, copyFields, copyViewFields } from "../../copy/copy.ts";
