/** One case of the fuzz, for the tests (some thousands) and for scripts/fuzz-parser.mjs (a million). */
import { readWithNodes, readWithOurs, type Reading } from "./readings.js";
import { brokenStream, pieces, seededRandom, validStream } from "./request-grammar.js";

/** Undefined when all is well, else what is wrong, with the input. */
export function fuzzCase(seed: number): string | undefined {
  const random = seededRandom(seed);
  const valid = random() < 0.5;
  const bytes = valid ? validStream(random) : brokenStream(random);
  const arriving = pieces(random, bytes);
  const ours = readWithOurs(arriving, random() < 0.5);
  const nodes = readWithNodes(arriving);
  const fault = valid ? faultOfValid(ours, nodes) : faultOfBroken(ours, nodes, bytes);
  return fault === undefined
    ? undefined
    : `${fault}\nseed ${seed}\n${JSON.stringify(bytes.toString("latin1"))}\nours ${told(ours)}\nnode ${told(nodes)}`;
}

const TABBED = /\n(content-length|transfer-encoding):[^\r]*\t[ \t]*\r/i;

const told = (reading: Reading): string => JSON.stringify({ ...reading, requests: reading.requests.length });

function faultOfValid(ours: Reading, nodes: Reading): string | undefined {
  if (nodes.refused !== undefined) return "Node refuses what the grammar calls valid";
  if (ours.refused !== undefined) return "a valid request was refused";
  if (ours.requests.length !== nodes.requests.length) return "another number of requests was read";
  return differenceOf(ours, nodes);
}

function differenceOf(ours: Reading, nodes: Reading): string | undefined {
  for (const [i, ourRequest] of ours.requests.entries()) {
    const nodeRequest = nodes.requests[i];
    if (nodeRequest === undefined) continue;
    for (const part of ["method", "target", "fields", "body", "trailers"] as const) {
      if (ourRequest[part] === nodeRequest[part]) continue;
      return `request ${i}: ${part} ${JSON.stringify(ourRequest[part])} instead of ${JSON.stringify(nodeRequest[part])}`;
    }
  }
  return undefined;
}

/**
 * Of broken input ours may refuse more than Node does. It may never take a request that Node refuses, nor read one
 * otherwise: that is how requests are smuggled. Two exceptions: of methods Node knows a list, ours takes any token and
 * leaves it to the routes; and Node refuses a tab behind a length or a coding, which RFC 9110 allows behind any value.
 */
function faultOfBroken(ours: Reading, nodes: Reading, bytes: Buffer): string | undefined {
  const tabbed =
    /^HPE_INVALID_(CONTENT_LENGTH|TRANSFER_ENCODING)$/.test(nodes.refused ?? "") &&
    TABBED.test(bytes.toString("latin1"));
  const excused = nodes.handedOver || tabbed || nodes.refused === "HPE_INVALID_METHOD";
  if (ours.requests.length > nodes.requests.length && !excused) return "a request was taken that Node does not take";
  return differenceOf(ours, nodes);
}
