/** Finds, reads and checks the event of an invocation: a file, a fixture by name, standard input, or text. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { codeFrame } from "../config/code-frame.js";
import { jsonFault } from "../config/json-fault.js";
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
    if (statSync(name).isDirectory())
      throw new AppError("LR1002", { what: "The event is a folder, not a file", where: name });
    return name;
  }
  const fixtures = fixtureFiles(projectRoot);
  const wanted = extname(name) === "" ? `${name}.json` : name;
  const found =
    fixtures.find((file) => relative(fixturesFolder(projectRoot), file) === wanted) ??
    fixtures.find((file) => basename(file) === wanted);
  if (found !== undefined) return found;
  throw new AppError("LR1002", {
    what: `No event file "${name}".${didYouMean(
      basename(wanted),
      fixtures.map((file) => basename(file)),
    )}`,
    where: join(process.cwd(), name),
    ...(/^[[{"]/.test(name) ? { fix: "JSON itself goes with --data." } : {}),
    why: `it is neither there nor a fixture under ${relative(process.cwd(), fixturesFolder(projectRoot)) || "."}`,
  });
}

const fixturesFolder = (projectRoot: string): string => join(projectRoot, "fixtures", "events");

/** Every fixture, sorted. */
export function fixtureFiles(projectRoot: string): readonly string[] {
  const folder = fixturesFolder(projectRoot);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json") && !name.endsWith(".expect.json"))
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
    const { message, line, column } = jsonFault(text) ?? { message: messageOf(error), line: 1, column: 1 };
    throw new AppError("LR1003", {
      what: `The event is not valid JSON: ${message}`,
      where: `${source}:${line}:${column}`,
      codeFrame: codeFrame(text, line, column),
      cause: error,
    });
  }
}
