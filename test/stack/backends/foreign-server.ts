/** Another server for tests: a gateway of its own, with its own keys and nobody else's. */
import { startEmbedded, type Embedded } from "../../services/embedded.js";

const KEYS = { accessKeyId: "FARKEY", secretAccessKey: "far-away" };

export interface ForeignServer extends Embedded {
  /** For `backends` of the config. */
  readonly backend: { readonly url: string } & typeof KEYS;
}

export async function startForeignServer(
  realm = { region: "us-east-1", accountId: "000000000000" },
): Promise<ForeignServer> {
  const server = await startEmbedded({ realm, keyPairs: [KEYS], withoutDefaultPair: true });
  return { ...server, backend: { url: server.gateway.endpoint, ...KEYS } };
}
