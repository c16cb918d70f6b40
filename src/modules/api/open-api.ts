/**
 * OpenAPI Specification, version 3.1.0
 * https://spec.openapis.org/oas/v3.1.0
 *
 * Describes the commands over HTTP, from the schemas that check their arguments.
 */
import type { AdminCommand } from "../../admin/command.ts";
import { SCOPE_NAMES, SCOPES } from "../../admin/scopes.ts";
import { packageVersion } from "../../util/package-version.ts";
import { jsonSchemaOf, type Schema } from "../../util/schema.ts";

/** @param url where people reach the server, without a slash at the end. */
export function openApi(commands: readonly AdminCommand[], url: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Jackdaw",
      version: packageVersion,
      description:
        "What administrators do. Each command is a path; those that change something are asked for with POST. " +
        `A token is made with \`jackdaw token create\`. Its scopes: ${scopesInWords()}.`,
    },
    servers: [{ url: `${url}/api/v1` }],
    security: [{ token: [] }],
    paths: Object.fromEntries(commands.map((command) => [`/${command.name}`, pathOf(command)])),
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: {
        Problem: {
          type: "object",
          description: "RFC 9457",
          required: ["type", "title", "status", "detail"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            condition: { type: "string", description: "The nearest condition of XMPP (RFC 6120 §8.3.3)." },
          },
        },
      },
      responses: {
        Problem: {
          description: "It was not done, and why.",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}

function pathOf(command: AdminCommand): object {
  const { name, description, changes, area, isSecret = false, args } = command;
  const scopes = changes || isSecret ? [area] : ["read", area];
  const operation = {
    operationId: name,
    summary: description,
    tags: [area],
    description: `Needs a token with the scope ${[...new Set([...scopes, "admin"])].join(" or ")}.`,
    responses: {
      200: {
        description: "What came of it.",
        content: { "application/json": { schema: { type: "object" } } },
      },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
  if (!changes) return { get: { ...operation, parameters: parametersOf(args) } };
  const content = { "application/json": { schema: withoutDefault(jsonSchemaOf(args)) } };
  return { post: { ...operation, requestBody: { required: true, content } } };
}

function parametersOf({ fields = {} }: Schema<unknown>): object[] {
  return Object.entries(fields).map(([name, field]) => ({
    name,
    in: "query",
    description: field.text,
    required: field.fallback === undefined && !field.optional,
    schema: queryValue(field),
  }));
}

/** In a query there is no null, and what it means stands beside the schema. */
function queryValue(field: Schema<unknown>): object {
  const { description: _, type, anyOf, ...schema } = jsonSchemaOf(field);
  const types = [type].flat().filter((each) => each !== undefined && each !== "null");
  const others = [anyOf ?? []].flat().filter((each) => (each as { readonly type?: unknown }).type !== "null");
  return {
    ...schema,
    ...(types.length > 0 && { type: types.length === 1 ? types[0] : types }),
    ...(others.length === 1 ? (others[0] as object) : others.length > 1 && { anyOf: others }),
  };
}

/** The default of a whole body would say that it may be left out. */
function withoutDefault(schema: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "default"));
}

function scopesInWords(): string {
  return SCOPE_NAMES.map((name) => `\`${name}\`: ${SCOPES[name]}`).join("; ");
}
