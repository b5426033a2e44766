/**
 * THE MAIN PATH: history, embedding -> vectors, graph, words -> model -> conversation. Goes on with whichever of them answers,
 * and says which did (`services_available`); fails only when nothing was found out at all.
 */
import type { Budget } from "../shared/budget.js";
import { LibraryError, RequestError } from "../shared/errors.js";
import { reportError } from "../shared/error-report.js";
import type { Libraries } from "../shared/libraries.js";
import type { Conversations } from "./conversations.js";
import type { ChatRequest, Message } from "./request.js";
import type { Search, Source } from "./search.js";

type Service = "embeddings" | "vector" | "graph" | "table" | "model";
type Availability = Readonly<Record<Service, boolean>>;

export interface ChatParts {
  readonly libraries: Libraries;
  readonly search: Search;
  readonly conversations: Conversations;
  readonly openai: string;
  readonly model: string;
}

export interface ChatAnswer {
  readonly response: string;
  readonly sources: readonly Source[];
  readonly conversation_id: string;
  readonly metadata: {
    readonly services_available: Availability;
    readonly model: string | null;
    readonly usage: unknown;
    readonly processing_time: number;
  };
}

/** Of what is left, the search may take this: the model comes after it. */
const SEARCH_SHARE = 0.5;
const EMBEDDING_SHARE = 0.4;
const MODEL_SHARE = 0.9;
const MAX_TOKENS = 1000;
const TEMPERATURE = 0.7;
const QUOTED_PASSAGES = 3;

const INSTRUCTION = "Answer from these passages only, and name the passages by their numbers.";

export class Chat {
  readonly #parts: ChatParts;

  constructor(parts: ChatParts) {
    this.#parts = parts;
  }

  async answer(request: ChatRequest, requestId: string, budget: Budget): Promise<ChatAnswer> {
    const startedAtMs = performance.now();
    const services: Record<Service, boolean> = {
      embeddings: true,
      vector: true,
      graph: true,
      table: true,
      model: true,
    };
    const attempt = async <T>(service: Service, act: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await act();
      } catch (error) {
        // Nothing is down: the request is too large for Lambda, and its sender can mend that.
        if (error instanceof LibraryError && error.failure === "too-large") throw error;
        services[service] = false;
        await reportError(error, requestId, "WARNING", { service });
        return undefined;
      }
    };
    const { search, conversations } = this.#parts;
    const searching = budget.share(SEARCH_SHARE);
    const [history, vectorSources, graphSources] = await Promise.all([
      request.history !== undefined || request.isNew
        ? request.history
        : attempt("table", () => conversations.latest(request.conversationId, searching)),
      this.#byVector(request, attempt, searching),
      attempt("graph", () => search.byGraph(request, searching)),
    ]);
    services.vector = vectorSources !== undefined;
    const textSources = vectorSources ?? (await attempt("table", () => search.byWords(request, searching)));
    const sources = [...(textSources ?? []), ...(graphSources ?? [])];
    const answer = await attempt("model", () => this.#ask(request, history ?? [], sources, budget.share(MODEL_SHARE)));
    if (answer === undefined && textSources === undefined && graphSources === undefined) {
      throw new RequestError(503, "ServicesUnavailable", "neither search nor model answers; try again in a minute", {
        services_available: services,
      });
    }
    const response = answer?.response ?? withoutModel(sources);
    const turn: readonly Message[] = [
      { role: "user", content: request.query },
      { role: "assistant", content: response },
    ];
    await attempt("table", () => conversations.add(request.conversationId, turn, budget));
    return {
      response,
      sources,
      conversation_id: request.conversationId,
      metadata: {
        services_available: services,
        model: answer?.model ?? null,
        usage: answer?.usage ?? null,
        processing_time: Math.round(performance.now() - startedAtMs) / 1000,
      },
    };
  }

  /** Undefined when there are no vectors, of the question or of the documents. */
  async #byVector(
    request: ChatRequest,
    attempt: <T>(service: Service, act: () => Promise<T>) => Promise<T | undefined>,
    budget: Budget,
  ): Promise<readonly Source[] | undefined> {
    const { search } = this.#parts;
    const vector = await attempt("embeddings", () => search.embed(request.query, budget.share(EMBEDDING_SHARE)));
    return vector === undefined ? undefined : attempt("vector", () => search.byVector(vector, request, budget));
  }

  async #ask(
    { query }: ChatRequest,
    history: readonly Message[],
    sources: readonly Source[],
    budget: Budget,
  ): Promise<{ readonly response: string; readonly model: string; readonly usage: unknown }> {
    const { libraries, openai, model } = this.#parts;
    const passages = sources.map(({ text }, i) => `[${i + 1}] ${text.replace(/\s+/g, " ")}`);
    const messages = [
      { role: "system", content: [INSTRUCTION, ...passages].join("\n") },
      ...history,
      { role: "user", content: query },
    ];
    const payload = { operation_type: "chat", messages, model, max_tokens: MAX_TOKENS, temperature: TEMPERATURE };
    const { response, usage, model: used } = await libraries.call(openai, payload, budget);
    if (typeof response !== "string") throw new LibraryError(openai, "unreadable", "it gave no response");
    return { response, model: typeof used === "string" ? used : model, usage };
  }
}

function withoutModel(sources: readonly Source[]): string {
  if (sources.length === 0) return "The model cannot be reached, and no document says anything about this.";
  const passages = sources.slice(0, QUOTED_PASSAGES).map(({ text, source }) => `- ${text} (${source})`);
  return ["The model cannot be reached. These passages fit best:", ...passages].join("\n");
}
