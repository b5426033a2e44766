/** The list that functions and machines get of a batch. */
import { jsonIn } from "./event.js";

/** What a template made need not be JSON: then it is a text in the list. */
export const asJson = (text: string): string => (jsonIn(text) === undefined ? JSON.stringify(text) : text);

export const listOf = (texts: readonly string[]): string => `[${texts.map(asJson).join(",")}]`;
