/** Finds, reads and checks the event of an invocation: a file, a fixture by name, standard input, or text. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { codeFrame } from "../config/code-frame.js";
import { didYouMean } from "../config/nearest.js";
import { AppError, messageOf } from "../shared/errors.js";

export interface EventChoice {
  /** File, fixture name, or `-`. */
  readonly event?: string;
  /** JSON text. */
  readonly data?: string;
}

/** The event's bytes, valid JSON. `{}` when nothing is given, as an empty payload reaches a function on AWS. */
export async function readEvent(choice: EventChoice, projectRoot: string): Promise<Buffer> {
  if (choice.event !== undefined && choice.data !== undefined) {
    throw new AppError("LR1004", { what: "Both --event and --data are given", fix: "Pass one of them." });
  }
  if (choice.data !== undefined) return checked(Buffer.from(choice.data), "--data");
  if (choice.event === undefined) return Buffer.from("{}");
  if (choice.event === "-") return checked(await readStandardInput(), "standard input");
  const file = findEventFile(choice.event, projectRoot);
  return checked(readFileSync(file), relative(process.cwd(), file) || file);
}

/** The path as given, else a fixture of that name under fixtures/events. */
export function findEventFile(name: string, projectRoot: string): string {
  if (existsSync(name)) {
    if (statSync(name).isDirectory()) throw new AppError("LR1002", { what: "The event is a folder, not a file", where: name });
    return name;
  }
  const fixtures = fixtureFiles(projectRoot);
  const wanted = extname(name) === "" ? `${name}.json` : name;
  const found = fixtures.find((file) => relative(fixturesFolder(projectRoot), file) === wanted) ?? fixtures.find((file) => basename(file) === wanted);
  if (found !== undefined) return found;
  throw new AppError("LR1002", {
    what: `No event file "${name}".${didYouMean(basename(wanted), fixtures.map((file) => basename(file)))}`,
    where: join(process.cwd(), name),
    why: `it is neither there nor a fixture under ${relative(process.cwd(), fixturesFolder(projectRoot)) || "."}`,
  });
}

const fixturesFolder = (projectRoot: string): string => join(projectRoot, "fixtures", "events");

/** Every fixture, sorted. */
export function fixtureFiles(projectRoot: string): readonly string[] {
  const folder = fixturesFolder(projectRoot);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => join(folder, name));
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function checked(bytes: Buffer, source: string): Buffer {
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  try {
    JSON.parse(text);
    return Buffer.from(text);
  } catch (error) {
    const { line, column } = placeOf(text, messageOf(error));
    throw new AppError("LR1003", {
      what: `The event is not valid JSON: ${messageOf(error).replace(/ in JSON at position.*$| \(line.*$|, "[\s\S]*$/, "")}`,
      where: `${source}:${line}:${column}`,
      codeFrame: codeFrame(text, line, column),
      cause: error,
    });
  }
}

/** V8 tells a position, or nothing when the text ends too early. */
function placeOf(text: string, message: string): { readonly line: number; readonly column: number } {
  const told = /at position (\d+)/.exec(message)?.[1];
  const token = /Unexpected token '?(.)/.exec(message)?.[1];
  const position = told !== undefined ? Number(told) : token !== undefined && !message.includes("end of JSON") ? firstBadToken(text) : text.length;
  const before = text.slice(0, position).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** Node 20 leaves the position out of some messages: the longest prefix that could still become JSON ends before it. */
function firstBadToken(text: string): number {
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isTruncated(text.slice(0, middle + 1))) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isTruncated(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    return /Unexpected end|Unterminated string|Expected .*end/i.test(messageOf(error)) || messageOf(error).includes("end of JSON input");
  }
}
