/**
 * OpenAPI Specification, version 3.1.0
 * https://spec.openapis.org/oas/v3.1.0
 */
import { packageVersion } from "../../util/package-version.ts";
import { jsonSchemaOf } from "../../util/schema.ts";
import { patternSchema } from "../faults/pattern-field.ts";
import { type Operation, withoutDefault } from "./operation.ts";
import { PROBLEM } from "./problem.ts";

const DESCRIPTION =
  "A test server of Jackdaw. Each operation is a path; those that change something or wait are asked for with POST. " +
  "A WebSocket at /stanzas, or /stanzas?to=romeo, tells of the stanzas that pass, one JSON object each.";

/** Describes the operations, from the schemas that check their arguments. */
export function openApi(operations: readonly Operation[], url: string): object {
  return {
    openapi: "3.1.0",
    info: { title: "Jackdaw rig", version: packageVersion, description: DESCRIPTION },
    servers: [{ url }],
    paths: {
      "/health": {
        get: { operationId: "health", summary: "Whether it is well.", responses: ok("It is.", HEALTH) },
      },
      "/openapi.json": {
        get: {
          operationId: "openapi",
          summary: "This description.",
          responses: ok("OpenAPI 3.1.", { type: "object" }),
        },
      },
      "/stanzas": { get: stanzas },
      ...Object.fromEntries(operations.map((operation) => [`/${operation.name}`, pathOf(operation)])),
    },
    components: { schemas: { Problem: PROBLEM_SCHEMA } },
  };
}

const HEALTH = { type: "object", required: ["status"], properties: { status: { const: "ok" } } };

/** RFC 9457 §3.1. */
const PROBLEM_SCHEMA = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "Why, and where something was expected, the transcript." },
  },
};

/** A request of HTTP for a WebSocket. */
const stanzas = {
  operationId: "stanzas",
  summary: "A WebSocket that tells of the stanzas that fit as they pass, one JSON object each.",
  parameters: [
    ...Object.entries(patternSchema.properties).map(([name, schema]) => ({ name, in: "query", schema })),
    {
      name: "last",
      in: "query",
      description: "Begins with what fits of so many that passed last.",
      schema: { type: "integer", minimum: 0, default: 0 },
    },
  ],
  responses: {
    101: { description: "Stanzas follow." },
    400: failure("There is no such pattern."),
    403: failure("It came from a page of somebody else."),
  },
};

function ok(description: string, schema: object): object {
  return {
    200: { description, content: { "application/json": { schema } } },
    403: failure("It came from a page of somebody else."),
  };
}

function failure(description: string): object {
  const schema = { $ref: "#/components/schemas/Problem" };
  return { description, content: { [PROBLEM]: { schema } } };
}

function pathOf({ name, summary, changes, json, fields, answer }: Operation): object {
  const operation = {
    operationId: name,
    summary,
    responses: {
      ...ok("What came of it.", withoutDefault(jsonSchemaOf(answer))),
      400: failure("Arguments that cannot be."),
      413: failure("The body is too large."),
      422: failure("It did not work, or was not as expected."),
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
