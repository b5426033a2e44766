/**
 * What happens in buckets on a MinIO, told by its webhook, fires what the template says. MinIO posts each event with the
 * token that it was given; what is answered 200 is kept here. Two doors: a path of the gateway, and for a container that
 * cannot reach this machine's loopback a server on an address that it can reach.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from "node:http";
import type { Application } from "../../config/application.js";
import type { Gateway } from "../../services/gateway.js";
import { collect } from "../../services/kit/body.js";
import type { EmbeddedService } from "../../services/service.js";
import type { Bus } from "../../shared/bus.js";
import { messageOf } from "../../shared/errors.js";
import { bucketEvents, minioEventNames } from "../../sources/s3/foreign-event.js";
import type { BucketRules } from "../../sources/s3/notifications.js";
import { setNotifications } from "./bucket-notifications.js";
import { FOREIGN_NAMESPACE, foreignRules, newRequestId, type BucketTeller } from "./bucket-teller.js";
import { placeOf, type ServiceAddress } from "./endpoints.js";
import { EVENTS_PATH, WEBHOOK_ARN, WEBHOOK_ID } from "./webhook.js";

/** One event has two kilobytes, with a long key some more. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface BucketEventsOptions {
  readonly address: ServiceAddress;
  readonly token: string;
  readonly application: () => Application;
  readonly bus: Bus;
  readonly notice: (text: string) => void;
}

interface Posted {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: () => Promise<Buffer>;
}

export class BucketEvents implements BucketTeller {
  readonly rules: BucketRules;
  readonly #options: BucketEventsOptions;
  readonly #digest: Buffer;
  #open = false;

  constructor(options: BucketEventsOptions) {
    this.#options = options;
    this.rules = foreignRules(options.application, () => true);
    this.#digest = digestOf(`Bearer ${options.token}`);
  }

  /** A path of the gateway. */
  serve(gateway: Gateway): void {
    const service: EmbeddedService = {
      handle: ({ method, headers, body, buffered }, response) =>
        this.#answer(
          {
            method,
            headers,
            body: () => (buffered === undefined ? collect(body, MAX_BODY_BYTES) : Promise.resolve(buffered)),
          },
          response,
        ),
      reset: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    gateway.addService("lambda-run-bucket-events", service, {
      scopes: [],
      paths: [EVENTS_PATH],
      protocol: "rest-json",
      anonymous: true,
    });
  }

  /** For a server that answers nothing else. */
  readonly listener: RequestListener = (message, response) => {
    const { url, method, headers } = message;
    const body = (): Promise<Buffer> => collect(message, MAX_BODY_BYTES);
    if (url !== EVENTS_PATH) end(response, 404, "there is nothing here");
    else this.#answer({ method, headers, body }, response).catch(() => response.destroy());
  };

  async begin(): Promise<void> {
    const { address, application, bus, notice } = this.#options;
    this.#open = true;
    try {
      for (const bucket of await setNotifications(address, application().buckets, WEBHOOK_ARN, minioEventNames))
        bus.emit("NotificationsConfigured", { namespace: FOREIGN_NAMESPACE, bucket, requestId: newRequestId() });
    } catch (error) {
      notice(
        `notifications of buckets at ${placeOf(address)} could not be set, so their events fire nothing: ${messageOf(error)} (has that MinIO the webhook ${WEBHOOK_ID}?)`,
      );
    }
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }

  async #answer({ method, headers, body }: Posted, response: ServerResponse): Promise<void> {
    const given = digestOf(headers.authorization ?? "");
    if (!timingSafeEqual(given, this.#digest)) return end(response, 403, "the token is missing or wrong");
    if (method !== "POST") return end(response, 405, "events are posted");
    if (!this.#open) return end(response, 503, "the stack is starting");
    const events = bucketEvents((await body()).toString("utf8"), FOREIGN_NAMESPACE);
    if (events === undefined) return end(response, 400, "this is no notification of MinIO");
    for (const { kind, event } of events) this.#options.bus.emit(kind, event);
    end(response, 200, "");
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(text);
}

/** Of one length, whatever was given. */
const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();
