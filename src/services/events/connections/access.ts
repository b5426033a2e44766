/** What a connection adds to a request that goes by it, and what becomes of the connection when it cannot be had. */
import { parseArn } from "../../../shared/arn.js";
import { messageOf } from "../../../shared/errors.js";
import { untilAborted } from "../../../shared/until-aborted.js";
import type { NameAndValue } from "../../kit/http-call.js";
import type { SecretKeeper } from "../../service.js";
import type { EventsContext } from "../context.js";
import { secretIn, type ConnectionSecret, type SecretParameter, type SecretParameters } from "./secret.js";
import type { ConnectionRow } from "./store.js";
import { TokenError } from "./tokens.js";

/** It takes the place of what the request has under the same name. */
export interface ConnectionAccess {
  /** What authorises first. */
  readonly headers: readonly NameAndValue[];
  readonly query: readonly NameAndValue[];
  readonly body: readonly NameAndValue[];
}

/** No request can go by this connection. The code is what Step Functions has behind `Events.ConnectionResource.`. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: "ResourceNotFound" | "InvalidConnectionState" | "InternalError";

  constructor(code: ConnectionError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export function connectionByArn(
  { connections }: Pick<EventsContext, "connections">,
  arn: string,
): ConnectionRow | undefined {
  const [kind, name = "", id] = parseArn(arn)?.resource.split("/") ?? [];
  const row = kind === "connection" ? connections.connection(name) : undefined;
  return row?.id === id ? row : undefined;
}

/** Rejects with ConnectionError. Who waits for a token may leave by the signal; it is fetched for all who ask. */
export async function accessOf(
  context: EventsContext,
  connectionArn: string,
  signal?: AbortSignal,
): Promise<ConnectionAccess> {
  const keeper = await context.secrets();
  const row = connectionByArn(context, connectionArn);
  if (row === undefined) throw new ConnectionError("ResourceNotFound", `Connection '${connectionArn}' does not exist.`);
  const text = row.secretArn === undefined ? undefined : keeper.ownedText(row.secretArn);
  if (text === undefined)
    throw new ConnectionError(
      "InvalidConnectionState",
      `Connection '${connectionArn}' is in state ${row.state} and cannot be used.`,
    );
  const secret = secretIn(text);
  const asked = authorization(context, { row, arn: connectionArn, keeper, text, secret });
  const headers = await (signal === undefined ? asked : untilAborted(asked, signal));
  const { header_parameters, query_string_parameters, body_parameters }: SecretParameters =
    secret.invocation_http_parameters ?? {};
  return {
    headers: [...headers, ...pairs(header_parameters)],
    query: pairs(query_string_parameters),
    body: pairs(body_parameters),
  };
}

const pairs = (parameters: readonly SecretParameter[] = []): NameAndValue[] =>
  parameters.map(({ key, value }) => [key, value]);

/** A connection with what it authorises with now. */
interface Used {
  readonly row: ConnectionRow;
  readonly arn: string;
  readonly keeper: SecretKeeper;
  /** The secret, as it is kept. */
  readonly text: string;
  readonly secret: ConnectionSecret;
}

async function authorization(context: EventsContext, used: Used): Promise<NameAndValue[]> {
  const { secret } = used;
  switch (used.row.authorizationType) {
    case "BASIC": {
      const pair = Buffer.from(`${secret.username ?? ""}:${secret.password ?? ""}`).toString("base64");
      return [["Authorization", `Basic ${pair}`]];
    }
    case "API_KEY":
      return [[secret.api_key_name ?? "", secret.api_key_value ?? ""]];
    case "OAUTH_CLIENT_CREDENTIALS":
      return [["Authorization", await bearer(context, used)]];
  }
}

/** The state of the connection follows what the authorization endpoint says. */
async function bearer(context: EventsContext, used: Used): Promise<string> {
  const { tokens, clock } = context;
  const { arn, text, secret } = used;
  const { state } = used.row;
  try {
    const header = await tokens.header(arn, text, secret);
    if (state !== "AUTHORIZED")
      await changeState(context, used, { state: "AUTHORIZED", stateReason: undefined, authorizedMs: clock.now() });
    return header;
  } catch (error) {
    const reason = messageOf(error);
    if (tokens.closed) throw new ConnectionError("InternalError", reason);
    // One that had its token keeps its state while the endpoint is only out of reach.
    if (state !== "AUTHORIZED" || (error instanceof TokenError && error.refused))
      await changeState(context, used, { state: "DEAUTHORIZED", stateReason: reason });
    throw new ConnectionError("InvalidConnectionState", `Connection '${arn}' could not be authorized: ${reason}`);
  }
}

/** Unless it authorises with something else by now, which has an authorization of its own. */
async function changeState(
  context: EventsContext,
  { arn, keeper, text }: Used,
  change: Partial<ConnectionRow>,
): Promise<void> {
  const { store, connections } = context;
  await store.write(() => {
    const row = connectionByArn(context, arn);
    if (row?.secretArn === undefined || keeper.ownedText(row.secretArn) !== text) return;
    connections.putConnection({ ...row, ...change });
  });
}
