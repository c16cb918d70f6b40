/**
 * OpenAPI Specification, version 3.1.0
 * https://spec.openapis.org/oas/v3.1.0
 */
import { packageVersion } from "../../util/package-version.ts";
import { jsonSchemaOf } from "../../util/schema.ts";
import type { Operation } from "./operation.ts";

const DESCRIPTION =
  "A test server of Jackdaw. Each operation is a path; those that change something or wait are asked for with POST. " +
  "A WebSocket at /stanzas, or /stanzas?to=romeo, tells of the stanzas that pass, one JSON object each.";

/** Describes the operations, from the schemas that check their arguments. */
export function openApi(operations: readonly Operation[], url: string): object {
  return {
    openapi: "3.1.0",
    info: { title: "Jackdaw rig", version: packageVersion, description: DESCRIPTION },
    servers: [{ url }],
    paths: Object.fromEntries(operations.map((operation) => [`/${operation.name}`, pathOf(operation)])),
  };
}

function pathOf({ name, summary, changes, json, fields }: Operation): object {
  const operation = {
    operationId: name,
    summary,
    responses: {
      200: { description: "What came of it.", content: { "application/json": { schema: {} } } },
      400: { description: "Arguments that cannot be, in `detail` (RFC 9457)." },
      422: { description: "It did not work, or was not as expected; why is in `detail` (RFC 9457)." },
    },
  };
  if (changes) {
    return { post: { ...operation, requestBody: { content: { "application/json": { schema: json } } } } };
  }
  const parameters = Object.entries(fields).map(([key, field]) => ({
    name: key,
    in: "query",
    description: field.text,
    required: field.fallback === undefined && !field.optional,
    schema: jsonSchemaOf(field),
  }));
  return { get: { ...operation, parameters } };
}
