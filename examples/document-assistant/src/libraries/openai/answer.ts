/**
 * An answer by template: the sentences of the context that share most words with the question, with the number of the passage
 * that each is from. Passages come as the orchestrator writes them, one a line: `[2] text`.
 */
import { wordsOf } from "../../shared/words.js";

const MAX_SENTENCES = 3;
const LETTERS_PER_TOKEN = 4;

interface Candidate {
  readonly text: string;
  readonly passage: string;
  readonly shared: number;
}

export function answerFrom(question: string, context: string, maxTokens: number): string {
  const asked = new Set(wordsOf(question).map(stem));
  const candidates = [...context.matchAll(/^\[(\d+)\] (.+)$/gm)]
    .flatMap(([, passage = "", text = ""]) => sentencesOf(text).map((sentence) => ({ passage, text: sentence })))
    .map((one): Candidate => ({ ...one, shared: sharedWords(one.text, asked) }))
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared)
    .slice(0, MAX_SENTENCES);
  const said = candidates.map(({ text, passage }) => `${text} [${passage}]`);
  const response =
    said.length === 0 ? "The documents say nothing about this." : `According to the documents: ${said.join(" ")}`;
  return response.slice(0, maxTokens * LETTERS_PER_TOKEN);
}

const sentencesOf = (text: string): string[] =>
  text
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.replace(/^#+ /, "").trim())
    .filter((sentence) => sentence !== "");

const sharedWords = (text: string, asked: ReadonlySet<string>): number =>
  [...new Set(wordsOf(text).map(stem))].filter((word) => asked.has(word)).length;

/** `invoices` and `invoice` are one. */
const stem = (word: string): string => word.replace(/(?<=.{3})(?:es|s)$/, "");
