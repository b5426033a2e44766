/** Resource policies of layer versions: kept and shown; nothing here evaluates them. Lambda API reference. */
import { randomUUID } from "node:crypto";
import { arnOf } from "../../../shared/arn.js";
import { stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { checkRevision, type Answer, type Call, type Route } from "../context.js";
import { resourceNotFound, statementTaken } from "../errors.js";
import type { LayerRecord, PolicyRecord } from "../records.js";
import { layerName } from "./layers.js";

const PATH = "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy";

export const LAYER_PERMISSION_ROUTES: readonly Route[] = [
  { method: "POST", path: PATH, name: "AddLayerVersionPermission", run: add },
  { method: "GET", path: PATH, name: "GetLayerVersionPolicy", run: get },
  { method: "DELETE", path: `${PATH}/{StatementId}`, name: "RemoveLayerVersionPermission", run: remove },
];

interface Place {
  readonly arn: string;
  readonly layer: LayerRecord | undefined;
}

function placeOf(call: Call): Place {
  const { context, path } = call;
  const name = layerName(call);
  const version = path["VersionNumber"] ?? "";
  return { arn: arnOf.layer(context.realm, name, Number(version)), layer: context.rows.get("layer", name, version) };
}

function requireLayer(call: Call): Place & { readonly layer: LayerRecord } {
  const { arn, layer } = placeOf(call);
  if (layer === undefined) throw resourceNotFound(`Layer version ${arn} does not exist.`);
  return { arn, layer };
}

async function add(call: Call): Promise<Answer> {
  const { input, query } = call;
  const id = stringMember(input, "StatementId");
  const action = stringMember(input, "Action");
  const principal = stringMember(input, "Principal");
  const { arn, layer } = requireLayer(call);
  const { policy } = layer;
  if (policy?.statements.some((statement) => statement["Sid"] === id)) throw statementTaken(id);
  checkRevision(query.get("RevisionId") ?? undefined, policy?.revisionId ?? "", "GetLayerPolicy");
  const organization = stringMember(input, "OrganizationId");
  const statement: JsonObject = {
    Sid: id,
    Effect: "Allow",
    Principal: /^\d{12}$/.test(principal ?? "") ? { AWS: `arn:aws:iam::${principal}:root` } : principal,
    Action: action,
    Resource: arn,
    ...(organization === undefined ? {} : { Condition: { StringEquals: { "aws:PrincipalOrgID": organization } } }),
  };
  const revisionId = await keep(call, layer, [...(policy?.statements ?? []), statement]);
  return { status: 201, body: { Statement: JSON.stringify(statement), RevisionId: revisionId } };
}

async function keep(call: Call, layer: LayerRecord, statements: PolicyRecord["statements"]): Promise<string> {
  const revisionId = randomUUID();
  const { policy: _before, ...bare } = layer;
  const row = statements.length === 0 ? bare : { ...bare, policy: { revisionId, statements } };
  await call.context.rows.put("layer", layer.name, String(layer.version), row, { durable: true });
  return revisionId;
}

function requirePolicy({ policy }: LayerRecord): NonNullable<LayerRecord["policy"]> {
  if (policy === undefined) throw resourceNotFound("No policy is associated with the given resource.");
  return policy;
}

function get(call: Call): Answer {
  const { revisionId, statements } = requirePolicy(requireLayer(call).layer);
  return {
    body: {
      Policy: JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: statements }),
      RevisionId: revisionId,
    },
  };
}

async function remove(call: Call): Promise<Answer> {
  const { path, query } = call;
  const { layer } = requireLayer(call);
  const { revisionId, statements } = requirePolicy(layer);
  const left = statements.filter((statement) => statement["Sid"] !== path["StatementId"]);
  if (left.length === statements.length)
    throw resourceNotFound(`Statement ${path["StatementId"]} is not found in resource policy.`);
  checkRevision(query.get("RevisionId") ?? undefined, revisionId, "GetLayerPolicy");
  await keep(call, layer, left);
  return { status: 204 };
}
