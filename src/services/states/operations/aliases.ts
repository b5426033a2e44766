/**
 * Aliases: a name for one version, or for two that share the executions.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html
 */
import { numberMember, objectListMember, stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Operations, StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import { machineArn, parseMachineArn } from "../executions/names.js";
import { seconds } from "../executions/views.js";
import { isSame } from "../machines/changes.js";
import { descriptionMember } from "../machines/drafts.js";
import type { AliasRow } from "../rows.js";
import { arnMember, behind, nameMember, pageMember, pageOf, requiredArn } from "./input.js";

const NAME = /^(?=.*[a-zA-Z_\-.])[a-zA-Z0-9_\-.]+$/;
const MAX_ROUTES = 2;
const WHOLE = 100;

type Routing = AliasRow["routing"];

export function aliasOperations(context: StatesContext): Operations {
  const { store, clock, realm } = context;
  const arnOf = ({ machineName, name }: AliasRow): string => machineArn(realm, machineName, name);
  return {
    CreateStateMachineAlias: (input) => {
      const name = aliasName(input);
      const description = descriptionMember(input, "description");
      const routes = requiredRoutes(input);
      return store.write(() => {
        const { machineName, routing } = resolve(context, routes);
        const existing = store.alias(machineName, name);
        if (existing !== undefined && !isSame([existing.description, existing.routing], [description, routing]))
          throw statesError.conflict(
            "Failed to create alias because an alias with the same name and a different routing configuration already exists.",
          );
        const nowMs = clock.now();
        const alias = existing ?? { machineName, name, description, routing, createdMs: nowMs, updatedMs: nowMs };
        store.putAlias(alias);
        return { stateMachineAliasArn: arnOf(alias), creationDate: seconds(alias.createdMs) };
      });
    },
    UpdateStateMachineAlias: (input) => {
      const arn = requiredArn(input, "stateMachineAliasArn");
      const description = descriptionMember(input, "description");
      const routes = routesMember(input);
      if (description === undefined && routes === undefined)
        throw statesError.validation("Either the description or the routing configuration must be specified");
      return store.write(() => {
        const alias = requireAlias(context, arn);
        const routing = routes === undefined ? alias.routing : resolve(context, routes, alias.machineName).routing;
        const updatedMs = clock.now();
        store.putAlias({ ...alias, routing, description: description ?? alias.description, updatedMs });
        return { updateDate: seconds(updatedMs) };
      });
    },
    DescribeStateMachineAlias: (input) => {
      const alias = requireAlias(context, requiredArn(input, "stateMachineAliasArn"));
      return {
        stateMachineAliasArn: arnOf(alias),
        name: alias.name,
        ...(alias.description === undefined ? {} : { description: alias.description }),
        routingConfiguration: alias.routing.map(({ version, weight }) => ({
          stateMachineVersionArn: machineArn(realm, alias.machineName, version),
          weight,
        })),
        creationDate: seconds(alias.createdMs),
        updateDate: seconds(alias.updatedMs),
      };
    },
    DeleteStateMachineAlias: async (input) => {
      const reference = parseMachineArn(requiredArn(input, "stateMachineAliasArn"), realm);
      const { name, alias } = reference ?? {};
      // One that is not there is no error.
      if (name !== undefined && alias !== undefined) await store.write(() => store.removeAlias(name, alias));
      return {};
    },
    ListStateMachineAliases: (input) => list(context, input),
  };
}

function list(context: StatesContext, input: JsonObject): JsonObject {
  const { store, realm } = context;
  const violations = new Violations();
  const arn = arnMember(input, "stateMachineArn", violations);
  const page = pageMember(input, violations);
  violations.required(arn, "stateMachineArn");
  violations.check();
  const reference = parseMachineArn(arn ?? "", realm);
  const machine = reference === undefined ? undefined : store.machine(reference.name);
  if (machine === undefined || reference?.alias !== undefined) throw statesError.machineGone(arn ?? "");
  const { version } = reference ?? {};
  const rows = store
    .aliases(machine.name)
    .filter(({ routing }) => version === undefined || routing.some((route) => route.version === version));
  const keyOf = ({ name }: AliasRow): string => name;
  const { items, more } = pageOf(behind(rows, page.after, keyOf), page.size, keyOf);
  const stateMachineAliases = items.map(({ machineName, name, createdMs }) => ({
    stateMachineAliasArn: machineArn(realm, machineName, name),
    creationDate: seconds(createdMs),
  }));
  return { stateMachineAliases, ...more };
}

function aliasName(input: JsonObject): string {
  const violations = new Violations();
  const name = nameMember(input, violations);
  violations.required(name, "name");
  violations.pattern(name, "name", NAME, "^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$");
  violations.check();
  return name ?? "";
}

interface Route {
  readonly arn: string;
  readonly weight: number;
}

function requiredRoutes(input: JsonObject): readonly Route[] {
  const routes = routesMember(input);
  const violations = new Violations();
  violations.required(routes, "routingConfiguration");
  violations.check();
  return routes ?? [];
}

function routesMember(input: JsonObject): readonly Route[] | undefined {
  const list = objectListMember(input, "routingConfiguration");
  if (list === undefined) return undefined;
  const violations = new Violations();
  if (list.length > MAX_ROUTES)
    violations.add(
      `[${list.map(shownRoute).join(", ")}]`,
      "routingConfiguration",
      `Member must have length less than or equal to ${MAX_ROUTES}`,
    );
  violations.length(list, "routingConfiguration", 1, Infinity);
  const routes = list.map((route, index) => {
    const at = `routingConfiguration.${index + 1}.member`;
    const arn = stringMember(route, "stateMachineVersionArn");
    const weight = numberMember(route, "weight");
    violations.required(arn, `${at}.stateMachineVersionArn`);
    violations.required(weight, `${at}.weight`);
    violations.range(weight, `${at}.weight`, 0, WHOLE);
    return { arn: arn ?? "", weight: weight ?? 0 };
  });
  violations.check();
  return routes;
}

/** As AWS's server shows one where it repeats the list. */
const shownRoute = ({ stateMachineVersionArn, weight }: JsonObject): string =>
  `RoutingConfigurationListItem(stateMachineVersionArn=${String(stateMachineVersionArn)}, weight=${String(weight)})`;

/** Throws where the routes are not to versions of one machine, or are not the whole of its executions. */
function resolve(
  { store, realm }: StatesContext,
  routes: readonly Route[],
  machineName?: string,
): { readonly machineName: string; readonly routing: Routing } {
  const arns = `Received: [${routes.map(({ arn }) => arn).join(", ")}]`;
  if (new Set(routes.map(({ arn }) => arn)).size < routes.length)
    throw statesError.validation(`Routing configuration must contain distinct state machine version ARNs. ${arns}`);
  const weights = routes.map(({ weight }) => weight);
  if (weights.reduce((sum, weight) => sum + weight, 0) !== WHOLE)
    throw statesError.validation(
      `Sum of routing configuration weights must equal ${WHOLE}. Received: [${weights.join(", ")}]`,
    );
  const references = routes.map(({ arn, weight }) => {
    const { name = "", version } = parseMachineArn(arn, realm) ?? {};
    if (version === undefined)
      throw statesError.validation(`Routing configuration must contain state machine version ARNs. ${arns}`);
    if (store.version(name, version) === undefined) throw statesError.resourceGone(arn);
    return { name, version, weight };
  });
  const name = machineName ?? references[0]?.name ?? "";
  if (references.some((reference) => reference.name !== name))
    throw statesError.validation(`Routing configuration must contain versions of one state machine. ${arns}`);
  return { machineName: name, routing: references.map(({ version, weight }) => ({ version, weight })) };
}

function requireAlias({ store, realm }: StatesContext, arn: string): AliasRow {
  const reference = parseMachineArn(arn, realm);
  const alias = reference?.alias === undefined ? undefined : store.alias(reference.name, reference.alias);
  if (alias === undefined) throw statesError.resourceGone(arn);
  return alias;
}
