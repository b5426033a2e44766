/** The words of a text, as all stand-ins count them: lower case, without accents, without the commonest ones. */

const COMMON = new Set(
  "a an and are as at be been but by can did do does for from had has have how i if in into is it its me my not of on or our she so than that the their them then there these they this to was we were what when where which who why will with would you your".split(
    " ",
  ),
);

export function wordsOf(text: string): string[] {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && !COMMON.has(word));
}

/** `Ada Lovelace` anywhere, `London` only inside a sentence: at its beginning every word has a capital letter. */
const NAME = /\p{Lu}[\p{L}\p{N}]+(?:[ -]\p{Lu}[\p{L}\p{N}]+)+|(?<=[\p{L}\p{N},;:] )\p{Lu}[\p{L}\p{N}]+/gu;

/** Names of people, places and things, each once, in the order of the text. */
export function namesIn(text: string): string[] {
  return [...new Set([...text.matchAll(NAME)].map(([name]) => name))];
}
