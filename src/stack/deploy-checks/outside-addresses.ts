/** Addresses of other people's APIs that AWS would refuse: it calls them by HTTPS alone, here a mock may answer HTTP. */
import type { Application } from "../../config/application.js";
import { objectOf, textOf } from "../../config/json.js";
import type { Finding } from "./finding.js";

const FIX = "Let a parameter hold the address: https:// for AWS, http://localhost for here.";

export function checkOutsideAddresses({ apiDestinations, connections }: Application): Finding[] {
  const addresses = [
    ...apiDestinations.map(({ logicalId, input }) => ({
      logicalId,
      name: "InvocationEndpoint",
      address: textOf(input["InvocationEndpoint"]),
    })),
    ...connections.map(({ logicalId, input }) => {
      const oauth = objectOf(objectOf(input["AuthParameters"])["OAuthParameters"]);
      return { logicalId, name: "AuthorizationEndpoint", address: textOf(oauth["AuthorizationEndpoint"]) };
    }),
  ];
  return addresses
    .filter(({ address }) => address.startsWith("http://"))
    .map(({ logicalId, name, address }) => ({
      logicalId,
      severity: "breaks",
      what: `its ${name} is refused: ${address} is not HTTPS`,
      fix: FIX,
    }));
}
